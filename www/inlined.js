// What both modules for npm do with their bytes.

import { instanceOf } from "./instance.js";

/** Brings the inlined module, or the one at `wasmUrl` where the site wants it from there. */
export const loader = (bytes) => (wasmUrl) => instanceOf(wasmUrl ?? bytes);
