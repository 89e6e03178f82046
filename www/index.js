// The entry for npm. Importing it does nothing; the module is fetched when a tracker is made.

import { create } from "./tracker.js";

/** @type {typeof import("./index.js").createTracker} */
export function createTracker(config) {
  const load = async (larger, { wasmUrl }) =>
    (await (larger ? import("./core-all.js") : import("./core.js"))).load(wasmUrl);
  return create(config, load, () => import("./measure.js")).tracker;
}
