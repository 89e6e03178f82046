// Tells the site's other tabs what the visitor has decided, so that all of them agree at once.

import { attempt } from "../src/browser/host/env.js";
import { CONSENTS } from "./rules.gen.js";

const NAME = "reco_consent";

/**
 * `key` tells trackers apart: a decision is about one tracker, in whichever tab. `apply(state)` carries out what another tab says. Returns
 * `{ tell(state, isDone), share(), end() }`.
 */
export function agreement(key, apply) {
  let channel;
  /** The decision that the other tabs have not heard. */
  let untold;
  const heard = ({ data: [of, state] }) => {
    if (of !== key || !CONSENTS.includes(state)) return;
    untold = undefined;
    apply(state);
  };
  const open = () => {
    // A frame without an origin has none.
    channel ??= attempt(() => new BroadcastChannel(NAME));
    if (channel) channel.onmessage = heard;
  };
  const share = () => {
    if (untold) attempt(() => channel?.postMessage([key, untold]));
    untold = undefined;
  };
  const close = () => {
    share();
    channel?.close();
    channel = undefined;
  };
  open();
  // An open channel keeps a page out of the back/forward cache in some browsers: https://web.dev/articles/bfcache. It is closed after everything
  // else: in a tab that is being closed, Firefox may end a script early.
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  return {
    /**
     * The other tabs hear a yes once it is done, because they take the id that this tab then has stored. They need not wait for anything else.
     */
    tell(state, isDone) {
      if (!CONSENTS.includes(state)) return;
      untold = state;
      if (isDone || state !== "granted") share();
    },
    share,
    end() {
      close();
      removeEventListener("pagehide", close);
      removeEventListener("pageshow", open);
    },
  };
}
