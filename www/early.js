// Calls that were made before the module was there, in a page that is left. They are parked for the next page; or, where all events
// go to one collector of ours, they leave at once, as a raw batch that it makes events of. docs/loading.md has the rules.
//
// Of a page that is left before this script is there, snippet.js parks them. parked.js is what the next page does with them.

/** Calls that are about the visitor. All others are about the page that made them. */
export const REPLAYED = [
  "click", "consume", "basket", "deleteFromBasket", "wishlist", "deleteFromWishlist", "buy", "rate", "blacklist",
  "rendered", "clickRecommended", "followLink", "triggerOpened", "clickTriggered",
  "feedback", "cacheHit", "landingPageClick", "predictiveBasketClick",
  "login", "logout",
];

/** Orders that left in a raw batch: the tracker does not send them, it remembers them. */
export const BOUGHT = "bought";

/** Where calls are parked, and raw batches that nobody has acknowledged: a key for each page. */
export const PARKED = "reco_q";
export const RAW = "reco_raw_";
/** Among more keys than these nothing is kept: whoever blocks the tracker itself would have more and more of them. */
const MOST_KEYS = 999;
const OFF_DAYS = 180;
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export const attempt = (deed) => {
  try {
    return deed();
  } catch {
    // Blocked by the browser, the visitor or a sandbox: as if it were not there.
  }
};

/** The last word on consent, as the tracker would find it. */
export function consentOf({ consent, respect }, calls) {
  let last = consent ?? "granted";
  const gpc = respect?.gpc !== false && navigator.globalPrivacyControl;
  if (gpc || (respect?.dnt && navigator.doNotTrack === "1") || cookie("reco_off")) last = "denied";
  for (const [verb, [said]] of calls) if (verb === "consent") last = said;
  return last;
}

/** Keeps the calls of a page that is left. Returns those that stay with it, should it come back. */
export const leave = (settings, calls) => attempt(() => kept(settings, calls)) ?? calls;

function kept(settings, calls) {
  const identity = settings.identity ?? {};
  if (identity.storage === "memory" || document.prerendering) return calls;
  const consent = consentOf(settings, calls);
  if (consent === "denied" && calls.some(([verb]) => verb === "consent")) keepCookie("reco_off", 1, OFF_DAYS, identity);
  const gone = calls.filter(([verb]) => REPLAYED.includes(verb));
  if (consent !== "granted" || !gone.length) return calls;
  return sendRaw(settings, identity, calls, gone) || park(settings, gone) ? calls.filter((call) => !gone.includes(call)) : calls;
}

/** For a page with the same destinations. The stub writes the same: JSON, and a comma behind each call. */
const park = (settings, calls) =>
  keep(settings, PARKED + Math.random(), `${written([["create", [settings], Date.now()], ...calls])},`);

/** The calls as JSON, without those that have an argument that cannot be written. (What else the façade keeps is about this page.) */
const written = (calls) =>
  calls
    .map((call) => attempt(() => JSON.stringify(call.slice(0, 3))))
    .filter(Boolean)
    .join();

const keep = ({ queue }, key, text) =>
  attempt(() => {
    if (queue?.persist === false || localStorage.length >= MOST_KEYS) return false;
    localStorage.setItem(key, text);
    return true;
  });

/**
 * Sends the calls to the collector, if there is no other destination. Not where somebody logs in or out: that is for the next page
 * to know, and it would tell the collector again. True when the browser took them.
 */
function sendRaw(settings, identity, calls, gone) {
  const [to, ...others] = [].concat(settings.destinations);
  if (to?.protocol !== "batch" || to.transport === "fetch" || others.length) return false;
  if (gone.some(([verb]) => verb === "login" || verb === "logout")) return false;
  const { itemType, consent, respect } = settings;
  const { anonymousId, userId = cookie("reco_user") } = identity;
  const stream = id();
  const head = {
    v: 1,
    stream,
    seq: 0,
    sentAt: Date.now(),
    ack: true,
    token: to.token,
    anonymous: anonymousId ?? visitor(identity),
    user: userId ?? undefined,
    orders: attempt(() => localStorage.getItem("reco_orders")) ?? undefined,
    config: { itemType, consent, respect, identity: { anonymousId } },
  };
  const raw = written(calls.filter((call) => gone.includes(call) || call[0] === "consent"));
  const body = `${JSON.stringify(head).slice(0, -1)},"raw":[${raw}]}`;
  const url = `${to.endpoint}${to.endpoint.includes("?") ? "&" : "?"}b=${stream}.0`;
  if (!attempt(() => navigator.sendBeacon(url, body))) return false;
  // The browser took it; whether it arrived is for the next page to find out.
  keep(settings, RAW + stream, JSON.stringify([keyOf(settings), new URL(url, location.href).href, body, head.sentAt]));
  const bought = gone.filter(([verb]) => verb === "buy").map(([, args, at]) => [BOUGHT, args, at]);
  if (bought.length) park(settings, bought);
  return true;
}

/** The visitor's id. A new visitor gets it here, in the cookies in which the tracker will find it. */
function visitor(identity) {
  const name = identity.cookieName ?? "reco_id";
  const known = cookie(name);
  if (known && /^[\w-]{8,512}$/.test(known)) return known;
  const made = id();
  const days = identity.cookieDays ?? 90;
  keepCookie(name, made, days, identity);
  keepCookie(`${name}_at`, `${Math.floor(Date.now() / 1000)}.c`, days, identity);
  return made;
}

const id = () => Array.from(crypto.getRandomValues(new Uint8Array(22)), (byte) => LETTERS[byte % 62]).join("");

/** A cookie's value, decoded. */
export const cookie = (name) =>
  attempt(() => {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
    return found && decodeURIComponent(found.slice(name.length + 1));
  });

/** Writes a cookie for the shortest domain that takes it, as the tracker does. */
const keepCookie = (name, value, days, { cookieDomain }) => {
  const labels = location.hostname.split(".");
  const domains = cookieDomain ? [cookieDomain] : labels.map((_, n) => labels.slice(-n - 1).join("."));
  const secure = location.protocol === "https:" ? "; Secure" : "";
  for (const domain of [...domains.map((domain) => `; Domain=${domain}`), ""]) {
    attempt(() => (document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${days * 86_400}${domain}${secure}`));
    if (cookie(name) === String(value)) return;
  }
};

/** By what trackers, and what is parked for them, are told apart. */
export function keyOf(config) {
  try {
    return JSON.stringify([].concat(config.destinations));
  } catch {
    return "";
  }
}
