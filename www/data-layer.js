// Listens to a data layer: the entries that are in it, and every later push. The layer and its entries stay as they are.
// https://developers.google.com/tag-platform/tag-manager/datalayer

/** Entries from before that are read: the last ones. */
const MOST_PAST = 1000;

/** Whether an entry is a call of gtag(), which pushes its `arguments`. Google distinguishes them from an array in the same way. */
export const isCommand = (entry) => Object.prototype.toString.call(entry) === "[object Arguments]";

/** Runs `take(entry)` for every push to this layer, until the returned function is called. */
function hold(layer, take) {
  const before = Object.getOwnPropertyDescriptor(layer, "push");
  const original = layer.push;
  let held = true;
  function push(...entries) {
    const result = original.apply(this, entries);
    if (held) entries.forEach(take);
    return result;
  }
  // Not enumerable, unless a push of its own, Tag Manager's, is enumerable already.
  Object.defineProperty(layer, "push", Object.assign({ configurable: true, writable: true }, before, { value: push }));
  return () => {
    held = false;
    // Another script may have wrapped it. Then it stays, and does nothing.
    if (layer.push !== push) return;
    if (before) Object.defineProperty(layer, "push", before);
    else delete layer.push;
  };
}

/**
 * Runs `take(entry)` for each entry of the page's data layer, and returns the function that ends it. `take` must not throw: the page's own
 * `push` calls it. `guard` runs a function and catches its exceptions.
 */
export function listenToLayer(name, take, guard) {
  /** @type {any} */
  const page = window;
  let layer = [];
  let release = () => {};
  const start = () => {
    const found = (page[name] ??= []);
    if (found === layer) return;
    release();
    const past = [...found].slice(-MOST_PAST).filter((entry) => !layer.includes(entry));
    layer = found;
    release = hold(found, take);
    past.forEach(take);
  };
  const again = () => guard(start);
  guard(start);
  // A page that was still being parsed may have replaced the layer: `dataLayer = [{...}]`.
  document.addEventListener("DOMContentLoaded", again);
  return () => {
    document.removeEventListener("DOMContentLoaded", again);
    release();
  };
}
