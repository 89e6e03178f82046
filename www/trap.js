// Whether the module has failed: a trap of WebAssembly, or of the same engine as JavaScript (scripts/build/fallback.mjs).

export const isTrap = (error) =>
  error?.isTrap === true || (typeof WebAssembly === "object" && error instanceof WebAssembly.RuntimeError);
