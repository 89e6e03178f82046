// autoTrack.jsonLd: an event whose element names no item gets the page's product.

import { product } from "./jsonld.js";

/** Completes the fields of an event that are in `wanted`. */
export const productOf = (port) => {
  /** The page's product, read once for all elements of a task. */
  let known;
  /** Problems that were reported. */
  const told = new Set();

  const ofPage = () => {
    if (known) return known;
    queueMicrotask(() => (known = undefined));
    const { fields, problem } = product(document);
    if (problem && !told.has(problem)) {
      told.add(problem);
      port.fault("missing-field", "autoTrack.jsonLd", problem);
    }
    return (known = fields);
  };
  return (fields, wanted) => {
    const found = "itemId" in fields ? {} : ofPage();
    for (const [field, value] of Object.entries(found)) if (wanted.includes(field)) fields[field] ??= value;
    return fields;
  };
};
