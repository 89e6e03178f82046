// data-reco: elements that send an event when they appear or when the visitor uses them.

import { json } from "../../src/browser/host/env.js";
import { args, isMethod, isUnfilled } from "./fields.js";
import { hear } from "./hear.js";
import { opens } from "./seen.js";

/** The events of a page's elements. `about` gives warnings about elements, `itemOf` completes an event's item. */
export const events = (port, { withElement, complain }, itemOf) => {
  /** By element: its last event, and the page view of that event. */
  const sent = new WeakMap();
  let view = 0;
  /** By event type: the function that removes the listener. */
  const heard = new Map();

  const send = (element, method, values) => withElement(element, () => port.tracker[method](...values));

  /** The path includes elements in open shadow roots. The event's target is only their host. */
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
    if (!(`on${type}` in element)) complain(element, "data-reco-on", "is not an event of it");
    else if (!heard.has(type)) heard.set(type, hear(port, document, type, act));
  };
  // Always needed, because an element in a shadow root is not found before it is clicked.
  heard.set("click", hear(port, document, "click auxclick", act));

  return {
    act,
    /** Checks an element. `inserted`: it was just added to the document. */
    check(element, inserted) {
      const method = element.getAttribute("data-reco");
      if (method === null) return;
      if (!isMethod(method)) return complain(element, "data-reco", "is not a method");
      const on = element.getAttribute("data-reco-on");
      if (on !== null) return listen(element, on);
      const values = args(element, method, itemOf);
      // A template fills in the value later.
      if (isUnfilled(values)) return;
      const said = json([method, values]);
      const last = sent.get(element);
      // Moved or unchanged. An element that an application keeps and inserts again in another page view counts again.
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
