// data-reco-consume and data-reco-scenario: timers and containers, which run as long as their elements are in the document.

import { json } from "../../src/browser/host/env.js";
import { CONTAINER, isUnfilled, read } from "./fields.js";
import { within } from "./seen.js";

/** "time:30000": the measure, and how much of it is all. */
const MEASURE = /^(?:(time|words):([1-9]\d*)|scroll|media)$/;
export const PLAYER = "video,audio";

/** What runs for a page's elements. `about` warns of elements, `itemOf` completes a timer's item. */
export const running = ({ tracker }, { withElement, complain }, itemOf) => {
  /** By element: what was said of it, what it is measured by, and what ends it. */
  const timers = new Map();
  const containers = new Map();

  /** What is said of an element now, put in the place of what was said of it before. */
  const settle = (running, element, said, of, start) => {
    const now = running.get(element);
    if (now && now.said === said && now.of === of) return;
    now?.end();
    running.delete(element);
    if (said) running.set(element, { said, of, end: withElement(element, start) });
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

  return {
    check(element) {
      timer(element);
      container(element);
    },
    /** Ends what has left the document; an element that is still there, without its player, is given to `again`. */
    sweep(again) {
      for (const running of [timers, containers]) {
        for (const [element, { of, end }] of running) {
          if (element.isConnected && of.isConnected) continue;
          end();
          running.delete(element);
          if (element.isConnected) again(element);
        }
      }
    },
    /** A new page view has ended all timers. */
    page: () => timers.clear(),
    end() {
      timers.clear();
      containers.clear();
    },
  };
};
