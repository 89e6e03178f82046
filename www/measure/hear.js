// Adds listeners for measure.js. Their exceptions do not reach the page.

import { hear as hearOne } from "../../src/browser/host/env.js";

/**
 * Listens for these types (separated by spaces) before the page's own handlers. Returns a function that removes the
 * listeners.
 */
export const hear = (port, target, types, listener) => {
  const safe = guarded(port, listener);
  const ends = types.split(" ").map((type) => hearOne(target, type, safe));
  return () => ends.forEach((end) => end());
};

/** The same function, whose exceptions do not reach the page. */
export const guarded =
  (port, callback) =>
  (...args) =>
    void port.guard(() => callback(...args));
