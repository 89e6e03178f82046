// Tells the site's other tabs what the visitor has decided, so that all of them agree at once.

import { attempt } from "../src/browser/host/env.js";
import { CONSENTS } from "./rules.gen.js";

const NAME = "reco_consent";

/**
 * `key` tells trackers apart: a decision is about one tracker, in whichever tab. `apply(state)` carries out what another tab says. Returns
 * `{ tell(state), end() }`.
 */
export function agreement(key, apply) {
  let channel;
  const open = () => {
    // A frame without an origin has none.
    channel ??= attempt(() => new BroadcastChannel(NAME));
    if (channel) channel.onmessage = ({ data: [of, state] }) => of === key && CONSENTS.includes(state) && apply(state);
  };
  const close = () => {
    channel?.close();
    channel = undefined;
  };
  open();
  // An open channel keeps a page out of the back/forward cache in some browsers: https://web.dev/articles/bfcache. It is closed after everything
  // else: in a tab that is being closed, Firefox may end a script early.
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  return {
    tell: (state) => attempt(() => channel?.postMessage([key, state])),
    end() {
      close();
      removeEventListener("pagehide", close);
      removeEventListener("pageshow", open);
    },
  };
}
