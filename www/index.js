// The entry for npm. Importing it does nothing; the module is fetched when a tracker is made.

import { create } from "./tracker.js";

export function createTracker(config) {
  return create(config, async (wasmUrl) => (await import("./core.js")).load(wasmUrl)).tracker;
}
