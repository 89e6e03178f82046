// One module instance for all trackers of a page, because an instance's memory is never freed.

import { instantiate } from "built:glue.js";
import { begin } from "./begin.js";
import { recoverEarlierPages as recover } from "./recover/replay.js";

/** Instances by source: an address, or inlined bytes. */
const instances = new Map();

/**
 * The functions of the module at an address, or of these bytes. `fallback()` loads the same engine as JavaScript, for pages without WebAssembly
 * and for pages whose policy forbids it.
 */
export function instanceOf(source, fallback) {
  const key = ArrayBuffer.isView(source) ? source : String(source);
  const discard = () => instances.delete(key);
  const start = async () => ({ begin, recover, ...instantiate(await makerOf(key, fallback)), discard });
  if (!instances.has(key)) {
    const instance = start();
    instances.set(key, instance);
    // The next tracker tries again.
    instance.catch(discard);
  }
  return instances.get(key);
}

/** Whether there is no WebAssembly, or a policy without 'wasm-unsafe-eval': then even the empty module cannot be compiled. */
function isForbidden() {
  try {
    return !new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    return true;
  }
}

/** The function that makes the engine's exports from its imports. */
async function makerOf(source, fallback) {
  if (isForbidden()) return (await fallback()).instance;
  try {
    const module = await compile(source);
    return (imports) => new WebAssembly.Instance(module, imports).exports;
  } catch (error) {
    // An older browser does not know all instructions of the module.
    if (!(error.cause instanceof WebAssembly.CompileError)) throw error;
    const { instance } = await fallback().catch(() => {
      throw error;
    });
    return instance;
  }
}

/** Compiles the module. The `cause` of its error is the browser's error. */
async function compile(source) {
  let said = "";
  try {
    if (typeof source !== "string") return await WebAssembly.compile(source);
    const response = await fetch(source);
    said = ` (${response.status}, ${response.headers.get("Content-Type")})`;
    if (!response.ok) throw new Error("no module");
    // Streaming needs this type, which some servers do not send.
    const streams = response.headers.get("Content-Type") === "application/wasm";
    return await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  } catch (cause) {
    const place = typeof source === "string" ? `${source}${said}: ` : "";
    const hint = "; set config.baseUrl if it is in another folder";
    throw Object.assign(new Error(place + cause.message + hint), { cause });
  }
}
