// A page with the stub only, without a browser.

import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { at } from "../../scripts/lib/project.mjs";

const { outputFiles } = await build({
  entryPoints: [at("www", "stub.js")],
  bundle: true,
  minifySyntax: true,
  format: "iife",
  write: false,
});
const [{ text: STUB }] = outputFiles;

/** A page in a browser with these signals: `gpc`, `dnt`, and `off`, a stored denial of the visitor. */
export function stubPage({ gpc = false, dnt = false, off = false } = {}) {
  const listeners = {};
  const localStorage = {};
  Object.defineProperty(localStorage, "length", { get: () => Object.keys(localStorage).length });
  const page = {
    localStorage,
    document: { cookie: off ? "a=1; reco_off=1" : "a=1" },
    navigator: { globalPrivacyControl: gpc, doNotTrack: dnt ? "1" : null },
    addEventListener: (type, listener) => (listeners[type] = listener),
  };
  page.window = page;
  runInContext(STUB, createContext(page));
  return {
    document: page.document,
    navigator: page.navigator,
    reco: /** @type {any} */ (page).reco,
    /** The calls that it keeps for the tracker. */
    queue: () => /** @type {any} */ (page).reco.q,
    leave: () => listeners.pagehide(),
    /** The parked texts. */
    parked: () =>
      Object.entries(localStorage)
        .filter(([key]) => key.startsWith("reco_q"))
        .map(([, text]) => text),
  };
}
