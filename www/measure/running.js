// data-reco-consume and data-reco-scenario: timers and containers, which run while their elements are in the document.

import { json } from "../../src/browser/host/env.js";
import { CONTAINER, isUnfilled, read } from "./fields.js";
import { within } from "./seen.js";

/** "time:30000": the measure, and its value for 100 %. */
const MEASURE = /^(?:(time|words):([1-9]\d*)|scroll|media)$/;
export const PLAYER = "video,audio";

/**
 * The timers and containers of a page's elements. `about` gives warnings about elements, `itemOf` completes a timer's
 * item.
 */
export const running = ({ tracker }, { withElement, complain }, itemOf) => {
  /** By element: its attributes, the measured element, and the function that ends the timer. */
  const timers = new Map();
  const containers = new Map();

  /** Replaces an element's timer if its attributes have changed. */
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
    // A player may be inserted later.
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
    const list = element.matches(CONTAINER) ? read(element, ["scenario", "variant", "itemType"]) : {};
    settle(containers, element, list.scenario && !isUnfilled(list) && json(list), element, () => {
      const handle = tracker.observeRecommendations(element, list);
      return () => handle.disconnect();
    });
  };

  return {
    check(element) {
      timer(element);
      container(element);
    },
    /**
     * Ends timers of elements that have left the document. An element that remains without its player is passed to
     * `again`.
     */
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
