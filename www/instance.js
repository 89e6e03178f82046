// One module instance for all trackers of a page, because an instance's memory is never freed.

import { instantiate } from "built:glue.js";
import { begin } from "./begin.js";
import { recoverEarlierPages as recover } from "./recover/replay.js";

/** Instances by source: an address, or inlined bytes. */
const instances = new Map();

/** The functions of the module at an address, or of these bytes. */
export function instanceOf(source) {
  const key = ArrayBuffer.isView(source) ? source : String(source);
  const discard = () => instances.delete(key);
  const start = async () => ({ begin, recover, ...instantiate(await compile(key)), discard });
  if (!instances.has(key)) {
    const instance = start();
    instances.set(key, instance);
    // The next tracker tries again.
    instance.catch(discard);
  }
  return instances.get(key);
}

async function compile(source) {
  if (typeof source !== "string") return WebAssembly.compile(source);
  let said = "";
  try {
    const response = await fetch(source);
    said = ` (${response.status}, ${response.headers.get("Content-Type")})`;
    if (!response.ok) throw new Error("no module");
    // Streaming needs this type, which some servers do not send.
    const streams = response.headers.get("Content-Type") === "application/wasm";
    return await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    throw new Error(`${source}${said}: ${error.message}; set config.baseUrl if it is in another folder`);
  }
}
