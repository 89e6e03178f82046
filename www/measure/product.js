// autoTrack.jsonLd: an event whose element names no item is about the page's product.

import { product } from "./jsonld.js";

/** Completes the fields of an event, as far as they are among `wanted`. */
export const productOf = (port) => {
  /** What the page says of its product, read once for all elements of a task. */
  let known;
  /** Problems of which there was a warning. */
  const told = new Set();

  const ofPage = () => {
    if (known) return known;
    queueMicrotask(() => (known = undefined));
    const { fields, problem } = product(document);
    if (problem && !told.has(problem)) {
      told.add(problem);
      port.warn({ code: "missing-field", field: "autoTrack.jsonLd", message: `autoTrack.jsonLd: ${problem}` });
    }
    return (known = fields);
  };
  return (fields, wanted) => {
    const found = "itemId" in fields ? {} : ofPage();
    for (const [field, value] of Object.entries(found)) if (wanted.includes(field)) fields[field] ??= value;
    return fields;
  };
};
