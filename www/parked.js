// What earlier pages had to leave undone (early.js, snippet.js), as far as this page is to do it.
//
// It comes with the module: before, nobody can do anything with it.

import { attempt, clock } from "../src/browser/host/basics.js";
import { cookie, keys, read, setCookie } from "../src/browser/host/store.js";
import { BOUGHT, keyOf, PARKED, RAW, REPLAYED } from "./early.js";

const LONGEST_AGE_MS = 7 * 86_400_000;
/** What is longer was not written by us, in characters. */
const LONGEST_TEXT = 1_000_000;
/** How long nobody else may look at what is parked: other processes see late what is removed here. */
const LOCKED_MS = 1000;

/** So long an acknowledgement may take; as for the tracker's own batches. */
const ACKNOWLEDGED_MS = 15_000;
/** Answers after which another attempt may end better. Any other in the four hundreds is final. */
const NOT_FINAL = [408, 429, 431, 401, 403, 404];

const keysOf = (what) => keys().filter((key) => key.startsWith(what));
const remove = (key) => localStorage.removeItem(key);
const isFresh = (at) => at > clock() - LONGEST_AGE_MS;

/** Deletes what was kept: the visitor does not want it. */
export const forget = () => [...keysOf(PARKED), ...keysOf(RAW)].forEach(remove);

/**
 * Sends raw batches once more that nobody acknowledged, and tries again on the next page if that is in vain. Two tabs may do
 * it at once: the collector drops copies.
 */
export function resend(settings) {
  for (const key of keysOf(RAW)) {
    const [of, url, body, at] = attempt(() => JSON.parse(read(key))) ?? [];
    if (!isFresh(at)) remove(key);
    else if (isStored(key)) continue;
    else if (of === keyOf(settings))
      setTimeout(again, Math.min(at + ACKNOWLEDGED_MS - clock(), ACKNOWLEDGED_MS), key, url, body);
  }
}

/** Whether the collector has said so, by a cookie that is spent with it. */
function isStored(key) {
  const name = `reco_ack_${key.slice(RAW.length)}.0`;
  if (!cookie(name)) return false;
  setCookie(name);
  remove(key);
  return true;
}

async function again(key, url, body) {
  // Another tab was faster, or the visitor said no.
  if (!read(key) || isStored(key)) return;
  try {
    const { status } = await fetch(url, {
      method: "POST",
      body,
      keepalive: true,
      credentials: "include",
      redirect: "manual",
    });
    if (status >= 200 && status < 500 && !NOT_FINAL.includes(status)) remove(key);
  } catch {
    // No network: the next page.
  }
}

/** The lock under which this page looks, for all of its trackers. */
let lock;
const locked = () =>
  (lock ??= new Promise((resolve) => {
    // Only where the page came by https; elsewhere two tabs that start in the same moment may both find a text.
    if (!navigator.locks) return resolve(true);
    const hold = (granted) => {
      resolve(granted);
      return (
        granted &&
        new Promise((release) => {
          setTimeout(release, LOCKED_MS);
          addEventListener("pagehide", release, { once: true });
        })
      );
    };
    // A frame without an origin has no locks, and nothing is parked there.
    navigator.locks.request(PARKED, { ifAvailable: true }, hold).then(
      () => (lock = undefined),
      () => resolve(true),
    );
  }));

/**
 * Takes what was parked for these destinations: for each page that was left, in their order, the account that it was made for, and
 * its calls. Whatever is damaged or a week old is deleted.
 */
export async function take(settings) {
  const pages = [];
  if (!(await locked())) return pages;
  for (const key of keysOf(PARKED)) {
    const calls = callsOf(read(key));
    const [, [of] = [], at] = calls.filter(([verb]) => verb === "create").pop() ?? [];
    // Another page knows where that goes.
    if (of && keyOf(of) !== keyOf(settings)) continue;
    remove(key);
    if (!of) continue;
    const replayed = calls.filter(([verb]) => verb === BOUGHT || REPLAYED.includes(verb));
    pages.push({ at, userId: of.identity?.userId, calls: replayed.map((call) => typed(call, of, settings)) });
  }
  return pages.sort((one, other) => one.at - other.at);
}

/** What was parked, as far as it is calls. */
const callsOf = (text) => {
  const calls = attempt(() => text.length < LONGEST_TEXT && JSON.parse(`[${text}0]`)) || [];
  return calls.filter((call) => Array.isArray(call?.[1]) && isFresh(call[2]));
};

/** An event that names no item type has that of the page that it was made in. */
const typed = ([verb, [event, ...more], at], { itemType }, settings) => {
  const type = (one) => (itemType === settings.itemType || Object(one) !== one ? one : { itemType, ...one });
  return [verb, [Array.isArray(event) ? event.map(type) : type(event), ...more], at];
};
