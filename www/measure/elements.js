// Warnings about elements: each element is named by a CSS selector and gets one warning.

import { ATTRIBUTES } from "./fields.js";

/** `withElement(element, callback)` runs a function for an element; `complain` warns of one of its attributes. */
export const elements = (port) => {
  /** By element: its name, and whether it had a warning. */
  const known = new WeakMap();

  const withElement = (element, callback) => {
    if (!known.has(element)) known.set(element, { name: nameOf(element), told: [] });
    return port.withElement(known.get(element), callback);
  };
  const complain = (element, field, problem) => withElement(element, () => port.fault("bad-type", field, problem));
  /** A misspelt attribute would be left out in silence. */
  const checkNames = (element) => {
    for (const { name } of [...element.attributes])
      if (/^data-reco-/.test(name) && !ATTRIBUTES.includes(name)) complain(element, name, "is not known");
  };
  return { withElement, complain, checkNames, forget: (element) => known.delete(element) };
};

/** The element as a CSS selector: "button#buy.large". */
const nameOf = ({ localName, id, classList }) =>
  localName + (id && `#${id}`) + [...classList].map((name) => `.${name}`).join("");
