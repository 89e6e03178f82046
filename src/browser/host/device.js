// The browser's clock, dice and moods. Everything in this directory may be blocked, absent or throw,
// and is answered without throwing. It is JavaScript because it is nothing but calls of the page's
// own API, which cost ten times as much when each goes through the module's boundary.

export const attempt = (deed) => {
  try {
    return deed();
  } catch {
    // Blocked by the browser, the visitor or a sandbox: as if it were not there.
  }
};

/** Before the page's own handlers, also where one of them stops the event; and never in its way. */
export const hear = (target, type, listener) => {
  const options = { capture: true, passive: true };
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
};

export const isHidden = () => document.visibilityState === "hidden";

/** Milliseconds since the epoch, milliseconds on a clock that never goes back, and 128 random bits. */
export const now = () => [
  Date.now(),
  performance.now(),
  // A browser that blocks `crypto` still has visitors that have to be told apart.
  ...(attempt(() => crypto.getRandomValues(new Uint8Array(16))) ?? Array.from({ length: 16 }, () => Math.random() * 256)),
];

/** What the browser says at the start, a bit each: GPC, Do Not Track, online, visible. */
export const signals = () =>
  (navigator.globalPrivacyControl ? 1 : 0) |
  (navigator.doNotTrack === "1" ? 2 : 0) |
  (navigator.onLine !== false ? 4 : 0) |
  (isHidden() ? 0 : 8);
