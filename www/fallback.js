// The larger module as JavaScript, for pages without WebAssembly. A file of its own, because it is loaded only there. One for both modules: a
// bundler that makes one file has it in there too.

export { instance } from "built:fallback.js";
