// Decides which page an outbox belongs to. The outbox outlives its page, and another page of the site takes it over. An
// instance is one tracker of one page; its entries are `reco_o_<instance>_...`.
//
// A page holds a Web Lock for its instance as long as it lives. The browser also releases the lock if the page crashes.
// `pagehide` releases it explicitly, because a request for a lock held by a page in the back/forward cache evicts that
// page from the cache. Another page's lock is held only while its outbox is taken over.
// https://w3c.github.io/web-locks/
//
// Without locks (insecure http) a lease replaces them: `reco_l_<instance>` has the time at which the page was last
// active. In that case two pages may take over the same outbox if they look at the same moment.

import { OUTBOX_FOUND } from "./codes.gen.js";
import { clock } from "./env.js";
import { ENTRY, erase, keep, keys, OURS, read, remove } from "./storage.js";

/**
 * An older lease has no owner. A tab that was suspended for longer rereads its outbox before it sends, see {@link
 * whenOwned}.
 */
const LEASE_MS = 600_000;
/** The shortest time between two renewals of a lease. */
const RENEWAL_MS = 5_000;
/** By then the page before this one has released its lock, even if the visitor went back in history. */
const SCAN_MS = 500;
/** A page that still exists this long after `beforeunload` was not left. */
const STAYS_MS = 1_000;

const LEASE = "reco_l_";
const INSTANCE = /^reco_[lo]_(\w{22})(_|$)/;

/**
 * Each tracker's own instance, by the tracker's callback; and the function that releases the lock or lease of each
 * instance.
 */
const own = new Map();
const held = new Map();
/** Another page may have taken over this page's outboxes, until `returning` has reread them. */
let away = false;
let returning;
let renewed = 0;
let scanning;

/** Deletes a key, or all keys with a prefix. The prefix of all keys means that consent was withdrawn. */
export const forget = (key) => {
  if (key !== OURS) return remove(key);
  own.clear();
  releaseAll();
  erase();
};

/**
 * Passes the entries of an instance's outbox to a tracker: keys and values in turn, ordered by the numbers in the keys.
 */
const report = (tell, instance) => {
  const prefix = `${ENTRY + instance}_`;
  const entries = keys()
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => a.slice(prefix.length) - b.slice(prefix.length));
  const texts = entries.map((key) => [key, read(key)]).filter(([, text]) => text != null);
  tell([OUTBOX_FOUND, instance, ...texts.flat()]);
};

const lock = (instance, options, callback) => navigator.locks.request(`reco_${instance}`, options, callback);

const lease = (instance) => keep(LEASE + instance, (renewed = clock()));

/**
 * Holds a tracker's own instance. Resolves when it is held.
 * @returns {Promise<unknown>}
 */
const hold = (instance) =>
  new Promise((done) => {
    const begin = (release) => done(held.set(instance, release));
    if (navigator.locks) {
      // No other page keeps this lock, but an earlier request of this page may still be pending.
      lock(instance, { steal: true }, () => (away ? done(undefined) : new Promise(begin))).catch(done);
    } else {
      lease(instance);
      begin(() => remove(LEASE + instance));
    }
  });

const releaseAll = () => {
  for (const release of held.values()) release();
  held.clear();
};

/**
 * Passes the outboxes of pages that are gone to this page's trackers. Each takes over the entries of its destinations.
 */
const takeOver = () => {
  scanning = undefined;
  if (away || !own.size) return;
  const mine = [...own.values()];
  for (const instance of new Set(keys().map((key) => INSTANCE.exec(key)?.[1]))) {
    if (!instance || mine.includes(instance)) continue;
    const take = (free) => free && !away && [...own.keys()].forEach((tell) => report(tell, instance));
    if (navigator.locks) lock(instance, { ifAvailable: true }, take).catch(() => {});
    else if (!(Math.abs(clock() - read(LEASE + instance)) < LEASE_MS)) {
      remove(LEASE + instance);
      take(true);
    }
  }
};

/** Looks for outboxes of pages that are gone, after a short delay. */
export const scanForOrphans = () => {
  if (scanning === undefined) scanning = setTimeout(takeOver, SCAN_MS);
};

/** Makes this instance the tracker's own outbox from now on. */
export const claim = (tell, instance) => {
  held.get(own.get(tell))?.();
  own.set(tell, instance);
  void hold(instance);
  scanForOrphans();
};

/** The tracker has ended, and another page may take over its outbox. */
export const disown = (tell) => {
  own.delete(tell);
  if (!own.size) releaseAll();
};

/** The page is left, or its leases have expired. */
export const releaseLocks = () => {
  away = true;
  releaseAll();
};

const renew = () => {
  const late = Math.abs(clock() - renewed);
  if (navigator.locks || late < RENEWAL_MS) return;
  if (late < LEASE_MS) for (const instance of held.keys()) lease(instance);
  else away = held.size > 0;
};

const comeBack = async () => {
  away = false;
  for (const [tell, instance] of [...own]) {
    await hold(instance);
    report(tell, instance);
  }
  returning = undefined;
};

/** Runs a function while the page owns its outboxes: now, or once a returning page has reread them. */
export const whenOwned = (callback) => {
  renew();
  if (away || returning) (returning ??= comeBack()).then(callback);
  else callback();
};

/**
 * Firefox does not cache a page that held a lock when it was left, even if `pagehide` releases the lock (measured in
 * Firefox 153). Therefore the lock is released earlier, and taken again if the page stays: the link was a download, or
 * the visitor chose to stay.
 */
export const onBeforeUnload = () => {
  if (!navigator.locks) return;
  releaseLocks();
  setTimeout(whenOwned, STAYS_MS, () => {});
};
