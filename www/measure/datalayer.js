// autoTrack.dataLayer: passes the e-commerce events of the page's data layer to the engine, including earlier ones.

import { clock } from "../../src/browser/host/env.js";
import { isCommand, listenToLayer } from "../data-layer.js";

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
  if (isCommand(entry)) return copy([...entry], DEPTH);
  const fields = !Array.isArray(entry) && copy(entry, DEPTH);
  return (fields?.event || fields?.user_id !== undefined) && fields;
};

/**
 * Starts reading. `lists` says which of Google's item lists are recommendations; `name` is the layer's name in the
 * page.
 */
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
