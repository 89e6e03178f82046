// autoTrack.dataLayer: passes the entries of the page's data layer to the engine, including earlier ones. The layer,
// its entries and the callers of push see no difference.
// https://developers.google.com/tag-platform/tag-manager/datalayer

import { clock } from "../../src/browser/host/env.js";
import { hear } from "./hear.js";

/**
 * The fields of an entry that the engine reads, at any depth. The rest may be an element, or an application's whole
 * state.
 */
const NAMES = /^(event|ecommerce|items|user_id|currency|transaction_id|price|quantity|send_to|item_\w+)$/;
/** An entry, its ecommerce, the items, an item. */
const DEPTH = 4;
/**
 * The number of items that Google accepts in an event.
 * https://developers.google.com/analytics/devguides/collection/ga4/ecommerce
 */
const MOST_ITEMS = 200;
/** Most earlier entries that are read: the last ones. */
const MOST_PAST = 1000;

const copy = (value, depth) => {
  if (typeof value !== "object" || !value) return value;
  if (!depth--) return undefined;
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((element) => copy(element, depth));
  const fields = {};
  for (const name of Object.getOwnPropertyNames(value))
    if (NAMES.test(name) && value[name] !== undefined) fields[name] = copy(value[name], depth);
  return fields;
};

/** Copies the relevant fields at once, because the page may change its entry later. */
const read = (entry) => {
  // gtag() pushes its arguments object, not an array. Google distinguishes them in this way.
  if (Object.prototype.toString.call(entry) === "[object Arguments]") return copy([...entry], DEPTH);
  const fields = !Array.isArray(entry) && copy(entry, DEPTH);
  return (fields?.event || fields?.user_id !== undefined) && fields;
};

/**
 * Starts reading. `lists` says which of Google's item lists are recommendations; `name` is the layer's name in the
 * page.
 */
export const dataLayer = (port, { lists, name = "dataLayer" }) => {
  let layer = [];
  let letGo = () => {};

  const take = (entry, at) => {
    const fields = read(entry);
    // In a microtask: not within the page's own call, but before the browser does anything else, such as leaving the
    // page.
    if (fields) queueMicrotask(() => port.call("dataLayer", [fields, lists], at));
  };

  /** Reads every push to this layer, until the returned function is called. */
  const hold = (layer) => {
    const before = Object.getOwnPropertyDescriptor(layer, "push");
    const original = layer.push;
    let held = true;
    function push(...entries) {
      const at = clock();
      const result = original.apply(this, entries);
      if (held) for (const entry of entries) port.guard(() => take(entry, at));
      return result;
    }
    // Not enumerable, unless the layer's own `push` (Tag Manager's) is.
    Object.defineProperty(layer, "push", { configurable: true, writable: true, ...before, value: push });
    return () => {
      held = false;
      // Another script may have wrapped it. It then stays in place without effect.
      if (layer.push !== push) return;
      if (before) Object.defineProperty(layer, "push", before);
      else delete layer.push;
    };
  };

  const start = () => {
    const found = (window[name] ??= []);
    if (found === layer) return;
    letGo();
    const past = [...found].slice(-MOST_PAST).filter((entry) => !layer.includes(entry));
    layer = found;
    letGo = hold(found);
    const at = clock();
    for (const entry of past) port.guard(() => take(entry, at));
  };

  port.guard(start);
  // While the page loads it may assign a new layer: `dataLayer = [{...}]`.
  const end = hear(port, document, "DOMContentLoaded", start);
  return {
    end() {
      end();
      letGo();
    },
  };
};
