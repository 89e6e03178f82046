// What both modules for npm do with their bytes.

import { instantiate } from "built:glue.js";
import { forget, resend, take } from "./parked.js";

/** Compiles the inlined module, or the one at `wasmUrl` where the site wants it from there. */
export const loader = (bytes) => async (wasmUrl) => {
  const code = wasmUrl ? await (await fetch(wasmUrl)).arrayBuffer() : bytes;
  return { forget, resend, take, ...instantiate(await WebAssembly.compile(code)) };
};
