// The module for npm: inlined, because a .wasm beside the code is what bundlers lose.

import { Core, initSync } from "recobeacon-glue";
import bytes from "recobeacon-wasm";

/** Compiles the module, from `wasmUrl` where the site wants it from there. */
export async function load(wasmUrl) {
  const code = wasmUrl ? await (await fetch(wasmUrl)).arrayBuffer() : bytes;
  initSync({ module: await WebAssembly.compile(code) });
  return Core;
}
