// What happens in the page, and when it is told.

import { acknowledgements } from "./cookies.js";
import { hear, isHidden } from "./device.js";
import { ACKNOWLEDGED, ACT, HIDDEN, OFFLINE, ONLINE, SHOWN, WAKE } from "./news.js";
import { depart, leave, present, seek, waver } from "./outbox.js";
import { hearEnds, hearPolicy } from "./send.js";

/** What counts as an act of the visitor. */
const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];
/** Shortest time between two acts that are told: the engine counts in tens of seconds. */
const ACT_PAUSE_MS = 1000;

/** What ends the listening, by what is told: to the page, to the visitor's acts, and to what becomes of batches. */
const heard = new Map();
const timers = new Map();

/**
 * Listens to the page, to the visitor's acts, to what becomes of batches, or to none of them from now on.
 */
export const listen = (tell, ...wanted) => {
  const ends = heard.get(tell) ?? [];
  heard.set(tell, ends);
  [hearPage, hearActs, hearBatches].forEach((hear, place) => {
    if (!wanted[place]) ends[place] = ends[place]?.forEach((end) => end());
    else ends[place] ??= hear(tell);
  });
};

/** Tells it after so many milliseconds, instead of what was to be told before; less than none: not at all. */
export const wake = (tell, wait) => {
  clearTimeout(timers.get(tell));
  timers.set(tell, wait < 0 ? 0 : setTimeout(() => present(() => now(tell, WAKE)), wait));
};

/** Tells something upon which the engine may send: what it need not send again first. */
const now = (tell, happening) => {
  acknowledge(tell);
  tell([happening]);
};

const acknowledge = (tell) => {
  const batches = heard.get(tell)?.[2] ? acknowledgements() : [];
  if (batches.length) tell([ACKNOWLEDGED, ...batches]);
};

/**
 * `pagehide` and `visibilitychange` both, because their order differs between leaving a page and
 * closing its tab, and a discarded tab gets only the second. Never `unload`, which keeps a page out
 * of the back/forward cache.
 */
const hearPage = (tell) => {
  const hide = () => now(tell, HIDDEN);
  const show = () =>
    present(() => {
      now(tell, SHOWN);
      seek();
    });
  const turn = () => (isHidden() ? hide : show)();
  return [
    hear(document, "visibilitychange", turn),
    hear(window, "pagehide", () => {
      hide();
      depart();
    }),
    hear(window, "beforeunload", waver),
    // A page that is opened in the background is loaded there, and this comes all the same.
    hear(window, "pageshow", turn),
    hear(window, "online", () => present(() => now(tell, ONLINE))),
    hear(window, "offline", () => tell([OFFLINE])),
    hearPolicy(tell),
    () => leave(tell),
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

const hearBatches = (tell) => [hearEnds(tell)];
