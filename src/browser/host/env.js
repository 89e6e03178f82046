// Helpers for all browser code. None of them throws if something is blocked, missing or broken. The files in this
// directory are JavaScript because they call the browser's APIs. Through the module's boundary each call would cost ten
// times as much.

import { DNT, GPC, HAS_FETCH_LATER, IS_ONLINE, IS_VISIBLE } from "./codes.gen.js";

export const attempt = (callback) => {
  try {
    return callback();
  } catch {
    // Blocked by the browser, the visitor or a sandbox: treated as missing.
  }
};

// Some libraries replace built-in functions. Prototype and MooTools replace `Array.from`, `Object.keys`,
// `Object.values` and `reduce`. Datejs replaces `Date.now` by a function that returns a Date. Prototype's `find`,
// `some` and `every` stop with an exception that MooTools' `each` does not catch. Prototype 1.6 gives arrays a `toJSON`
// that returns text. Shipped code uses the following three functions instead; tests/e2e/natives.test.mjs has the list.

/** Milliseconds since the epoch. */
export const clock = () => new Date().getTime();

/** The value as JSON. The replacer reads each value from its holder, before any `toJSON`. */
export const json = (value) =>
  JSON.stringify(
    value,
    /** @this {any} */ function (key) {
      return this[key];
    },
  );

/** A list of `length` elements. */
export const times = (length, make) => {
  const list = [];
  for (let n = 0; n < length; n++) list.push(make(n));
  return list;
};

/**
 * Listens before the page's own handlers, even if one of them stops the event. Returns a function that removes the
 * listener.
 */
export const hear = (target, type, listener) => {
  const options = { capture: true, passive: true };
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
};

export const isHidden = () => document.visibilityState === "hidden";

/** Milliseconds since the epoch, milliseconds of a monotonic clock, and 128 random bits. */
export const now = () => [
  clock(),
  performance.now(),
  // Even if the browser blocks `crypto`, visitors must be told apart.
  ...(attempt(() => crypto.getRandomValues(new Uint8Array(16))) ?? times(16, () => Math.random() * 256)),
];

/** The browser's signals at the start. */
export const signals = () =>
  (navigator.globalPrivacyControl ? GPC : 0) |
  (navigator.doNotTrack === "1" ? DNT : 0) |
  (navigator.onLine !== false ? IS_ONLINE : 0) |
  (isHidden() ? 0 : IS_VISIBLE) |
  (window.fetchLater ? HAS_FETCH_LATER : 0);
