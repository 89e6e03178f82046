// One module instance for all trackers of a page, because an instance's memory is never freed.

import { instantiate } from "built:glue.js";
import { begin } from "./begin.js";
import { recoverEarlierPages as recover } from "./recover/replay.js";
import { fetchVerified } from "./verified.js";

/** Instances by source: an address, or inlined bytes. */
const instances = new Map();

/**
 * The functions of the module at an address, which must have this `integrity`, or of these bytes. `fallback()` loads the same engine as JavaScript,
 * for pages without WebAssembly and for pages whose policy forbids it.
 */
export function instanceOf(source, integrity, fallback) {
  const key = ArrayBuffer.isView(source) ? source : String(source);
  const discard = () => instances.delete(key);
  const start = async () => ({ begin, recover, ...instantiate(await makerOf(key, integrity, fallback)), discard });
  if (!instances.has(key)) {
    const instance = start();
    instances.set(key, instance);
    // The next tracker tries again.
    instance.catch(discard);
  }
  return instances.get(key);
}

/**
 * The smallest module with the features that ours needs: bulk memory, conversions without traps, multi-value, sign extension. It is never run.
 * `(func (result i32 i32) (memory.fill ...) (i32.trunc_sat_f32_s ...) (i32.extend8_s ...))`
 */
const PROBE = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 0, 2, 127, 127, 3, 2, 1, 0, 5, 3, 1, 0, 0, 10, 23, 1, 21, 0],
  ...[65, 0, 65, 0, 65, 0, 252, 11, 0, 67, 0, 0, 0, 0, 252, 0, 65, 0, 192, 11],
];

/** Whether the page can compile the probe, or the first `length` bytes of it: the first eight are an empty module. */
function compiles(length) {
  try {
    return new WebAssembly.Module(Uint8Array.of(...PROBE.slice(0, length)));
  } catch {
    return false;
  }
}

/** The function that makes the engine's exports from its imports. */
async function makerOf(source, integrity, fallback) {
  // Without WebAssembly, or under a policy without 'wasm-unsafe-eval', nothing is downloaded that the page cannot run. The empty module costs other
  // pages less time than the probe. A page cannot read its policy, so the browser reports one violation.
  if (compiles(8)) {
    try {
      // Without streaming: the browser passes nothing on before it has checked all of it.
      const bytes = typeof source === "string" ? await fetchVerified(source, integrity) : source;
      const module = await WebAssembly.compile(bytes);
      return (imports) => new WebAssembly.Instance(module, imports).exports;
    } catch (error) {
      // If even the probe cannot be compiled, the browser is too old for any module. Otherwise this module is wrong.
      if (compiles()) throw error;
    }
  }
  return (await fallback()).instance;
}
