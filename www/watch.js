// What watches the page, measure.js: it is loaded when it is needed for the first time.

import { watchForMarkup } from "./markup.js";
import { activated, inPage, stays } from "./page.js";

/** What tracking without code there is. */
const AUTO = ["attributes", "dataLayer", "jsonLd", "routes"];

/**
 * `own` is what the parts of one tracker share, `verbs` are the methods that elements may name.
 *
 * @param {any} own
 * @param {() => Promise<any>} measure brings measure.js
 * @param {string[]} verbs
 */
export function watching(own, measure, verbs) {
  const { auto, call, engine, heard } = own;
  const { warn, withElement } = heard;
  const { ask, guard } = engine;
  let watcher;
  let loading;
  /** What waits for a reason to load it. */
  let markup;
  let ended = !inPage();

  /** Uses what watches the page. */
  const watch = (use) => {
    if (ended) return;
    if (watcher) return guard(() => use(watcher));
    loading ??= activated()
      .then(measure)
      .then((loaded) => {
        const percentage = (id) => ask("percentage", 0, id);
        const { tracker } = own;
        if (!ended) watcher = loaded.measure({ auto, call, guard, withElement, percentage, tracker, verbs, warn });
        markup?.disconnect();
      })
      .catch((error) =>
        stays()
          .then(() => own.ready)
          .then(
            () => void warn({ code: "internal", field: "measure", message: `measure.js: ${error}` }),
            // The module is missing too, and one warning names the folder of both.
            () => {},
          ),
      );
    loading.then(() => watcher && guard(() => use(watcher)));
  };

  return {
    watch,
    /** A new page view begins. */
    page: () => loading && watch((watcher) => watcher.page()),
    /** Begins what the configuration asks for. */
    start() {
      for (const [name] of Object.entries(auto)) {
        const field = `config.autoTrack.${name}`;
        if (!AUTO.includes(name)) warn({ code: "unknown-option", field, message: `${field} is not known` });
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
