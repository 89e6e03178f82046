// autoTrack.dataLayer: shows the engine what the page pushes to its data layer, for Google, and what it has pushed
// already. Nobody else notices: not the layer, not its entries, not who calls push.
// https://developers.google.com/tag-platform/tag-manager/datalayer

import { clock } from "../../src/browser/host/env.js";
import { hear } from "./hear.js";

/** What the engine reads of an entry, at whatever depth. Not the rest: that may be an element, or a whole application's state. */
const NAMES = /^(event|ecommerce|items|user_id|currency|transaction_id|price|quantity|send_to|item_\w+)$/;
/** An entry, its ecommerce, the items, an item. */
const DEPTH = 4;
/** Google takes as many of an event. https://developers.google.com/analytics/devguides/collection/ga4/ecommerce */
const MOST_ITEMS = 200;
/** Entries from before: the last ones. */
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

/** What may be for the engine, as it is now: the page's entry may be another tomorrow. */
const read = (entry) => {
  // What gtag() pushes is its arguments, and an array is something else: Google tells them apart like this.
  if (Object.prototype.toString.call(entry) === "[object Arguments]") return copy([...entry], DEPTH);
  const fields = !Array.isArray(entry) && copy(entry, DEPTH);
  return (fields?.event || fields?.user_id !== undefined) && fields;
};

/** Starts reading. `lists` says which of Google's item lists are recommendations, `name` what the page calls its layer. */
export const dataLayer = (port, { lists, name = "dataLayer" }) => {
  let layer = [];
  let letGo = () => {};

  const take = (entry, at) => {
    const fields = read(entry);
    // Not within the page's own call, but before the browser does anything else: before it leaves the page, too.
    if (fields) queueMicrotask(() => port.call("dataLayer", [fields, lists], at));
  };

  /** Takes part in every push to this layer, until the function that it gives is called. */
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
    // Unseen by whoever walks through the layer, unless a push of its own, Tag Manager's, is seen already.
    Object.defineProperty(layer, "push", { configurable: true, writable: true, ...before, value: push });
    return () => {
      held = false;
      // Somebody else's may call it by now; then it stays, and does nothing.
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
  // A page that was still being read may have made itself another one: `dataLayer = [{...}]`.
  const end = hear(port, document, "DOMContentLoaded", start);
  return {
    end() {
      end();
      letGo();
    },
  };
};
