// Events of the page: it is hidden, seen again or left, the network comes and goes, the visitor acts.

import { ACT, HIDDEN, OFFLINE, ONLINE, SHOWN, WAKE } from "./codes.gen.js";
import { hear, isHidden } from "./env.js";
import { hearBatches, hearPolicy, tellWithAcknowledgements } from "./fetch.js";
import { disown, onBeforeUnload, releaseLocks, scanForOrphans, whenOwned } from "./outbox-lock.js";

/** What counts as an act of the visitor. */
const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];
/** Shortest time between two acts that are told: the engine counts in tens of seconds. */
const ACT_PAUSE_MS = 1000;

/** The functions that end listening, by the function that is told: to the page, to the visitor's acts, and to the outcome of batches. */
const heard = new Map();

/** Listens to the page, to the visitor's acts, to what becomes of batches, or to none of them from now on. */
export const listen = (tell, ...wanted) => {
  const ends = heard.get(tell) ?? [];
  heard.set(tell, ends);
  [hearPage, hearActs, hearBatches].forEach((hear, place) => {
    if (!wanted[place]) ends[place] = ends[place]?.forEach((end) => end());
    else ends[place] ??= hear(tell);
  });
};

/** Tells that the module's timer has run out. */
export const woken = (tell) => whenOwned(() => tellWithAcknowledgements(tell, WAKE));

/**
 * `pagehide` and `visibilitychange` both, because their order differs between leaving a page and closing its tab, and a discarded tab gets
 * only the second. Never `unload`, which keeps a page out of the back/forward cache.
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
    // A page that is opened in the background is loaded there, and this comes all the same.
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
