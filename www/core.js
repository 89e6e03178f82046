// The module for npm: inlined, because a .wasm beside the code is what bundlers lose.

import bytes from "recobeacon-wasm";
import { bind } from "./module.js";

/** Compiles the module, from `wasmUrl` where the site wants it from there. */
export async function load(wasmUrl) {
  const code = wasmUrl ? await (await fetch(wasmUrl)).arrayBuffer() : bytes;
  return bind(await WebAssembly.compile(code));
}
