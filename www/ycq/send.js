// Hands requests to the browser, each at most once: the vendor counts what comes twice as two. What could not
// be tried, because the browser is offline, is kept for a day and sent later, by this page or the next.

import { attempt, clock } from "../../src/browser/host/env.js";
import { off } from "./browser.js";

const KEY = "reco_ycq ";
const MOST_KEPT = 100;
const LIFE_MS = 86_400_000;
/** Chromium refuses what passes 256 fetches of this kind, and the page may have others. */
const MOST_UNDER_WAY = 200;
/** Long enough for a policy's violation to be told, for a name to be resolved again, and for all tabs to see what one has taken. */
const MOMENT_MS = 1000;

/**
 * Whether `fetch` knows `keepalive`: it reads the options that it knows, in the order of the alphabet, and `method` ends it before
 * anything is sent. MooTools has a `Request` of its own, which cannot be asked.
 */
function keepsAlive() {
  let known = false;
  const options = {
    get keepalive() {
      return (known = true);
    },
    /** @returns {string} */
    get method() {
      throw 0;
    },
  };
  attempt(() => fetch("", options).catch(() => {}));
  return known;
}

let byImage = !keepsAlive();
let underWay = 0;
let number = 0;
/** Requests that failed a moment ago. */
const failed = [];
/** What is kept where nothing can be stored. */
const memory = [];

const image = (url) => {
  new Image().src = url;
};

function begin(url) {
  const request = fetch(url, { keepalive: true, mode: "no-cors", credentials: "omit", cache: "no-store" });
  // Behind it: some script may have replaced fetch by one that throws.
  underWay++;
  const ended = () => underWay--;
  request.then(ended, () => {
    ended();
    if (byImage) return image(url);
    // It may have arrived: it goes again only if it turns out that it never left.
    failed.push(url);
    setTimeout(() => failed.shift(), MOMENT_MS);
  });
}

export function send(url, at = clock()) {
  if (off() || clock() - at > LIFE_MS) return;
  if (navigator.onLine === false) keep(url, at);
  else if (byImage || underWay >= MOST_UNDER_WAY) image(url);
  else begin(url);
}

/** Each under a key of its own: tabs do not overwrite each other. */
const keys = () =>
  Object.getOwnPropertyNames(localStorage)
    .filter((key) => key.startsWith(KEY))
    .sort();

function keep(url, at) {
  try {
    localStorage.setItem(`${KEY}${at} ${1e6 + number++} ${Math.random()}`, url);
    for (const key of keys().slice(0, -MOST_KEPT)) localStorage.removeItem(key);
  } catch {
    memory.push([url, at]);
    memory.splice(0, memory.length - MOST_KEPT);
  }
}

function take() {
  for (const key of keys()) {
    const url = localStorage.getItem(key);
    // First, so that it is gone whatever happens.
    localStorage.removeItem(key);
    send(url, +key.split(" ")[1]);
  }
}

function drain() {
  if (navigator.onLine === false) return;
  attempt(() => {
    for (const each of memory.splice(0)) send(...each);
    if (!keys().length) return;
    // One tab takes it all. Without locks: the one that is looked at.
    if (navigator.locks)
      navigator.locks
        .request(
          KEY,
          { ifAvailable: true },
          (lock) => lock && (take(), new Promise((free) => setTimeout(free, MOMENT_MS))),
        )
        .catch(() => {});
    else if (!document.hidden) take();
  });
}

/** Sends what was kept, now and whenever the browser is online again. */
export function resume(base) {
  const { origin } = new URL(base);
  // Sites that allow the vendor's pixel in `img-src` need not allow it in `connect-src`.
  document.addEventListener("securitypolicyviolation", ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition === "report" || effectiveDirective !== "connect-src" || !blockedURI.startsWith(origin)) return;
    byImage = true;
    failed.splice(0).forEach(image);
  });
  addEventListener("online", () => setTimeout(drain, MOMENT_MS));
  drain();
}
