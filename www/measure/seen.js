// observeRecommendations: the visible part of each item of a container, and clicks on items.

import { times } from "../../src/browser/host/env.js";
import { MOST_VALUES, SEEN_SHARE } from "../rules.gen.js";
import { attribute, CONTAINER, isUnfilled, read } from "./fields.js";
import { guarded, hear } from "./hear.js";

/**
 * The thresholds of the observer: one half, and for items larger than the window ever smaller shares, each a tenth
 * below the one before. The last one is half a window of an item as tall as a hundred.
 */
const STEPS = times(50, (n) => 0.5 / 1.1 ** n);
/** Most values in one report: groups of three, and at most as many as the engine reads. */
const LIST = MOST_VALUES - (MOST_VALUES % 3);
const ITEM = `[${attribute("itemId")}]`;
const IN_LIST = ["itemId", "itemType"];

export const seen = (port, id, container, options) => {
  // No strong reference to an element is held, because the page may remove it without further notice.
  const known = new WeakRef(container);
  /** By element: its number, and the state known to the engine: none yet, or whether half of it is in view. */
  const items = new WeakMap();
  let numbers = 0;

  const looked = (entries) => {
    const news = [];
    for (const entry of entries) {
      const item = items.get(entry.target);
      const share = shareOf(entry);
      if (!item || share >= SEEN_SHARE === Boolean(item.inView)) continue;
      const said = item.inView === undefined ? read(entry.target, IN_LIST, known.deref()) : null;
      // It is checked again when its attributes change.
      if (isUnfilled(said)) continue;
      news.push(item.number, said, share);
      item.inView = share >= SEEN_SHARE;
    }
    tell(news);
  };
  const tell = (news) => {
    for (let from = 0; from < news.length; from += LIST) port.call("looked", [id, news.slice(from, from + LIST)]);
  };
  const views = new IntersectionObserver(guarded(port, looked), { threshold: STEPS });

  const add = (container, root) => {
    for (const element of within(root, ITEM)) {
      const inner = element.parentElement?.closest(CONTAINER);
      // A list within the list has its own observer.
      if (element === container || items.has(element) || (inner !== container && container.contains(inner))) continue;
      items.set(element, { number: ++numbers });
      views.observe(element);
    }
  };
  const remove = (root, news) => {
    for (const element of within(root, "*")) {
      const item = items.get(element);
      if (!item) continue;
      items.delete(element);
      views.unobserve(element);
      if (item.inView !== undefined) news.push(item.number, null, -1);
    }
  };

  const changed = (records) => {
    const container = known.deref();
    const news = [];
    for (const { type, target, addedNodes, removedNodes } of records) {
      // Frameworks reuse an element for another item.
      const again = type === "attributes" ? [target] : addedNodes;
      for (const node of again === addedNodes ? removedNodes : again) remove(node, news);
      for (const node of again) if (container.contains(node)) add(container, node);
    }
    tell(news);
  };
  const changes = new MutationObserver(guarded(port, changed));

  add(container, container);
  changes.observe(container, { childList: true, subtree: true, attributeFilter: IN_LIST.map(attribute) });
  const unhear = hear(port, container, "click auxclick", clickIn(port, items, known, options));
  return {
    gone: () => !known.deref(),
    end() {
      views.disconnect();
      changes.disconnect();
      unhear();
    },
  };
};

/** A click on one of these items is a click on a recommendation. */
const clickIn = (port, items, known, options) => (event) => {
  const path = event.composedPath();
  if (!opens(event, path)) return;
  const item = path.filter((node) => node.matches?.(`${ITEM},[data-reco-on]`))[0];
  // Items in a component's shadow root are not observed, but clicks on them count.
  const isOurs = items.has(item) || (item && item.getRootNode() !== known.deref()?.getRootNode());
  // An element with its own event, such as a heart on the card, is not a click on the recommendation.
  if (!isOurs || item.hasAttribute("data-reco-on")) return;
  const { itemType, scenario, variant } = options ?? {};
  port.call("clickRecommended", [{ itemType, ...read(item, "clickRecommended"), scenario, variant }]);
};

/** Whether the click opens the target. The middle button opens links only, and the right one opens a menu. */
export const opens = ({ type, button }, path) =>
  type !== "auxclick" || (button === 1 && path.filter((node) => node.matches?.("a[href]")).length > 0);

/** The element itself and its descendants that match the selector. */
export const within = (node, selector) =>
  node.querySelectorAll
    ? [node, ...node.querySelectorAll(selector)].filter((element) => element.matches?.(selector))
    : [];

/** The visible part of the element, or of the window if that is smaller, in thousandths. */
function shareOf({ intersectionRect, boundingClientRect, rootBounds }) {
  const area = ({ width, height }) => width * height;
  // A frame of another origin does not know the window's size.
  const whole = Math.min(area(boundingClientRect), rootBounds ? area(rootBounds) : innerWidth * innerHeight);
  return whole && Math.round((1000 * area(intersectionRect)) / whole);
}
