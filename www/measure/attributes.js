// autoTrack.attributes: the page's own elements say what is to be tracked, those that are there now and those that come
// later. Elements in a <template> are not in the document. Of those in a shadow root only clicks are known, where it is open.

import { json } from "../../src/browser/host/env.js";
import { ATTRIBUTES, args, CONTAINER, isMethod, isUnfilled, MARKED, read } from "./fields.js";
import { guarded, hear } from "./hear.js";
import { product } from "./jsonld.js";
import { opens, within } from "./seen.js";

/** "time:30000": the measure, and how much of it is all. */
const MEASURE = /^(?:(time|words):([1-9]\d*)|scroll|media)$/;
const PLAYER = "video,audio";
/** Turbo and Turbolinks show a page out of their cache until the real one is there. https://turbo.hotwired.dev/handbook/building */
const PREVIEWS = ["data-turbo-preview", "data-turbolinks-preview"];
const isPreview = () => PREVIEWS.filter((name) => document.documentElement.hasAttribute(name)).length > 0;
const SOURCES = 'script[type="application/ld+json"],meta[property]';

export const attributes = (port, jsonLd) => {
  const { tracker } = port;
  /** By element: what its event was when it was sent last, and in which page view. */
  const sent = new WeakMap();
  let view = 0;
  /** Elements of a preview. Its mark is gone before they are. */
  let previewed = new WeakSet();
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
    return port.withElement(names.get(element), deed);
  };
  const complain = (element, attribute, message) =>
    naming(element, () =>
      port.warn({
        code: "bad-type",
        field: attribute,
        message: `${attribute}="${element.getAttribute(attribute)}" ${message}`,
      }),
    );

  /** What the page says of its product, read once for all elements of a task. */
  let known;
  /** What was said of the page's product. */
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
  const itemOf = (fields, wanted) => {
    const found = "itemId" in fields || !jsonLd ? {} : ofPage();
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
    // A template fills it in later.
    if (isUnfilled(values)) return;
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
    settle(timers, element, item && !isUnfilled(item) && json([by, item.itemId, item.itemType]), of, () => {
      const options = { time: { fullAfterMs: Number(much) }, words: { words: Number(much) } }[measure] ?? {
        element: of,
      };
      const handle = tracker.consumeTimer(item, { by: measure ?? by, ...options });
      return () => handle.stop();
    });
  };

  const container = (element) => {
    const { scenario, itemType } = element.matches(CONTAINER) ? read(element, ["scenario", "itemType"]) : {};
    settle(containers, element, scenario && !isUnfilled(scenario) && json([scenario, itemType]), element, () => {
      const handle = tracker.observeRecommendations(element, { scenario, itemType });
      return () => handle.disconnect();
    });
  };

  const scan = (root, inserted) => {
    if (isPreview()) {
      for (const element of [root, ...within(root, MARKED)]) previewed.add(element);
      return;
    }
    for (const element of new Set([root, ...within(root, MARKED)])) {
      if (previewed.has(element)) continue;
      event(element, inserted);
      timer(element);
      container(element);
    }
  };

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
  const unload = hear(port, document, "turbo:load turbolinks:load", () => {
    // What the real page has kept of its preview.
    previewed = new WeakSet();
    scan(document.documentElement);
  });
  const unhear =
    jsonLd && document.readyState === "loading" ? hear(port, document, "DOMContentLoaded", start) : void start();

  return {
    clicked: act,
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
      unload();
      for (const end of heard.values()) end();
      timers.clear();
      containers.clear();
    },
  };
};

/** As in a style sheet: "button#buy.large". */
const nameOf = ({ localName, id, classList }) =>
  localName + (id && `#${id}`) + [...classList].map((name) => `.${name}`).join("");
