// Waits for a reason to load measure.js. Most pages have no elements with tracking attributes, and load nothing for
// them.

import { hear } from "../src/browser/host/env.js";

/** The attributes that `attributes` handles. */
const MARKS = ["data-reco", "data-reco-scenario", "data-reco-consume"];
const MARKED = MARKS.map((name) => `[${name}]`).join();

/**
 * Calls `watch` with a function for measure.js when there is such an element, and for each click on one until
 * measure.js is loaded. Returns a function that ends this.
 */
export function watchForMarkup(watch) {
  const has = (node) => node.matches && (node.matches(MARKED) || node.querySelector(MARKED));
  // Open shadow roots are not observed. An element in one is found when it is clicked.
  const clicked = (event) => {
    const path = event.composedPath();
    const { type, button } = event;
    if (path.filter((node) => node.matches?.(MARKED)).length)
      watch((watcher) => watcher.clicked({ type, button }, path));
  };
  const ends = [hear(document, "click", clicked), hear(document, "auxclick", clicked)];
  const changes = new MutationObserver((changes) => {
    if (changes.filter(({ type, addedNodes }) => type === "attributes" || [...addedNodes].filter(has).length).length)
      watch(() => {});
  });
  if (has(document.documentElement)) watch(() => {});
  else changes.observe(document, { childList: true, subtree: true, attributeFilter: MARKS });
  return {
    disconnect() {
      changes.disconnect();
      for (const end of ends) end();
    },
  };
}
