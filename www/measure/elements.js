// Warnings about elements: each element is named by a CSS selector and gets one warning.

/** `withElement(element, deed)` runs a function for an element; `complain` warns of one of its attributes. */
export const elements = (port) => {
  /** By element: its name, and whether it had a warning. */
  const known = new WeakMap();

  const withElement = (element, deed) => {
    if (!known.has(element)) known.set(element, { name: nameOf(element), told: false });
    return port.withElement(known.get(element), deed);
  };
  const complain = (element, attribute, problem) => {
    const message = `${attribute}="${element.getAttribute(attribute)}" ${problem}`;
    withElement(element, () => port.warn({ code: "bad-type", field: attribute, message }));
  };
  return { withElement, complain, forget: (element) => known.delete(element) };
};

/** The element as a CSS selector: "button#buy.large". */
const nameOf = ({ localName, id, classList }) =>
  localName + (id && `#${id}`) + [...classList].map((name) => `.${name}`).join("");
