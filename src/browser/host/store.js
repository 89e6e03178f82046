// Cookies, on the registrable domain; and localStorage, and whose journal in it is whose: the outbox survives
// its page, and another page adopts it. An instance is one page with a tracker; its entries are
// `reco_o_<instance>_...`.
//
// A page is alive as long as it holds its instance's Web Lock: that goes with a page that crashes. It is let
// go by hand in `pagehide`, since who asks for a lock that a page in the back/forward cache holds
// throws that page out of the cache. Nobody holds another's lock for longer than it takes to adopt
// what is there. https://w3c.github.io/web-locks/
//
// Where there are no locks (insecure http) a lease stands for it, `reco_l_<instance>`: when its page
// was last seen at work. There two pages may adopt one journal in the very same moment.

import { ADOPTED, attempt, clock, flatten } from "./basics.js";

const PROBE = "reco_probe";

/** All cookies, each `name=value`. The getter throws in a sandboxed frame. */
const cookies = () => attempt(() => document.cookie.split("; ")) ?? [];

const write = (name, value, maxAge, domain) =>
  attempt(() => {
    document.cookie =
      `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${maxAge}` +
      (domain ? `; Domain=${domain}` : "") +
      (location.protocol === "https:" ? "; Secure" : "");
  });

/** The host's domains of two labels and more, shortest first. None for an address or `localhost`. */
const domains = () => {
  const labels = location.hostname.split(".");
  return /^\d*$/.test(labels[labels.length - 1]) ? [] : labels.map((_, n) => labels.slice(-n - 1).join(".")).slice(1);
};

let ownDomain;

/** The shortest domain that the browser accepts a cookie for: it knows the public suffixes. */
const registrableDomain = () =>
  (ownDomain ??=
    domains().filter((domain) => {
      write(PROBE, 1, 60, domain);
      const accepted = cookie(PROBE) === "1";
      write(PROBE, "", 0, domain);
      return accepted;
    })[0] ?? "");

/** A cookie's value, decoded; undefined where there is none, or it is damaged. */
export const cookie = (name) => {
  const found = cookies().filter((pair) => pair.startsWith(`${name}=`))[0];
  return found && attempt(() => decodeURIComponent(found.slice(name.length + 1)));
};

/** Writes a cookie for the domain, or for the registrable one; or deletes it. Refused, it is simply not there. */
export const setCookie = (name, value, days, domain) =>
  value === undefined
    ? deleteCookie(name)
    : write(name, encodeURIComponent(value), days * 86400, domain || registrableDomain());

/** Deletes a cookie, whichever of our domains it was written for. */
const deleteCookie = (name) => {
  if (cookies().filter((pair) => pair.startsWith(`${name}=`)).length) {
    for (const domain of ["", ...domains()]) write(name, "", 0, domain);
  }
};

/** The batches that a collector says it has, `<stream>.<seq>` each: this page's, and those of others. */
export const acknowledgements = () => cookies().flatMap((pair) => /^reco_ack_(\w+\.\d+)=/.exec(pair)?.[1] ?? []);

/** A lease that is older has no owner. Who was asleep for longer asks first what is left, {@link present}. */
const LEASE_MS = 600_000;
/** A lease is not renewed more often. */
const RENEWAL_MS = 5_000;
/** The page that was left for this one has let go by then, also where it was left by going back in history. */
const SEEK_MS = 500;
/** Who has not gone by then stays. */
const WAVER_MS = 1_000;

/** What everything of ours is under, in localStorage. */
const OURS = "reco_";
const ENTRY = "reco_o_";
const LEASE = "reco_l_";
const JOURNAL = /^reco_[lo]_(\w{22})(_|$)/;

/** Each tracker's own instance, and what lets it go. */
const own = new Map();
const held = new Map();
/** Whether somebody else may have had what is ours, until it is known: `returning`. */
let away = false;
let returning;
let renewed = 0;
let seeking;

export const keys = () => attempt(() => Object.getOwnPropertyNames(localStorage)) ?? [];

export const read = (key) => attempt(() => localStorage.getItem(key));

/** What these cookies and these keys hold. Even reading `localStorage` throws where it is blocked. */
export const stored = (names, keys) => flatten([...names.split(" ").map(cookie), ...keys.split(" ").map(read)], 1, 9);

/** Characters of all that is ours when it was last counted, and of what this page has written since. */
let taken = Infinity;

/** Whether we may have so many more: where nothing gets through, each page leaves something. */
const hasRoom = (more, most) => {
  if (taken + more > most) {
    taken = 0;
    for (const key of keys()) if (key.startsWith(OURS)) taken += key.length + (read(key)?.length ?? 0);
  }
  taken += more;
  return taken <= most;
};

/** Keeps a text. False where storage is blocked or full, or all that is ours would be more than `most` characters. */
export const keep = (key, value, most) =>
  attempt(() => {
    if (key.startsWith(ENTRY) && !hasRoom(key.length + value.length, most)) return false;
    localStorage.setItem(key, value);
    return true;
  }) ?? false;

/** Deletes what is kept under a key; one that ends with `_` stands for all that begin so. */
const remove = (key) => {
  for (const each of key.endsWith("_") ? keys().filter((each) => each.startsWith(key)) : [key])
    attempt(() => localStorage.removeItem(each));
};

/** The same, and where all outboxes are meant, consent was withdrawn: whatever belongs to them goes too. */
export const forget = (key) => {
  remove(key);
  if (key !== ENTRY) return;
  own.clear();
  letGo();
  remove(LEASE);
  for (const batch of acknowledgements()) setCookie(`reco_ack_${batch}`);
};

/** Tells what stands in an instance's journal: keys and values in turn, in the order of the numbers in the keys. */
const report = (tell, instance) => {
  const prefix = `${ENTRY + instance}_`;
  const entries = keys()
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => a.slice(prefix.length) - b.slice(prefix.length));
  const texts = entries.map((key) => [key, read(key)]).filter(([, text]) => text != null);
  tell([ADOPTED, instance, ...texts.flat()]);
};

const lock = (instance, options, deed) => navigator.locks.request(`reco_${instance}`, options, deed);

const lease = (instance) => keep(LEASE + instance, (renewed = clock()));

/**
 * Holds a tracker's own instance: resolves when it does.
 * @returns {Promise<unknown>}
 */
const hold = (instance) =>
  new Promise((done) => {
    const begin = (release) => done(held.set(instance, release));
    if (navigator.locks) {
      // Nobody else keeps it, but an earlier request of our own may still be on its way.
      lock(instance, { steal: true }, () => (away ? done(undefined) : new Promise(begin))).catch(done);
    } else {
      lease(instance);
      begin(() => remove(LEASE + instance));
    }
  });

const letGo = () => {
  for (const release of held.values()) release();
  held.clear();
};

/** Adopts the journals of pages that are gone, for whichever tracker each entry is meant. */
const adopt = () => {
  seeking = undefined;
  if (away || !own.size) return;
  const mine = [...own.values()];
  for (const instance of new Set(keys().map((key) => JOURNAL.exec(key)?.[1]))) {
    if (!instance || mine.includes(instance)) continue;
    const take = (free) => free && !away && [...own.keys()].forEach((tell) => report(tell, instance));
    if (navigator.locks) lock(instance, { ifAvailable: true }, take).catch(() => {});
    else if (!(Math.abs(clock() - read(LEASE + instance)) < LEASE_MS)) {
      remove(LEASE + instance);
      take(true);
    }
  }
};

/** Looks for journals to adopt, soon. */
export const seek = () => {
  if (seeking === undefined) seeking = setTimeout(adopt, SEEK_MS);
};

/** This tracker keeps its journal under that instance from now on. */
export const mind = (tell, instance) => {
  held.get(own.get(tell))?.();
  own.set(tell, instance);
  void hold(instance);
  seek();
};

/** This tracker is gone: whoever comes may adopt what it leaves. */
export const leave = (tell) => {
  own.delete(tell);
  if (!own.size) letGo();
};

/** The page goes, or its leases ran out. */
export const depart = () => {
  away = true;
  letGo();
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

/** Does it now, or once it is known what is left of the journal of a page that was away. */
export const present = (deed) => {
  renew();
  if (away || returning) (returning ??= comeBack()).then(deed);
  else deed();
};

/**
 * The page may be about to go. Firefox does not cache a page that held a lock when it was left, not even one that lets go in
 * `pagehide` (measured in 153). A link to a download, or a visitor who would rather stay: then it takes its own back.
 */
export const waver = () => {
  if (!navigator.locks) return;
  depart();
  setTimeout(present, WAVER_MS, () => {});
};
