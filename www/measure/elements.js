// Warnings about elements: each element is named by a CSS selector and gets one warning.

import { ATTRIBUTES } from "./fields.js";

/** `withElement(element, deed)` runs a function for an element; `complain` warns of one of its attributes. */
export const elements = (port) => {
  /** By element: its name, and whether it had a warning. */
  const known = new WeakMap();

  const withElement = (element, deed) => {
    if (!known.has(element)) known.set(element, { name: nameOf(element), told: [] });
    return port.withElement(known.get(element), deed);
  };
  const warn = (element, field, problem) =>
    withElement(element, () => port.warn({ code: "bad-type", field, message: `${field}${problem}` }));
  const complain = (element, attribute, problem) =>
    warn(element, attribute, `="${element.getAttribute(attribute)}" ${problem}`);
  /** A misspelt attribute would be left out in silence. Its value may be the address of a person. */
  const checkNames = (element) => {
    for (const { name } of [...element.attributes])
      if (/^data-reco-/.test(name) && !ATTRIBUTES.includes(name)) warn(element, name, " is unknown");
  };
  return { withElement, complain, checkNames, forget: (element) => known.delete(element) };
};

/** The element as a CSS selector: "button#buy.large". */
const nameOf = ({ localName, id, classList }) =>
  localName + (id && `#${id}`) + [...classList].map((name) => `.${name}`).join("");
