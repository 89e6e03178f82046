// Reads the stored work of earlier pages (park.js, stub.js), as far as this page may do it.
//
// It is loaded with the module, because it is useless before. Invalid stored values must never stop a tracker from
// starting.

import { cookie, setCookie } from "../../src/browser/host/cookies.js";
import { attempt, clock } from "../../src/browser/host/env.js";
import { keys, read } from "../../src/browser/host/storage.js";
import { MOST_AGE_MS } from "../rules.gen.js";
import { keyOf } from "../settings.js";
import { LONGEST_TEXT, PARKED } from "./bounds.js";
import { ORDER_SENT, RAW } from "./park.js";

/** How long other pages must not read the parked calls. Other processes see deletions late. */
const LOCKED_MS = 1000;

const keysOf = (what) => keys().filter((key) => key.startsWith(what));
const remove = (key) => localStorage.removeItem(key);
const isFresh = (at) => at > clock() - MOST_AGE_MS;

/**
 * Passes unacknowledged raw batches on: `run` passes them to the engine, which sends them again. If two tabs do this at
 * once, the collector drops the duplicates. Returns the number of unreadable batches.
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

/** Whether the collector has acknowledged it by a cookie. The cookie is deleted. */
function isStored(key) {
  const name = `reco_ack_${key.slice(RAW.length)}.0`;
  if (!cookie(name)) return false;
  setCookie(name);
  remove(key);
  return true;
}

/** The lock that this page holds for all its trackers while reading. */
let lock;
const locked = () =>
  (lock ??= new Promise((resolve) => {
    // Locks need https. Without them two tabs that start at the same moment may both read a text.
    if (!navigator.locks) return resolve(true);
    const hold = (granted) => {
      resolve(granted);
      return (
        granted &&
        new Promise((release) => {
          const end = () => release(removeEventListener("pagehide", end));
          setTimeout(end, LOCKED_MS);
          addEventListener("pagehide", end);
        })
      );
    };
    // A frame without an origin has no locks and no parked calls.
    navigator.locks.request(PARKED, { ifAvailable: true }, hold).then(
      () => (lock = undefined),
      () => resolve(true),
    );
  }));

/**
 * Executes the parked calls for these destinations. `carryOut` gets each page in order: its account, its calls that are
 * in `verbs`, and the number of lost calls by reason. Everything older than a week is deleted.
 *
 * If the collector recognises duplicates, the calls are written to the outbox before they are deleted here. A vendor
 * counts each arrival, so there they are deleted first.
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

/** The page under this key, unless it belongs to other destinations. */
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

/** The list in a text, or nothing if it is not one. */
const listOf = (text) => {
  const list = attempt(() => text.length < LONGEST_TEXT && JSON.parse(text));
  return Array.isArray(list) ? list : [];
};

/** An event without item type gets the one of its own page. */
const typed = ([verb, [event, ...more], at], { itemType }, settings) => {
  const type = (one) => (itemType === settings.itemType || Object(one) !== one ? one : { itemType, ...one });
  return [verb, [Array.isArray(event) ? event.map(type) : type(event), ...more], at];
};
