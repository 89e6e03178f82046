// autoTrack.attributes: elements with tracking attributes, both present and added later. Elements in a <template> are
// not in the document. Elements in a shadow root are tracked for clicks only, if the root is open.

import { elements } from "./elements.js";
import { events } from "./events.js";
import { ATTRIBUTES, MARKED } from "./fields.js";
import { guarded, hear } from "./hear.js";
import { productOf } from "./product.js";
import { PLAYER, running } from "./running.js";
import { within } from "./seen.js";

/**
 * Turbo and Turbolinks show a page from their cache until the real one has loaded.
 * https://turbo.hotwired.dev/handbook/building
 */
const PREVIEWS = ["data-turbo-preview", "data-turbolinks-preview"];
const isPreview = () => PREVIEWS.filter((name) => document.documentElement.hasAttribute(name)).length > 0;
const SOURCES = 'script[type="application/ld+json"],meta[property]';

export const attributes = (port, jsonLd) => {
  const about = elements(port);
  const itemOf = jsonLd ? productOf(port) : (fields) => fields;
  const declared = events(port, about, itemOf);
  const runs = running(port, about, itemOf);
  /** Elements of a preview. Its mark is removed before they are. */
  let previewed = new WeakSet();

  const scan = (root, inserted) => {
    const isPreviewed = isPreview();
    for (const element of new Set([root, ...within(root, MARKED)])) {
      if (isPreviewed) previewed.add(element);
      if (previewed.has(element)) continue;
      about.checkNames(element);
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
  // The description of the page's product is often at the end of the page.
  const unload = hear(port, document, "turbo:load turbolinks:load", () => {
    // Elements that the real page has kept from its preview.
    previewed = new WeakSet();
    scanAll();
  });
  const unhear =
    jsonLd && document.readyState === "loading" ? hear(port, document, "DOMContentLoaded", start) : void start();

  return {
    clicked: declared.act,
    /**
     * A new page view: elements that still exist a frame later, after the application has rendered the new view, count
     * again.
     */
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

/** The elements to check after these changes, and whether each was inserted. */
function freshOf(records, jsonLd, forget) {
  const fresh = new Map();
  for (const { type, target, addedNodes } of records) {
    if (type === "attributes") {
      forget(target);
      if (!fresh.has(target)) fresh.set(target, false);
    }
    for (const node of addedNodes) {
      // A new product for elements without an item, or a player for a waiting timer.
      if (jsonLd && (within(node, SOURCES).length || target.matches?.(SOURCES)))
        fresh.set(document.documentElement, false);
      const waiting = within(node, PLAYER).length && target.closest?.("[data-reco-consume]");
      if (waiting && !fresh.has(waiting)) fresh.set(waiting, false);
      fresh.set(node, true);
    }
  }
  return fresh;
}
