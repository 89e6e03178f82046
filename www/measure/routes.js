// autoTrack.routes: a new address in a single-page application is a new page view. The part after # is a position in
// the page.

import { hear } from "./hear.js";

const address = () => location.href.split("#")[0];

export const routes = (port) => {
  let here = address();
  const check = () => {
    if (here === (here = address())) return;
    port.tracker.page();
  };
  // At the change of the address, not when the new page is complete ("navigatesuccess"), because it may have started
  // timers by then. https://html.spec.whatwg.org/multipage/nav-history-apis.html#event-navigation-currententrychange
  if (window.navigation) return { end: hear(port, navigation, "currententrychange", check) };

  // Without the Navigation API there is no event for these two.
  const ends = ["pushState", "replaceState"].map((name) => {
    const original = history[name];
    let ended = false;
    const wrapped = function (...args) {
      const result = original.apply(this, args);
      if (!ended) port.guard(check);
      return result;
    };
    history[name] = wrapped;
    return () => {
      ended = true;
      // Another script may have wrapped it since.
      if (history[name] === wrapped) history[name] = original;
    };
  });
  ends.push(hear(port, window, "popstate", check));
  return { end: () => ends.forEach((end) => end()) };
};
