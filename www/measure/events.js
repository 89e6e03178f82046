// data-reco: elements that are events, when they appear or when the visitor does something with them.

import { json } from "../../src/browser/host/env.js";
import { args, isMethod, isUnfilled } from "./fields.js";
import { hear } from "./hear.js";
import { opens } from "./seen.js";

/** The events of a page's elements. `about` warns of elements, `itemOf` completes an event's item. */
export const events = (port, { withElement, complain }, itemOf) => {
  /** By element: what its event was when it was sent last, and in which page view. */
  const sent = new WeakMap();
  let view = 0;
  /** By type of event: what ends listening for it. */
  const heard = new Map();

  const send = (element, method, values) => withElement(element, () => port.tracker[method](...values));

  /** The path leads into open shadow roots, where the event's target is their host. */
  const act = (event, path = event.composedPath()) => {
    const on = event.type === "auxclick" ? "click" : event.type;
    const element = path.filter((node) => node.matches?.(`[data-reco][data-reco-on="${on}"]`))[0];
    if (!element || !opens(event, path)) return;
    const method = element.getAttribute("data-reco");
    if (!isMethod(method)) return;
    const values = args(element, method, itemOf);
    if (!isUnfilled(values)) send(element, method, values);
  };
  const listen = (element, type) => {
    if (!(`on${type}` in element)) complain(element, "data-reco-on", "is no event of it");
    else if (!heard.has(type)) heard.set(type, hear(port, document, type, act));
  };
  // Always: an element in a shadow root is not found before it is clicked.
  heard.set("click", hear(port, document, "click auxclick", act));

  return {
    act,
    /** Looks at an element; `inserted`: it has just come into the document. */
    check(element, inserted) {
      const method = element.getAttribute("data-reco");
      if (method === null) return;
      if (!isMethod(method)) return complain(element, "data-reco", "is no method");
      const on = element.getAttribute("data-reco-on");
      if (on !== null) return listen(element, on);
      const values = args(element, method, itemOf);
      // A template fills it in later.
      if (isUnfilled(values)) return;
      const said = json([method, values]);
      const last = sent.get(element);
      // Moved, or nothing new; but what an application keeps and shows again in another page view appears there.
      if (last?.said === said && (last.view === view || !inserted)) return;
      sent.set(element, { said, view });
      send(element, method, values);
    },
    /** A new page view begins. */
    page: () => view++,
    end() {
      for (const end of heard.values()) end();
    },
  };
};
