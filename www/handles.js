// consumeTimer and observeRecommendations: the page's handles for objects that the engine knows by number.

import { attempt } from "../src/browser/host/env.js";

/** The two methods of a tracker. */
export function handles(call, ask, watch) {
  let count = 0;
  return {
    consumeTimer(item, options) {
      const id = ++count;
      let last = 0;
      // The engine gets an element's measures, not the element. A getter may throw.
      const { element, ...measures } = /** @type {any} */ (attempt(() => ({ ...options })) ?? {});
      const { by } = measures;
      const watched = by === "scroll" || by === "media";
      call("consumeTimer", [item, measures, id]);
      if (watched) watch((watcher) => watcher.timer(id, by, element));
      const percentage = () => (last = ask("percentage", last, id));
      return {
        get percentage() {
          return percentage();
        },
        stop() {
          percentage();
          if (watched) watch((watcher) => watcher.stop(id));
          call("stopTimer", [id]);
        },
      };
    },
    observeRecommendations(container, options) {
      const id = ++count;
      call("observeRecommendations", [options, id]);
      watch((watcher) => watcher.observe(id, container, options));
      return {
        disconnect() {
          watch((watcher) => watcher.unobserve(id));
          call("unobserve", [id]);
        },
      };
    },
  };
}
