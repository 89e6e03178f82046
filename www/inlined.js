// What both modules for npm do with their bytes.

import { instantiate } from "built:glue.js";
import * as parked from "./parked.js";

/** Compiles the inlined module, or the one at `wasmUrl` where the site wants it from there. */
export const loader = (bytes) => async (wasmUrl) => {
  const code = wasmUrl ? await (await fetch(wasmUrl)).arrayBuffer() : bytes;
  return { ...parked, ...instantiate(await WebAssembly.compile(code)) };
};
