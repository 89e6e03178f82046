// What happens in the page, and what becomes of requests. The browser says that in three ways: the answer to a
// `fetch`, an entry of Resource Timing for a beacon, and the violation of a policy for either.

import {
  ACKNOWLEDGED,
  ACT,
  attempt,
  BLOCKED,
  FINISHED,
  FORBIDDEN,
  HIDDEN,
  hear,
  isHidden,
  NONE,
  OFFLINE,
  ONLINE,
  OPAQUE,
  OUTCOME,
  quoting,
  SHOWN,
  WAKE,
} from "./basics.js";
import { acknowledgements, depart, leave, present, seek, waver } from "./store.js";

/** What counts as an act of the visitor. */
const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];
/** Shortest time between two acts that are told: the engine counts in tens of seconds. */
const ACT_PAUSE_MS = 1000;

/** What ends the listening, by what is told: to the page, to the visitor's acts, and to what becomes of batches. */
const heard = new Map();

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

/** Tells that the module's timer has run out. */
export const woken = (tell) => present(() => say(tell, WAKE));

/**
 * Tells something upon which the engine may send: what it need not send again first. Each cookie that is read is
 * deleted, so that they do not pile up and make the next request too long.
 */
const say = (tell, ...happening) => {
  acknowledge(tell);
  tell(happening);
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
  const hide = () => say(tell, HIDDEN);
  const show = () =>
    present(() => {
      say(tell, SHOWN);
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
    hear(window, "online", () => present(() => say(tell, ONLINE))),
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

/** An answer that may be asked for again is not waited for any longer: nothing slower is usual, and a slot is taken. */
const PATIENCE_MS = 60_000;
/** As many requests are known again when a policy forbids one. */
const MOST_ASKED = 100;

/** Who sent what under which number, by the address as the browser resolves it. The oldest go first. */
const asked = new Map();

/** Notes what is being sent. */
export const ask = (url, tell, id) => {
  const request = { tell, id, forbidden: false };
  attempt(() => asked.set(new URL(url, document.baseURI).href, request));
  if (asked.size > MOST_ASKED) asked.delete(asked.keys().next().value);
  return request;
};

/** `fetch` that outlives the page. */
export const send = async (url, method, body, noCors, header, key, tell, id) => {
  const request = ask(url, tell, id);
  let status = NONE;
  let retryAfter = 0;
  let words = "";
  try {
    const vendor = noCors || key;
    const response = await fetch(url, {
      method,
      body,
      headers: key && { "Content-Type": "application/json", [header]: key },
      keepalive: true,
      // A collector's cookies are its acknowledgement, and the identity that it renews. A vendor's are nobody's.
      credentials: vendor ? "omit" : "include",
      ...(noCors ? { mode: "no-cors" } : { redirect: "manual" }),
      // What is sent at most once has nothing to gain by giving up.
      signal: vendor ? undefined : AbortSignal.timeout?.(PATIENCE_MS),
    });
    status = response.type === "opaque" ? OPAQUE : response.status;
    retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
    // Chromium counts a request against the page's 64 KiB until its answer has been read to the end.
    const text = await response.text().catch(() => "");
    if (status >= 400) words = text;
  } catch {
    // No network, no such host, CORS, or over the browser's quota: it does not say which. A policy
    // says so by an event, in a task that comes before the next one.
    await new Promise((done) => setTimeout(done));
    if (request.forbidden) status = FORBIDDEN;
  }
  quoting(words, () => say(tell, OUTCOME, id, status, retryAfter));
};

/** What ends the requests that the browser keeps for the page's sudden end, by name. */
const kept = new Map();

/** Has a request sent should the page's process die, or no more: https://developer.mozilla.org/docs/Web/API/Window/fetchLater */
export const later = (name, url, body) => {
  kept.get(name)?.abort();
  kept.delete(name);
  // It throws where the page's share is used up, or a policy forbids it.
  attempt(() => {
    if (!url) return;
    const end = new AbortController();
    fetchLater(url, { method: "POST", body, credentials: "include", signal: end.signal });
    kept.set(name, end);
  });
};

/** Tells which requests a content security policy forbids; of another origin the browser may name no more than that. */
export const hearPolicy = (tell) =>
  hear(document, "securitypolicyviolation", ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition === "report" || effectiveDirective !== "connect-src") return;
    for (const [url, request] of asked) {
      if (request.tell === tell && !request.forbidden && (url === blockedURI || new URL(url).origin === blockedURI)) {
        request.forbidden = true;
        tell([BLOCKED, request.id]);
      }
    }
  });

/** Tells which batches' beacons have ended. https://w3c.github.io/resource-timing/#dom-performanceresourcetiming-responsestatus */
export const hearEnds = (tell) => {
  const observer = attempt(
    () =>
      new PerformanceObserver((list) => {
        const entries = /** @type {PerformanceResourceTiming[]} */ (list.getEntries());
        for (const { name, initiatorType, redirectStart, responseStatus } of entries) {
          const batch = /[?&]b=(\w+\.\d+)(&|$)/.exec(name)?.[1];
          // The outcome of a fetch says more. Where a redirect led, nothing was stored.
          if (batch && initiatorType !== "fetch") say(tell, FINISHED, batch, redirectStart ? 0 : (responseStatus ?? 0));
        }
      }),
  );
  attempt(() => observer.observe({ type: "resource", buffered: true }));
  return () => observer?.disconnect();
};
