// The module for npm: inlined, because a .wasm beside the code is what bundlers lose.

import start, { Core } from "recobeacon-glue";
import bytes from "recobeacon-wasm";

/** Compiles the module, from `wasmUrl` where the site wants it from there. */
export async function load(wasmUrl) {
  await start({ module_or_path: wasmUrl ?? bytes });
  return Core;
}
