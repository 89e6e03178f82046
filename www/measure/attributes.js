// autoTrack.attributes: the page's own elements say what is to be tracked, those that are there now and those that come
// later. Elements in a <template> are not in the document. Of those in a shadow root only clicks are known, where it is open.

import { elements } from "./elements.js";
import { events } from "./events.js";
import { ATTRIBUTES, MARKED } from "./fields.js";
import { guarded, hear } from "./hear.js";
import { productOf } from "./product.js";
import { PLAYER, running } from "./running.js";
import { within } from "./seen.js";

/** Turbo and Turbolinks show a page out of their cache until the real one is there. https://turbo.hotwired.dev/handbook/building */
const PREVIEWS = ["data-turbo-preview", "data-turbolinks-preview"];
const isPreview = () => PREVIEWS.filter((name) => document.documentElement.hasAttribute(name)).length > 0;
const SOURCES = 'script[type="application/ld+json"],meta[property]';

export const attributes = (port, jsonLd) => {
  const about = elements(port);
  const itemOf = jsonLd ? productOf(port) : (fields) => fields;
  const declared = events(port, about, itemOf);
  const runs = running(port, about, itemOf);
  /** Elements of a preview. Its mark is gone before they are. */
  let previewed = new WeakSet();

  const scan = (root, inserted) => {
    const isPreviewed = isPreview();
    for (const element of new Set([root, ...within(root, MARKED)])) {
      if (isPreviewed) previewed.add(element);
      if (previewed.has(element)) continue;
      declared.check(element, inserted);
      runs.check(element);
    }
  };
  const scanAll = () => scan(document.documentElement);

  const changed = (records) => {
    const fresh = freshOf(records, jsonLd, about.forget);
    runs.sweep(scan);
    for (const [node, inserted] of fresh) if (node.isConnected && node.matches) scan(node, inserted);
  };
  const changes = new MutationObserver(guarded(port, changed));

  let frame = 0;
  const start = guarded(port, () => {
    changes.observe(document, { childList: true, subtree: true, attributeFilter: ATTRIBUTES });
    scanAll();
  });
  // What the page says of its product often stands at its end.
  const unload = hear(port, document, "turbo:load turbolinks:load", () => {
    // What the real page has kept of its preview.
    previewed = new WeakSet();
    scanAll();
  });
  const unhear =
    jsonLd && document.readyState === "loading" ? hear(port, document, "DOMContentLoaded", start) : void start();

  return {
    clicked: declared.act,
    /** A new page view: what is still there a frame later, when the application has put the new one in its place, counts afresh. */
    page() {
      declared.page();
      runs.page();
      frame ||= requestAnimationFrame(
        guarded(port, () => {
          frame = 0;
          scanAll();
        }),
      );
    },
    end() {
      cancelAnimationFrame(frame);
      changes.disconnect();
      unhear?.();
      unload();
      declared.end();
      runs.end();
    },
  };
};

/** What is to be looked at after these changes, and whether it was inserted. */
function freshOf(records, jsonLd, forget) {
  const fresh = new Map();
  for (const { type, target, addedNodes } of records) {
    if (type === "attributes") {
      forget(target);
      if (!fresh.has(target)) fresh.set(target, false);
    }
    for (const node of addedNodes) {
      // A new product for those who name none, or a player for a timer that waits for one.
      if (jsonLd && (within(node, SOURCES).length || target.matches?.(SOURCES)))
        fresh.set(document.documentElement, false);
      const waiting = within(node, PLAYER).length && target.closest?.("[data-reco-consume]");
      if (waiting && !fresh.has(waiting)) fresh.set(waiting, false);
      fresh.set(node, true);
    }
  }
  return fresh;
}
