// The entry for the script tag: makes the tracker that the page's stub asked for, replays what was
// called meanwhile, and takes the stub's place.

import { instantiate } from "built:glue.js";
import * as parked from "./parked.js";
import { create } from "./tracker.js";

// Only known while the script runs for the first time.
const self = /** @type {HTMLScriptElement | null} */ (document.currentScript)?.src ?? location.href;
const stub = /** @type {any} */ (window.reco);

const load = async (larger, wasmUrl) => {
  const url = wasmUrl ?? new URL(__WASM_FILES__[Number(larger)], self);
  // Streaming asks for the type application/wasm, which not every shop's server knows.
  const module = await WebAssembly.compileStreaming(fetch(url)).catch(async () =>
    WebAssembly.compile(await (await fetch(url)).arrayBuffer()),
  );
  return { ...parked, ...instantiate(module) };
};

const measure = () => import(new URL(__MEASURE_FILE__, self).href);

let dispatch = null;
/** Calls from before the first "create". */
const early = [];

function run(verb, args, at) {
  if (verb === "create") {
    const made = create({ autoTrack: true, ...args[0] }, load, measure);
    dispatch = made.dispatch;
    for (const call of early.splice(0)) dispatch(...call);
    return made.tracker;
  }
  if (dispatch) return dispatch(verb, args, at);
  early.push([verb, args, at]);
}

// A second script tag finds the first one's work and leaves it alone.
if (!stub?.q || Array.isArray(stub.q)) {
  const reco = (verb, ...args) => run(verb, args, Date.now());
  // Pages keep references to the stub, and libraries push to its queue: both go on working.
  const replayed = stub?.q ?? [];
  reco.q = { push: (...calls) => calls.forEach(([verb, args, at]) => run(verb, args, at)) };
  if (stub) stub.q = reco.q;
  window.reco = reco;
  reco.q.push(...replayed);
}
