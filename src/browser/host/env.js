// Helpers of all code for the browser. None of them throws where something is blocked, absent or broken. The files of this directory are
// JavaScript because they are calls of the browser's own API: each would cost ten times as much through the module's boundary.

import { DNT, GPC, HAS_FETCH_LATER, IS_ONLINE, IS_VISIBLE } from "./codes.gen.js";

export const attempt = (deed) => {
  try {
    return deed();
  } catch {
    // Blocked by the browser, the visitor or a sandbox: as if it were not there.
  }
};

// Libraries replace what the language has. Prototype and MooTools replace `Array.from`, `Object.keys`, `Object.values` and `reduce`. Datejs
// replaces `Date.now` by one that returns a Date. `find`, `some` and `every` of Prototype end by an exception that MooTools' `each` does
// not catch. Prototype 1.6 gives arrays a `toJSON` that returns text. Shipped code uses these three instead; tests/e2e/natives.test.mjs has
// the list.

/** Milliseconds since the epoch. */
export const clock = () => new Date().getTime();

/** As JSON. A replacer finds each value in its holder as it was before any `toJSON`. */
export const json = (value) =>
  JSON.stringify(
    value,
    /** @this {any} */ function (key) {
      return this[key];
    },
  );

/** A list of so many. */
export const times = (length, make) => {
  const list = [];
  for (let n = 0; n < length; n++) list.push(make(n));
  return list;
};

/** Listens before the page's own handlers, also where one of them stops the event. Returns what ends it. */
export const hear = (target, type, listener) => {
  const options = { capture: true, passive: true };
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
};

export const isHidden = () => document.visibilityState === "hidden";

/** Milliseconds since the epoch, milliseconds on a clock that never goes back, and 128 random bits. */
export const now = () => [
  clock(),
  performance.now(),
  // A browser that blocks `crypto` still has visitors that have to be told apart.
  ...(attempt(() => crypto.getRandomValues(new Uint8Array(16))) ?? times(16, () => Math.random() * 256)),
];

/** The signals of the browser at the start. */
export const signals = () =>
  (navigator.globalPrivacyControl ? GPC : 0) |
  (navigator.doNotTrack === "1" ? DNT : 0) |
  (navigator.onLine !== false ? IS_ONLINE : 0) |
  (isHidden() ? 0 : IS_VISIBLE) |
  (window.fetchLater ? HAS_FETCH_LATER : 0);
