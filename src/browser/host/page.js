// Events of the page: it is hidden, shown or left, the network changes, the visitor is active.

import { ACT, HIDDEN, OFFLINE, ONLINE, SHOWN, WAKE } from "./codes.gen.js";
import { hear, isHidden } from "./env.js";
import { hearBatches, hearPolicy, tellWithAcknowledgements } from "./fetch.js";
import { disown, onBeforeUnload, releaseLocks, scanForOrphans, whenOwned } from "./outbox-lock.js";

/** The events that count as activity of the visitor. */
const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];
/** The shortest time between two reports of activity. The engine counts in tens of seconds. */
const ACT_PAUSE_MS = 1000;

/** The functions that remove listeners, by callback: for the page, for activity, and for the outcome of batches. */
const heard = new Map();

/** Adds or removes the listeners for the page, for activity, and for the outcome of batches. */
export const listen = (tell, ...wanted) => {
  const ends = heard.get(tell) ?? [];
  heard.set(tell, ends);
  [hearPage, hearActs, hearBatches].forEach((hear, place) => {
    if (!wanted[place]) ends[place] = ends[place]?.forEach((end) => end());
    else ends[place] ??= hear(tell);
  });
};

/** Reports that the module's timer has fired. */
export const woken = (tell) => whenOwned(() => tellWithAcknowledgements(tell, WAKE));

/**
 * Uses both `pagehide` and `visibilitychange`, because their order differs between leaving a page and closing its tab,
 * and a discarded tab gets only the second. `unload` is not used, because it keeps a page out of the back/forward
 * cache.
 */
const hearPage = (tell) => {
  const hide = () => tellWithAcknowledgements(tell, HIDDEN);
  const show = () =>
    whenOwned(() => {
      tellWithAcknowledgements(tell, SHOWN);
      scanForOrphans();
    });
  const turn = () => (isHidden() ? hide : show)();
  return [
    hear(document, "visibilitychange", turn),
    hear(window, "pagehide", () => {
      hide();
      releaseLocks();
    }),
    hear(window, "beforeunload", onBeforeUnload),
    // A page opened in the background also gets this event after loading.
    hear(window, "pageshow", turn),
    hear(window, "online", () => whenOwned(() => tellWithAcknowledgements(tell, ONLINE))),
    hear(window, "offline", () => tell([OFFLINE])),
    hearPolicy(tell),
    () => disown(tell),
  ];
};

const hearActs = (tell) => {
  let last = -ACT_PAUSE_MS;
  return ACTS.map((type) =>
    hear(window, type, ({ timeStamp }) => {
      if (timeStamp - last < ACT_PAUSE_MS) return;
      last = timeStamp;
      tell([ACT]);
    }),
  );
};
