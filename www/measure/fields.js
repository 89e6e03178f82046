// The vocabulary of data-reco-*: which method takes which fields, and how attributes become their values.

import { OBJECTS, PLACEHOLDER, SEARCH } from "./fields.gen.js";

/** Methods with a text instead of an object, or with nothing. */
const OTHERS = { __proto__: null, login: "user", followLink: "url", consent: "state", logout: "", page: "" };

const SHORTER = { __proto__: null, itemId: "item", categoryPath: "category" };
/** The attribute that a field is written as. */
export const attribute = (field) =>
  `data-reco-${SHORTER[field] ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const BOOLEANS = /^(positive|customSorting)$/;
/** What is said of one item is not said of another one within its element. */
const OF_ITEM = /^(itemType|categoryPath|masterId|title|price|quantity|rating|percentage)$/;

/** Whether some text in it waits for its template, as `{{ id }}` does. */
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
/** Every attribute that says something, so that no other change is looked at. */
export const ATTRIBUTES = [...new Set(ALL.map(attribute)), "data-reco", "data-reco-on", "data-reco-consume"];

export const CONTAINER = "[data-reco-scenario]:not([data-reco])";
/** What there is something to do for. */
export const MARKED = `[data-reco],[data-reco-consume],${CONTAINER}`;

export const isMethod = (name) => name in OBJECTS || name in OTHERS;
/** Whether the method's object is about one item. */
export const isAboutItem = (method) => words(OBJECTS[method] ?? "").includes("itemType") && method !== "rendered";

/** The element around it, also around the open shadow root that it is in. */
const above = (element) => element.parentElement ?? element.getRootNode().host;

/**
 * The fields of a method, or these, each from the nearest element upwards that has it; not above `top`. An empty attribute ends
 * the search: the field is left out.
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

/** The arguments of a method. `itemOf(fields)` adds what the page says of its product, where no item is named. */
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

/** Numbers stay text: the engine reads both. So does text that is wrong: the engine says what is wrong with it. */
function convert(field, text) {
  if (BOOLEANS.test(field) && /^(true|false)$/.test(text)) return text === "true";
  return text;
}
