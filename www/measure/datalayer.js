// autoTrack.dataLayer: gives the engine the e-commerce events that the page pushes to its data layer for Google, and those that are in it already.

import { clock } from "../../src/browser/host/env.js";
import { isCommand, listenToLayer } from "../data-layer.js";

/** What the engine reads of an entry, at whatever depth. Not the rest: that may be an element, or a whole application's state. */
const NAMES = /^(event|ecommerce|items|user_id|currency|transaction_id|price|quantity|send_to|item_\w+)$/;
/** An entry, its ecommerce, the items, an item. */
const DEPTH = 4;
/** Google takes as many of an event. https://developers.google.com/analytics/devguides/collection/ga4/ecommerce */
const MOST_ITEMS = 200;

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
  if (isCommand(entry)) return copy([...entry], DEPTH);
  const fields = !Array.isArray(entry) && copy(entry, DEPTH);
  return (fields?.event || fields?.user_id !== undefined) && fields;
};

/** Starts reading. `lists` says which of Google's item lists are recommendations, `name` what the page calls its layer. */
export const dataLayer = (port, { lists, name = "dataLayer" }) => {
  const take = (entry) => {
    const at = clock();
    port.guard(() => {
      const fields = read(entry);
      // Not within the page's own call, but before the browser does anything else: before it leaves the page, too.
      if (fields) queueMicrotask(() => port.call("dataLayer", [fields, lists], at));
    });
  };
  return { end: listenToLayer(name, take, port.guard) };
};
