// The attributes data-reco-*: the fields of each method, and the conversion of attributes to values.

import { OBJECTS, PLACEHOLDER, SEARCH } from "./fields.gen.js";

/** Methods with a text argument, or without an argument. */
const OTHERS = { __proto__: null, login: "user", followLink: "url", consent: "state", logout: "", page: "" };

const SHORTER = { __proto__: null, itemId: "item", categoryPath: "category" };
/** The attribute of a field. */
export const attribute = (field) =>
  `data-reco-${SHORTER[field] ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const BOOLEANS = /^(positive|customSorting)$/;
/** Fields that belong to one item and do not apply to another item within its element. */
const OF_ITEM = /^(itemType|categoryPath|masterId|title|price|quantity|rating|percentage)$/;

/** Whether a text has a placeholder that the template has not filled in yet, such as `{{ id }}`. */
export const isUnfilled = (values) =>
  typeof values === "string"
    ? PLACEHOLDER.test(values)
    : Object(values) === values && Object.entries(values).filter(([, value]) => isUnfilled(value)).length > 0;

const words = (text) => text.split(" ").filter(Boolean);
const ALL = words(
  `${Object.entries({ ...OBJECTS, ...OTHERS })
    .map(([, fields]) => fields)
    .join(" ")} ${SEARCH}`,
);
/** All attributes with a meaning, so that other changes are ignored. */
export const ATTRIBUTES = [...new Set(ALL.map(attribute)), "data-reco", "data-reco-on", "data-reco-consume"];

export const CONTAINER = "[data-reco-scenario]:not([data-reco])";
/** The elements that need handling. */
export const MARKED = `[data-reco],[data-reco-consume],${CONTAINER}`;

export const isMethod = (name) => name in OBJECTS || name in OTHERS;
/** Whether the method's object is about one item. */
export const isAboutItem = (method) => words(OBJECTS[method] ?? "").includes("itemType") && method !== "rendered";

/** The parent element. For the top of an open shadow root: its host. */
const above = (element) => element.parentElement ?? element.getRootNode().host;

/**
 * The fields of a method, or the given ones. Each value comes from the nearest element upwards that has it, up to
 * `top`. An empty attribute ends the search, and the field is left out.
 */
export function read(element, fields, top) {
  const found = {};
  const wanted = Array.isArray(fields) ? fields : words(OBJECTS[fields]);
  for (let at = element; at; at = at === top ? null : above(at)) {
    const foreign = "itemId" in found && at.hasAttribute(attribute("itemId"));
    for (const field of wanted) {
      const text = at.getAttribute(attribute(field))?.trim();
      if (text === undefined || field in found || (foreign && OF_ITEM.test(field))) continue;
      found[field] = convert(field, text);
    }
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ""));
}

/** The arguments of a method. `itemOf(fields)` adds the page's product if no item is named. */
export function args(element, method, itemOf) {
  const one = OTHERS[method];
  if (one !== undefined) return one ? [read(element, [one])[one]] : [];
  const event = isAboutItem(method) ? itemOf(read(element, method), OBJECTS[method]) : read(element, method);
  if (method === "click") {
    const search = read(element, words(SEARCH));
    if ("query" in search) event.search = search;
  }
  if (method === "rendered") {
    const items = [...element.querySelectorAll(`[${attribute("itemId")}]`)];
    event.items = (items.length ? items : [element]).map((item) => read(item, ["itemId", "itemType"]));
  }
  return [event];
}

/** Numbers stay text, because the engine accepts both. Invalid text stays as well, and the engine reports it. */
function convert(field, text) {
  if (BOOLEANS.test(field) && /^(true|false)$/.test(text)) return text === "true";
  return text;
}
