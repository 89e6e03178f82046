// The entry for npm. Importing it has no effect. The module is loaded when a tracker is created.

import { create } from "./tracker.js";

/** @type {typeof import("./index.js").createTracker} */
export function createTracker(config) {
  const load = async (larger, { wasmUrl }) => {
    const core = await (larger ? (await import("./larger.js")).larger() : import("./core.js"));
    return core.load(wasmUrl);
  };
  const source = async (name) => (await import("./consent-sources.js")).sources[name]();
  return create(config, load, () => import("./measure.js"), source).tracker;
}
