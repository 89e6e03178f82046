// autoTrack.attributes: the page's own elements say what is to be tracked, those that are there now and those that come
// later. Elements in a <template> are not in the document, and those in a shadow root are their component's own business.

import { json } from "../../src/browser/host/basics.js";
import { ATTRIBUTES, args, CONTAINER, isMethod, MARKED, read } from "./fields.js";
import { guarded, hear } from "./hear.js";
import { product } from "./jsonld.js";
import { opens, within } from "./seen.js";

/** "time:30000": the measure, and how much of it is all. */
const MEASURE = /^(?:(time|words):([1-9]\d*)|scroll|media)$/;
const PLAYER = "video,audio";
const SOURCES = 'script[type="application/ld+json"],meta[property]';

export const attributes = (port, jsonLd) => {
  const { tracker } = port;
  /** By element: what its event was when it was sent last, and in which page view. */
  const sent = new WeakMap();
  let view = 0;
  /** By element: how it is called in warnings, and whether there was one. */
  const names = new WeakMap();
  /** By element: timers and containers that run. Whoever leaves the document leaves these. */
  const timers = new Map();
  const containers = new Map();
  /** By type of event: what ends listening for it. */
  const heard = new Map();

  /** Runs something that is about this element: of what is wrong with it there is one warning. */
  const naming = (element, deed) => {
    if (!names.has(element)) names.set(element, { name: nameOf(element), told: false });
    return port.naming(names.get(element), deed);
  };
  const complain = (element, attribute, message) =>
    naming(element, () =>
      port.warn({
        code: "bad-type",
        field: attribute,
        message: `${attribute}="${element.getAttribute(attribute)}" ${message}`,
      }),
    );

  const itemOf = (fields, wanted) => {
    const found = "itemId" in fields || !jsonLd ? {} : product(document);
    for (const [field, value] of Object.entries(found)) if (wanted.includes(field)) fields[field] ??= value;
    return fields;
  };
  const send = (element, method, values) => naming(element, () => tracker[method](...values));

  /** What is said of an element now, put in the place of what was said of it before. */
  const settle = (running, element, said, of, start) => {
    const now = running.get(element);
    if (now && now.said === said && now.of === of) return;
    now?.end();
    running.delete(element);
    if (said) running.set(element, { said, of, end: naming(element, start) });
  };

  const event = (element, inserted) => {
    const method = element.getAttribute("data-reco");
    if (method === null) return;
    if (!isMethod(method)) return complain(element, "data-reco", "is no method");
    const on = element.getAttribute("data-reco-on");
    if (on !== null) return listen(element, on);
    const values = args(element, method, itemOf);
    const said = json([method, values]);
    const last = sent.get(element);
    // Moved, or nothing new; but what an application keeps and shows again in another page view appears there.
    if (last?.said === said && (last.view === view || !inserted)) return;
    sent.set(element, { said, view });
    send(element, method, values);
  };

  const timer = (element) => {
    const consume = element.getAttribute("data-reco-consume")?.trim();
    const [by, measure, much] = MEASURE.exec(consume) ?? [];
    if (consume && !by)
      complain(element, "data-reco-consume", 'must be "time:30000", "words:850", "scroll" or "media"');
    // A player may come into its place later.
    const of = by === "media" ? within(element, PLAYER)[0] : element;
    const item = by && of && itemOf(read(element, "click"), "itemId categoryPath masterId");
    settle(timers, element, item && json([by, item.itemId, item.itemType]), of, () => {
      const options = { time: { fullAfterMs: Number(much) }, words: { words: Number(much) } }[measure] ?? {
        element: of,
      };
      const handle = tracker.consumeTimer(item, { by: measure ?? by, ...options });
      return () => handle.stop();
    });
  };

  const container = (element) => {
    const { scenario, itemType } = element.matches(CONTAINER) ? read(element, ["scenario", "itemType"]) : {};
    settle(containers, element, scenario && json([scenario, itemType]), element, () => {
      const handle = tracker.observeRecommendations(element, { scenario, itemType });
      return () => handle.disconnect();
    });
  };

  const scan = (root, inserted) => {
    for (const element of new Set([root, ...within(root, MARKED)])) {
      event(element, inserted);
      timer(element);
      container(element);
    }
  };

  const act = ({ type, target, button }) => {
    const on = type === "auxclick" ? "click" : type;
    const element = target.closest?.(`[data-reco][data-reco-on="${on}"]`);
    if (!element || !opens(type, target, button)) return;
    const method = element.getAttribute("data-reco");
    if (isMethod(method)) send(element, method, args(element, method, itemOf));
  };
  const listen = (element, type) => {
    if (!(`on${type}` in element)) complain(element, "data-reco-on", "is no event of it");
    else if (!heard.has(type)) heard.set(type, hear(port, document, type === "click" ? "click auxclick" : type, act));
  };

  /** Ends what has left the document. */
  const sweep = () => {
    for (const running of [timers, containers]) {
      for (const [element, { of, end }] of running) {
        if (element.isConnected && of.isConnected) continue;
        end();
        running.delete(element);
        if (element.isConnected) scan(element);
      }
    }
  };

  const changed = (records) => {
    /** What is to be looked at, and whether it was inserted. */
    const fresh = new Map();
    for (const { type, target, addedNodes } of records) {
      if (type === "attributes") {
        names.delete(target);
        if (!fresh.has(target)) fresh.set(target, false);
      }
      for (const node of addedNodes) {
        // A new product for those who name none, or a player for who waits for one.
        if (jsonLd && (within(node, SOURCES).length || target.matches?.(SOURCES)))
          fresh.set(document.documentElement, false);
        const waiting = within(node, PLAYER).length && target.closest?.("[data-reco-consume]");
        if (waiting && !fresh.has(waiting)) fresh.set(waiting, false);
        fresh.set(node, true);
      }
    }
    sweep();
    for (const [node, inserted] of fresh) if (node.isConnected && node.matches) scan(node, inserted);
  };
  const changes = new MutationObserver(guarded(port, changed));

  let frame = 0;
  const start = guarded(port, () => {
    changes.observe(document, { childList: true, subtree: true, attributeFilter: ATTRIBUTES });
    scan(document.documentElement);
  });
  // What the page says of its product often stands at its end.
  const unhear =
    jsonLd && document.readyState === "loading" ? hear(port, document, "DOMContentLoaded", start) : void start();

  return {
    /** A new page view: what is still there a frame later, when the application has put the new one in its place, counts afresh. */
    page() {
      view++;
      timers.clear();
      frame ||= requestAnimationFrame(
        guarded(port, () => {
          frame = 0;
          scan(document.documentElement);
        }),
      );
    },
    end() {
      cancelAnimationFrame(frame);
      changes.disconnect();
      unhear?.();
      for (const end of heard.values()) end();
      timers.clear();
      containers.clear();
    },
  };
};

/** As in a style sheet: "button#buy.large". */
const nameOf = ({ localName, id, classList }) =>
  localName + (id && `#${id}`) + [...classList].map((name) => `.${name}`).join("");
