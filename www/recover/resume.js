// What earlier pages had to leave undone (park.js, stub.js), as far as this page is to do it.
//
// It comes with the module: before, nobody can do anything with it. Whatever stands there, it must never stop a tracker from starting.

import { cookie, setCookie } from "../../src/browser/host/cookies.js";
import { attempt, clock } from "../../src/browser/host/env.js";
import { keys, read } from "../../src/browser/host/storage.js";
import { MOST_AGE_MS } from "../rules.gen.js";
import { keyOf } from "../settings.js";
import { LONGEST_TEXT, PARKED } from "./bounds.js";
import { ORDER_SENT, RAW } from "./park.js";

/** How long nobody else may look at what is parked: other processes see late what is removed here. */
const LOCKED_MS = 1000;

const keysOf = (what) => keys().filter((key) => key.startsWith(what));
const remove = (key) => localStorage.removeItem(key);
const isFresh = (at) => at > clock() - MOST_AGE_MS;

/** Deletes what was kept: the visitor does not want it. */
export const forget = () => [...keysOf(PARKED), ...keysOf(RAW)].forEach(remove);

/**
 * Hands raw batches over that nobody has acknowledged: `run` tells the engine, which sends them again. Two tabs may do it at once: the
 * collector drops copies. Returns how many could not be read.
 */
export function resend(settings, run) {
  let damaged = 0;
  for (const key of keysOf(RAW)) {
    const [of, url, body, at] = listOf(read(key));
    if (!(at > 0)) damaged += 1;
    if (!isFresh(at)) remove(key);
    else if (!isStored(key) && of === keyOf(settings)) run("rawBatch", [key, url, body], at);
  }
  return damaged;
}

/** Whether the collector has said so, by a cookie that is spent with it. */
function isStored(key) {
  const name = `reco_ack_${key.slice(RAW.length)}.0`;
  if (!cookie(name)) return false;
  setCookie(name);
  remove(key);
  return true;
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
 * Has what was parked for these destinations carried out: `carryOut` gets each page that was left, in their order: the account that it was
 * made for, its calls that are among `verbs`, and how many more there were that are lost, by the reason. Whatever is a week old is deleted.
 *
 * The calls are written to the outbox before they are deleted here, where the collector knows copies. A vendor counts each arrival.
 */
export async function take(settings, verbs, carryOut) {
  if (!(await locked())) return;
  const knowsCopies = ![].concat(settings.destinations).filter((to) => to?.protocol !== "batch").length;
  const pages = keysOf(PARKED).flatMap((key) => pageOf(key, settings, verbs));
  pages.sort((one, other) => one.at - other.at);
  if (!knowsCopies) for (const { key } of pages) remove(key);
  try {
    carryOut(pages);
  } finally {
    for (const { key } of pages) remove(key);
  }
}

/** What stands under a key, unless another page knows where that goes. */
function pageOf(key, settings, verbs) {
  const list = listOf(`[${read(key)}0]`);
  const calls = list.filter((call) => Array.isArray(call) && Array.isArray(call[1]));
  const fresh = calls.filter((call) => isFresh(call[2]));
  const [, [of] = [], at = 0] = fresh.filter(([verb]) => verb === "create").pop() ?? [];
  if (of && keyOf(of) !== keyOf(settings)) return [];
  const isReplayed = ([verb]) => verb === ORDER_SENT || verbs.includes(verb);
  return {
    key,
    at,
    userId: of?.identity?.userId,
    calls: of ? fresh.filter(isReplayed).map((call) => typed(call, of, settings)) : [],
    lost: {
      // The last 0 is the end.
      "queue-full": list.filter((call) => call === 0).length - 1,
      expired: calls.filter((call) => isReplayed(call) && !isFresh(call[2])).length,
      damaged: list.length ? 0 : 1,
    },
  };
}

/** The list that a text is; none where it is none. */
const listOf = (text) => {
  const list = attempt(() => text.length < LONGEST_TEXT && JSON.parse(text));
  return Array.isArray(list) ? list : [];
};

/** An event that names no item type has that of the page that it was made in. */
const typed = ([verb, [event, ...more], at], { itemType }, settings) => {
  const type = (one) => (itemType === settings.itemType || Object(one) !== one ? one : { itemType, ...one });
  return [verb, [Array.isArray(event) ? event.map(type) : type(event), ...more], at];
};
