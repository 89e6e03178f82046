// Listening, for everything that watches the page: before the page's own handlers, also where one of them stops the
// event, and never in their way.

/** Listens for these types (separated by spaces). Gives what ends it. */
export const hear = (port, target, types, listener) => {
  const options = { capture: true, passive: true };
  const safe = guarded(port, listener);
  const each = types.split(" ");
  for (const type of each) target.addEventListener(type, safe, options);
  return () => {
    for (const type of each) target.removeEventListener(type, safe, options);
  };
};

/** The same function, but nothing that goes wrong in it reaches the page. */
export const guarded =
  (port, deed) =>
  (...args) =>
    void port.guard(() => deed(...args));
