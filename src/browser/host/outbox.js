// localStorage, and who of the site's pages minds which journal in it: the outbox survives a page, and
// another page adopts it. An instance is a page with a tracker; its entries are `reco_o_<instance>_...`.
//
// An instance is alive as long as somebody holds its Web Lock. The lock goes when the page goes or
// crashes, and it is let go by hand in `pagehide`: who asks for a lock that a page in the
// back/forward cache holds throws that page out of the cache. https://w3c.github.io/web-locks/
//
// Where there are no locks (insecure http) a lease stands for it, `reco_l_<instance>`: the time at
// which its page was last seen working. Two pages may then adopt one journal in the same moment.

import { acknowledgements, cookie, setCookie } from "./cookies.js";
import { attempt } from "./device.js";
import { ADOPTED } from "./news.js";
import { flatten } from "./values.js";

/** A lease that is older has no owner: Firefox on Android lets a hidden page's timers wait 15 minutes, but such a page asks again. */
const LEASE_MS = 600_000;
/** A lease is not renewed more often. */
const RENEWAL_MS = 5_000;
/** By then the page that was left for this one has let go what it adopted of ours: asked earlier, its locks would throw it out of the cache. */
const RETURN_MS = 100;

const ENTRY = "reco_o_";
const LEASE = "reco_l_";
const JOURNAL = /^reco_[lo]_(\w{22})(_|$)/;

/** Each tracker's own instance. */
const own = new Map();
/** What lets an instance go: our own, and those that we adopted. */
const held = new Map();
/** The instances that the page had when it went; nothing while it is here. */
let gone;
let away = false;
/** While it takes them back. */
let returning;
let renewed = 0;

const keys = () => attempt(() => Object.keys(localStorage)) ?? [];

const read = (key) => attempt(() => localStorage.getItem(key));

/** What these cookies and these keys hold. Even reading `localStorage` throws where it is blocked. */
export const stored = (names, keys) => flatten([...names.split(" ").map(cookie), ...keys.split(" ").map(read)], 1, 9);

/** Keeps a text. False where storage is full or blocked. */
export const keep = (key, value) => attempt(() => (localStorage.setItem(key, value), true)) ?? false;

/** Deletes what is kept under a key; one that ends with `_` stands for all that begin so. */
export const forget = (key) => {
  for (const each of key.endsWith("_") ? keys().filter((each) => each.startsWith(key)) : [key]) attempt(() => localStorage.removeItem(each));
};

/** The journal of an instance: keys and values in turn. */
const journal = (instance) =>
  keys().filter((key) => key.startsWith(`${ENTRY + instance}_`)).flatMap((key) => [key, read(key)]);

const lease = (instance) => keep(LEASE + instance, (renewed = Date.now()));

/** Whether the instance is this page's from now on. */
const take = (instance) =>
  new Promise((taken) => {
    const { locks } = navigator;
    const key = LEASE + instance;
    if (!locks) {
      const free = !(Math.abs(Date.now() - read(key)) < LEASE_MS);
      if (free) {
        lease(instance);
        // A newer one is another page's.
        held.set(instance, () => read(key) > renewed || forget(key));
      }
      return taken(free);
    }
    locks
      .request(`reco_${instance}`, { ifAvailable: true }, (lock) => {
        const mine = lock && !away;
        taken(mine);
        return mine && new Promise((release) => held.set(instance, release));
      })
      // A sandboxed page gets none. It has no storage either.
      .catch(() => taken(true));
  });

const letGo = () => {
  for (const release of held.values()) release();
  held.clear();
};

const isOwn = (instance) => [...own.values()].includes(instance);

/** Tells whom it concerns what stands in an instance's journal: everybody, unless it is a tracker's own. */
const report = (instance, entries) => {
  for (const [tell, of] of own) if (of === instance || !isOwn(instance)) tell([ADOPTED, instance, ...entries]);
};

/** Adopts the journals of pages that are gone. */
const adopt = async () => {
  const found = new Set(keys().map((key) => JOURNAL.exec(key)?.[1]));
  for (const instance of found) {
    if (!instance || !own.size || held.has(instance) || isOwn(instance) || !(await take(instance))) continue;
    const entries = journal(instance);
    if (entries.length) report(instance, entries);
    // A crashed page's lease, with nothing left to do.
    else held.get(instance)();
  }
};

/** Looks for journals to adopt when the page has nothing better to do. */
export const seek = () => own.size && (window.requestIdleCallback ?? setTimeout)(adopt);

/** This tracker keeps its journal under that instance from now on. Without one: nobody may keep any, and none stays. */
export const mind = (tell, instance) => {
  if (!instance) {
    own.clear();
    letGo();
    forget(ENTRY);
    forget(LEASE);
    for (const batch of acknowledgements()) setCookie(`reco_ack_${batch}`);
  } else if (own.get(tell) !== instance) {
    own.set(tell, instance);
    take(instance).then((mine) => mine || tell([ADOPTED, instance]));
    seek();
  }
};

/** This tracker is gone: whoever comes may adopt what it leaves. */
export const leave = (tell) => {
  own.delete(tell);
  if (!own.size) letGo();
};

/** The page goes, or its leases ran out. What was in its hands may be another page's when it is back: {@link present}. */
export const depart = () => {
  gone ??= [...held.keys()];
  away = true;
  letGo();
};

const renew = () => {
  const late = Math.abs(Date.now() - renewed);
  if (navigator.locks || !held.size || late < RENEWAL_MS) return;
  if (late < LEASE_MS) for (const instance of held.keys()) lease(instance);
  else depart();
};

const comeBack = async () => {
  away = false;
  await new Promise((done) => setTimeout(done, RETURN_MS));
  await Promise.all(gone.map(async (instance) => report(instance, (await take(instance)) ? journal(instance) : [])));
  returning = undefined;
  if (!away) gone = undefined;
};

/** Does it now, or once it is known what is left of the journals of a page that was away. */
export const present = (deed) => {
  renew();
  if (gone) (returning ??= comeBack()).then(deed);
  else deed();
};
