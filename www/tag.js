// The entry for the script tag: makes the tracker that the page's stub asked for, replays what was
// called meanwhile, and takes the stub's place.

import { attempt, clock } from "../src/browser/host/env.js";
import { instanceOf } from "./instance.js";
import { create } from "./tracker.js";

// Only known while the script runs for the first time.
const own = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/** The global's name: a script that was inserted as text or is a module has no element of its own. */
const name = [own, document.querySelector("script[data-reco-global]")].map(globalOf).filter(Boolean)[0] ?? "reco";
function globalOf(script) {
  return script?.getAttribute("data-reco-global");
}

/** An element with that id is no property of the window's own. */
const stub = window.hasOwnProperty(name) && /** @type {any} */ (window)[name];

/** A script under its usual name, also with a version in it. */
const RECO = /\/reco(\.[\w-]+)*\.js([?#]|$)/;
const hasFolder = (address) => address && !/^(blob|data):/.test(address);

/** The script's own address; of a module or a text that the page has loaded and run, the address that it was loaded from. */
const self = hasFolder(own?.src)
  ? own.src
  : [...document.scripts]
      .map(({ src }) => src)
      .concat((attempt(() => performance.getEntriesByType("resource")) ?? []).map((entry) => entry.name))
      .filter((address) => RECO.test(address) && hasFolder(address))[0];

/** The address of another file of this build. */
function addressOf(file, { baseUrl }) {
  const base = baseUrl ? attempt(() => new URL(`${baseUrl}/`.replace(/\/\/$/, "/"), document.baseURI)) : self;
  if (!base) throw new Error(`config.baseUrl has to be the address of the folder that has ${file.split("?")[0]}`);
  return new URL(file, base).href;
}

const load = (larger, options) => instanceOf(options.wasmUrl ?? addressOf(__WASM_FILES__[Number(larger)], options));

/** Loads another script of this build. */
const script = async (file, options) =>
  import(addressOf(file, options)).catch((error) => {
    throw new Error(`${error.message}; config.baseUrl names another folder`);
  });
const measure = (options) => script(__MEASURE_FILE__, options);
const source = (name, options) => script(__CONSENT_FILES__[name], options);

let dispatch = null;
/** What the stub's queue has a 0 for: a call that there was no room for. */
const LEFT_OUT = ["lost", [1], 0];

/** Calls from before the first "create". */
const early = [];

function run(verb, args, at) {
  if (verb === "create") {
    const made = create({ autoTrack: true, ...args[0] }, load, measure, source);
    dispatch = made.dispatch;
    for (const call of early.splice(0)) dispatch(...call);
    return made.tracker;
  }
  if (dispatch) return dispatch(verb, args, at);
  early.push([verb, args, at]);
}

function takeOver() {
  const reco = (verb, ...args) => run(verb, args, clock());
  // Pages keep references to the stub, and libraries push to its queue: both go on working.
  const replayed = stub ? stub.q : [];
  reco.q = { push: (...calls) => calls.forEach((call) => run(...(call || LEFT_OUT))) };
  if (stub) stub.q = reco.q;
  /** @type {any} */ (window)[name] = reco;
  reco.q.push(...replayed);
}

// A second script tag finds the first one's work and leaves it alone.
if (!stub || Array.isArray(stub.q)) takeOver();
else if (!stub.q)
  console.warn(`recobeacon: window.${name} is another script's. The attribute data-reco-global chooses another name.`);
