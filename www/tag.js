// The entry for the script tag: creates the tracker that the page's stub was asked for, replays the earlier calls, and
// replaces the stub.

import { attempt, clock } from "../src/browser/host/env.js";
import { instanceOf } from "./instance.js";
import { loaded } from "./page.js";
import { create } from "./tracker.js";
import { addressIn, addScript, fetchVerified } from "./verified.js";

// Only known during the first run of the script.
const own = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/** The global's name. A script inserted as text, or a module, has no element of its own. */
const name = [own, document.querySelector("script[data-reco-global]")].map(globalOf).filter(Boolean)[0] ?? "reco";
function globalOf(script) {
  return script?.getAttribute("data-reco-global");
}

/** An element with that id is not an own property of the window. */
const stub = window.hasOwnProperty(name) && /** @type {any} */ (window)[name];

/** The script under its usual name, also with a version in it. */
const RECO = /\/reco(\.[\w-]+)*\.js([?#]|$)/;
const hasFolder = (address) => address && !/^(blob|data):/.test(address);

/**
 * The script's own address. For a module, or a text that the page has loaded and run: the address it was loaded from.
 */
const self = hasFolder(own?.src)
  ? own.src
  : [...document.scripts]
      .map(({ src }) => src)
      .concat((attempt(() => performance.getEntriesByType("resource")) ?? []).map((entry) => entry.name))
      .filter((address) => RECO.test(address) && hasFolder(address))[0];

/** The address of another file of this build. */
function addressOf(file, { baseUrl }) {
  const base = baseUrl ? attempt(() => new URL(`${baseUrl}/`.replace(/\/\/$/, "/"), document.baseURI)) : self;
  if (!base) throw new Error(`config.baseUrl must be the address of the folder with ${file[0]}`);
  return addressIn(base, file);
}

/** Loads another script of this build, a module. */
async function script(file, options) {
  const address = addressOf(file, options);
  const [, integrity] = file;
  // A module has no element of its own.
  await loaded();
  const nonce = (own ?? /** @type {any} */ (document.querySelector("script[nonce]")))?.nonce ?? "";
  try {
    await new Promise((done, failed) => addScript(address, integrity, "module", nonce, done, failed));
  } catch {
    await fetchVerified(address, integrity);
    throw new Error(`${address}: forbidden by script-src, trusted-types or its Content-Type`);
  }
  // The element has put the module into the page's module map, so that nothing is loaded again.
  return import(address);
}
const load = (larger, options) => {
  const file = __WASM_FILES__[Number(larger)];
  return instanceOf(options.wasmUrl ?? addressOf(file, options), __WASM_INTEGRITY__, () =>
    script(__FALLBACK_FILE__, options),
  );
};
const measure = (options) => script(__MEASURE_FILE__, options);
const source = (name, options) => script([`consent-${name}.js`, __CONSENT_FILES__[name]], options);

/** The tracker of the last "create", which gets the calls. */
let last = null;
/** A 0 in the stub's queue stands for a call that was dropped for lack of room. */
const LEFT_OUT = ["lost", [1], 0];

/** Calls from before the first "create". */
const early = [];

function run(verb, args, at) {
  if (verb === "create") {
    const made = create(args[0], load, measure, source, { autoTrack: true });
    if (last && last !== made && !last.isClosed())
      console.warn('recobeacon: calls go to the last "create" only: name all destinations in one "create".');
    last = made;
    for (const call of early.splice(0)) last.dispatch(...call);
    return made.tracker;
  }
  if (last) return last.dispatch(verb, args, at);
  early.push([verb, args, at]);
}

function takeOver() {
  const reco = (verb, ...args) => run(verb, args, clock());
  // Pages keep references to the stub, and libraries push to its queue. Both continue to work.
  const replayed = stub ? stub.q : [];
  // An entry that is no call must not stop the others.
  reco.q = { push: (...calls) => calls.forEach((call) => attempt(() => run(...(call || LEFT_OUT)))) };
  if (stub) stub.q = reco.q;
  /** @type {any} */ (window)[name] = reco;
  reco.q.push(...replayed);
}

// A second script tag finds the first one's function and does not replace it.
if (!stub || Array.isArray(stub.q)) takeOver();
else if (!stub.q)
  console.warn(`recobeacon: window.${name} belongs to another script: choose another name by data-reco-global.`);
