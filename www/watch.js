// Loads measure.js, which observes the page, when it is first needed.

import { watchForMarkup } from "./markup.js";
import { activated, inPage, stays } from "./page.js";

/** The kinds of tracking without code. */
const AUTO = ["attributes", "dataLayer", "jsonLd", "routes"];

/**
 * `own` is the state that the parts of a tracker share.
 *
 * @param {any} own
 * @param {() => Promise<any>} measure loads measure.js
 */
export function watching(own, measure) {
  const { auto, call, engine, heard } = own;
  const { fault, withElement } = heard;
  // Also after a failure of the module: an element may be the button for the visitor's decision.
  const { ask, attempt: guard } = engine;
  let watcher;
  let loading;
  /** Waits for a reason to load measure.js. */
  let markup;
  let ended = !inPage();

  /** Runs a function with measure.js. */
  const watch = (use) => {
    if (ended) return;
    if (watcher) return guard(() => use(watcher));
    loading ??= activated()
      .then(measure)
      .then((loaded) => {
        const percentage = (id) => ask("percentage", 0, id);
        const { tracker } = own;
        if (!ended) watcher = loaded.measure({ auto, call, guard, withElement, percentage, tracker, fault });
        markup?.disconnect();
      })
      .catch((error) =>
        stays()
          .then(() => own.ready)
          .then(
            () => void fault("internal", "measure", `cannot be loaded: ${error}`),
            // The module is missing as well, and one warning names the folder of both.
            () => {},
          ),
      );
    loading.then(() => watcher && guard(() => use(watcher)));
  };

  return {
    watch,
    /** A new page view begins. */
    page: () => loading && watch((watcher) => watcher.page()),
    /** Starts what the configuration asks for. */
    start() {
      for (const [name] of Object.entries(auto)) {
        if (!AUTO.includes(name)) fault("unknown-option", `config.autoTrack.${name}`, "is not known");
      }
      if (auto.dataLayer || auto.routes) watch(() => {});
      if (auto.attributes && !ended)
        activated()
          .then(() => ended || watcher || (markup = watchForMarkup(watch)))
          .catch(heard.internal);
    },
    end() {
      ended = true;
      markup?.disconnect();
      const last = watcher;
      watcher = null;
      try {
        last?.end();
      } catch {
        // It has failed before.
      }
    },
  };
}
