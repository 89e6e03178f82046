// The place of fallback.js in the files for `require()`: Node and Jest have WebAssembly, and bundlers take the ES modules.

export function instance() {
  throw new Error("there is no WebAssembly");
}
