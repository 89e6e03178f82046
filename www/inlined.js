// The common part of the two npm modules: the use of their bytes.

import { instanceOf } from "./instance.js";

/** Loads the inlined module, or the one at `wasmUrl` if it is configured. */
export const loader = (bytes) => (wasmUrl) => instanceOf(wasmUrl ?? bytes);
