// The common part of the two npm modules: the use of their bytes.

import { instanceOf } from "./instance.js";

/** Loads the inlined module, or the one at `wasmUrl` if it is configured. `fallback` loads the same as JavaScript. */
export const loader = (bytes, fallback) => (wasmUrl) => instanceOf(wasmUrl ?? bytes, __WASM_INTEGRITY__, fallback);
