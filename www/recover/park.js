// Calls that were made before the module was there, in a page that is left. They are parked for the next page; or, where all events
// go to one collector of ours, they leave at once, as a raw batch that it makes events of. docs/loading.md has the rules.
//
// Of a page that is left before this script is there, stub.js parks them. resume.js is what the next page does with them.

import { cookie, setCookie } from "../../src/browser/host/cookies.js";
import { attempt, clock, json, times } from "../../src/browser/host/env.js";
import { keys, read } from "../../src/browser/host/storage.js";

/** Calls that are about the visitor. All others are about the page that made them. */
export const REPLAYED = [
  "click",
  "consume",
  "basket",
  "deleteFromBasket",
  "wishlist",
  "deleteFromWishlist",
  "buy",
  "rate",
  "owns",
  "blacklist",
  "rendered",
  "clickRecommended",
  "followLink",
  "triggerOpened",
  "clickTriggered",
  "feedback",
  "cacheHit",
  "landingPageClick",
  "predictiveBasketClick",
  "login",
  "logout",
];

/** Orders that left in a raw batch: the tracker does not send them, it remembers them. */
export const BOUGHT = "bought";

/** Where calls are parked, and raw batches that nobody has acknowledged: a key for each page. */
export const PARKED = "reco_q";
export const RAW = "reco_raw_";
/** Among more keys than these nothing is kept. */
const MOST_KEYS = 999;
/** Characters of one page's calls that are parked. The stub has the same bound, and resume.js reads more than that. */
const MOST_OF_A_PAGE = 1_200_000;
/** Characters that pages may leave together; where the tracker itself is blocked, each of them leaves some. The stub has the same bound. */
const MOST_OF_ALL = 300_000;
/** Stands for a call that there was no room for: the next page counts it. */
export const LEFT_OUT = "0,";
/** Of the collector's cookies; the engine keeps to the same. */
const MOST_ACKNOWLEDGEMENTS = 20;
const OFF_DAYS = 180;
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The last word on consent, as the tracker would find it. */
export function consentOf({ consent, respect }, calls) {
  let last = consent ?? "granted";
  const gpc = respect?.gpc !== false && navigator.globalPrivacyControl;
  if (gpc || (respect?.dnt && navigator.doNotTrack === "1") || cookie("reco_off")) last = "denied";
  for (const [verb, [said]] of calls) if (verb === "consent") last = said;
  return last;
}

/**
 * What is parked when the page is left, for a page with the same destinations. The stub writes the same: JSON, and a comma behind each call.
 *
 * It is written down when the calls are made: in a tab that is being closed Firefox 153 ends a script at its next loop, and the one
 * write of `put` is all that is sure to be done then.
 */
export function parking(settings, calls) {
  const key = parkedKey();
  const consents = [];
  let text = "";
  let may;
  const append = (line) => (text += text.length + line.length > MOST_OF_A_PAGE ? LEFT_OUT : line);
  const add = (call) => {
    const [verb] = call;
    if (verb === "consent") consents.push(call);
    const isFirst = !text && REPLAYED.includes(verb);
    if (isFirst) text = heading(settings) + LEFT_OUT.repeat(makeRoom());
    if (isFirst || verb === "consent") may = mayKeep(settings) && consentOf(settings, consents) === "granted";
    if (REPLAYED.includes(verb)) append(lines([call]));
  };
  calls.forEach(add);
  return {
    add,
    /** So many calls before it got them were left out. */
    leaveOut: (count) => (text &&= text + LEFT_OUT.repeat(count)),
    /** Whether it stands there now. */
    put() {
      try {
        if (!may || !text || document.prerendering) return false;
        localStorage[key] = text;
        return true;
      } catch {}
    },
    drop: () => attempt(() => localStorage.removeItem(key)),
  };
}

/**
 * Keeps the calls of a page that is left; `isWhole`: none has been left out. Returns those that stay with it, should it come back.
 */
export const leave = (settings, calls, parked, isWhole) => {
  const isParked = parked.put();
  return attempt(() => kept(settings, calls, parked, isParked, isWhole)) ?? calls;
};

function kept(settings, calls, parked, isParked, isWhole) {
  const identity = settings.identity ?? {};
  if (identity.storage === "memory" || document.prerendering) return calls;
  const consent = consentOf(settings, calls);
  if (consent === "denied" && calls.filter(([verb]) => verb === "consent").length)
    setCookie("reco_off", 1, OFF_DAYS, identity.cookieDomain);
  const gone = calls.filter(([verb]) => REPLAYED.includes(verb));
  if (consent !== "granted" || !gone.length) return calls;
  // What is parked has the calls as well that these are without.
  return (isWhole && sendRaw(settings, identity, calls, gone, parked)) || isParked
    ? calls.filter((call) => !gone.includes(call))
    : calls;
}

/** Keys in the order of time. */
const parkedKey = () => PARKED + (clock() - Math.random());

/** When what stands under a key was kept: parked calls have it in the key, a raw batch at its end. */
const keptAt = (key) => Number.parseFloat(key.startsWith(RAW) ? read(key)?.slice(-14) : key.slice(PARKED.length)) || 0;

/** Deletes what pages left longest ago, and says how many those were. The last one's always stays. */
function makeRoom() {
  let size = 0;
  let gone = 0;
  const mine = keys().filter((key) => key.startsWith(PARKED) || key.startsWith(RAW));
  for (const key of mine.sort((one, other) => keptAt(other) - keptAt(one))) {
    if (size < MOST_OF_ALL) {
      size += read(key)?.length ?? 0;
    } else {
      attempt(() => localStorage.removeItem(key));
      gone += 1;
    }
  }
  return gone;
}

const mayKeep = ({ identity, queue }) =>
  identity?.storage !== "memory" && queue?.persist !== false && attempt(() => localStorage.length < MOST_KEYS);

/**
 * The calls as JSON with a comma behind each, without those that have an argument that cannot be written. (What else the façade keeps is
 * about this page.)
 */
const lines = (calls) => calls.map((call) => attempt(() => `${json(call.slice(0, 3))},`) ?? "").join("");

/** What says for which destinations the calls behind it are. */
const heading = (settings) => lines([["create", [settings], clock()]]);

const keep = (settings, key, text) => mayKeep(settings) && attempt(() => localStorage.setItem(key, text));

/**
 * Sends the calls to the collector, if there is no other destination. Not where somebody logs in or out: that is for the next page
 * to know, and it would tell the collector again. True when the browser took them.
 */
function sendRaw(settings, identity, calls, gone, parked) {
  const [to, ...others] = [].concat(settings.destinations);
  if (to?.protocol !== "batch" || to.transport === "fetch" || others.length) return false;
  if (gone.filter(([verb]) => verb === "login" || verb === "logout").length) return false;
  const { itemType, consent, respect } = settings;
  const { anonymousId, userId = cookie("reco_user") } = identity;
  const stream = id();
  const head = {
    v: 1,
    stream,
    seq: 0,
    sentAt: clock(),
    // These cookies go with every request of the site, and nobody reads them as long as each page is left so early.
    ack: attempt(() => document.cookie.split("reco_ack_").length <= MOST_ACKNOWLEDGEMENTS) ?? false,
    token: to.token,
    anonymous: anonymousId ?? visitor(identity),
    // An e-mail address never leaves the page as an id.
    user: /@/.test(userId) ? undefined : (userId ?? undefined),
    orders: attempt(() => localStorage.getItem("reco_orders")) ?? undefined,
    config: { itemType, consent, respect, identity: { anonymousId } },
  };
  const raw = lines(calls.filter((call) => gone.includes(call) || call[0] === "consent"));
  const body = `${json(head).slice(0, -1)},"raw":[${raw.slice(0, -1)}]}`;
  const url = `${to.endpoint}${to.endpoint.includes("?") ? "&" : "?"}b=${stream}.0`;
  // One of the two: of both, each event would be stored twice.
  parked.drop();
  if (!attempt(() => navigator.sendBeacon(url, body))) return parked.put();
  // The browser took it; whether it arrived is for the next page to find out.
  keep(settings, RAW + stream, json([keyOf(settings), new URL(url, document.baseURI).href, body, head.sentAt]));
  const bought = gone.filter(([verb]) => verb === "buy").map(([, args, at]) => [BOUGHT, args, at]);
  if (bought.length) keep(settings, parkedKey(), heading(settings) + lines(bought));
  return true;
}

/** The visitor's id. A new visitor gets it here, in the cookies in which the tracker will find it. */
function visitor(identity) {
  const name = identity.cookieName ?? "reco_id";
  const known = cookie(name);
  if (known && /^[\w-]{8,512}$/.test(known)) return known;
  const made = id();
  const { cookieDays = 90, cookieDomain } = identity;
  setCookie(name, made, cookieDays, cookieDomain);
  setCookie(`${name}_at`, `${Math.floor(clock() / 1000)}.c`, cookieDays, cookieDomain);
  return made;
}

const id = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(22));
  return times(22, (n) => LETTERS[bytes[n] % 62]).join("");
};

/** By what trackers, and what is parked for them, are told apart. */
export function keyOf(config) {
  try {
    return json([].concat(config.destinations));
  } catch {
    return "";
  }
}
