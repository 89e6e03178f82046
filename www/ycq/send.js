// Sends each request at most once, because the vendor counts a repeated one twice. Requests that could not be tried
// because the browser is offline are kept for a day and sent later, by this page or the next.

import { attempt, clock } from "../../src/browser/host/env.js";
import { off } from "./browser.js";
import { KEY, keys } from "./kept.js";

const MOST_KEPT = 100;
const LIFE_MS = 86_400_000;
/** Chromium refuses more than 256 such requests, and the page may have others. */
const MOST_UNDER_WAY = 200;
/**
 * Long enough for a policy violation to be reported, for a name to be resolved again, and for all tabs to see what one
 * has taken.
 */
const MOMENT_MS = 1000;

/**
 * Whether `fetch` supports `keepalive`. It reads the known options in alphabetical order, and the getter `method`
 * throws before a request is made. `Request` cannot be used for this, because MooTools replaces it.
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
/** Kept requests if storage is not available. */
const memory = [];

const image = (url) => {
  new Image().src = url;
};

function begin(url) {
  const request = fetch(url, { keepalive: true, mode: "no-cors", credentials: "omit", cache: "no-store" });
  // After the call, because another script may have replaced fetch by one that throws.
  underWay++;
  const ended = () => underWay--;
  request.then(ended, () => {
    ended();
    if (byImage) return image(url);
    // It may have arrived. It is sent again only if it turns out that it was never sent.
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
    // Removed first, so that it cannot be sent twice.
    localStorage.removeItem(key);
    send(url, +key.split(" ")[1]);
  }
}

function drain() {
  if (navigator.onLine === false) return;
  attempt(() => {
    for (const each of memory.splice(0)) send(...each);
    if (!keys().length) return;
    // One tab takes all of them. Without locks only a visible tab does.
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

let resumed;

/** Sends the kept requests, now and whenever the browser is online again. */
export function resume(base) {
  if (base === resumed) return drain();
  resumed = base;
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
