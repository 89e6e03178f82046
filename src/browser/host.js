// What the shell asks of the browser. Everything here may be blocked, absent or throw, and is
// answered without throwing. It is JavaScript because it is nothing but calls of the page's own
// API, which cost ten times as much when each goes through the module's boundary.

const PROBE = "reco_probe";
const ACKNOWLEDGEMENT = "reco_ack_";
/** What counts as an act of the visitor. */
const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];
/** Shortest time between two acts that are told: the engine counts in tens of seconds. */
const ACT_PAUSE_MS = 1000;

const attempt = (deed) => {
  try {
    return deed();
  } catch {
    // Blocked by the browser, the visitor or a sandbox: as if it were not there.
  }
};

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
    domains().find((domain) => {
      write(PROBE, 1, 60, domain);
      const accepted = cookie(PROBE) === "1";
      write(PROBE, "", 0, domain);
      return accepted;
    }) ?? "");

/** A cookie's value, decoded; undefined where there is none, or it is damaged. */
export const cookie = (name) => {
  const found = cookies().find((pair) => pair.startsWith(`${name}=`));
  return found && attempt(() => decodeURIComponent(found.slice(name.length + 1)));
};

/** Writes a cookie for the domain, or for the registrable one. Refused, it is simply not there. */
export const setCookie = (name, value, days, domain) =>
  write(name, encodeURIComponent(value), days * 86400, domain || registrableDomain());

/** Deletes a cookie, whichever of our domains it was written for. */
export const deleteCookie = (name) => {
  if (cookies().some((pair) => pair.startsWith(`${name}=`))) {
    for (const domain of ["", ...domains()]) write(name, "", 0, domain);
  }
};

/** Deletes the collector's acknowledgements, so that they do not pile up in every request. */
export const clearAcknowledgements = () => {
  for (const pair of cookies()) {
    if (pair.startsWith(ACKNOWLEDGEMENT)) deleteCookie(pair.split("=")[0]);
  }
};

/** What is kept under a key. Even reading `localStorage` throws where it is blocked. */
export const kept = (key) => attempt(() => localStorage.getItem(key)) ?? undefined;

/** Keeps a text. Where storage is full: what is kept here only spares a second sending. */
export const keep = (key, value) => attempt(() => localStorage.setItem(key, value));

/** Deletes what is kept. */
export const forget = (key) => attempt(() => localStorage.removeItem(key));

/** What the browser says at the start, a bit each: GPC, Do Not Track, online, visible. */
export const signals = () =>
  (navigator.globalPrivacyControl ? 1 : 0) |
  (navigator.doNotTrack === "1" ? 2 : 0) |
  (navigator.onLine !== false ? 4 : 0) |
  (document.visibilityState !== "hidden" ? 8 : 0);

/**
 * Tells what happens to the page: 0 hidden or going, 1 seen (again), 2 online, 3 offline. Returns
 * what ends it.
 *
 * `pagehide` and `visibilitychange` both, because their order differs between leaving a page and
 * closing its tab, and a discarded tab gets only the second. Never `unload`, which keeps a page out
 * of the back/forward cache.
 */
export const listen = (tell) => {
  const ends = [
    hear(document, "visibilitychange", () => tell(document.visibilityState === "hidden" ? 0 : 1)),
    hear(window, "pagehide", () => tell(0)),
    hear(window, "pageshow", () => tell(1)),
    hear(window, "online", () => tell(2)),
    hear(window, "offline", () => tell(3)),
  ];
  return () => ends.forEach((end) => end());
};

/** Tells 4 when the visitor does something. Returns what ends it. */
export const listenToActs = (tell) => {
  let last = -ACT_PAUSE_MS;
  const ends = ACTS.map((type) =>
    hear(window, type, ({ timeStamp }) => {
      if (timeStamp - last < ACT_PAUSE_MS) return;
      last = timeStamp;
      tell(4);
    }),
  );
  return () => ends.forEach((end) => end());
};

/** Before the page's own handlers, also where one of them stops the event; and never in its way. */
const hear = (target, type, listener) => {
  const options = { capture: true, passive: true };
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
};

/**
 * `fetch` that outlives the page. `settled(status, retryAfter)`: an HTTP status, 0 for a redirect
 * that was not followed, -1 for an answer that cannot be read, -2 for none; and `Retry-After` in
 * seconds, or 0.
 */
export const send = async (url, method, body, noCors, settled) => {
  let status = -2;
  let retryAfter = 0;
  try {
    const response = await fetch(url, {
      method,
      // A string is sent as text/plain, for which no browser asks the server first.
      body,
      keepalive: true,
      // A collector's cookies are its acknowledgement, and the identity that it renews.
      ...(noCors ? { mode: "no-cors", credentials: "omit" } : { credentials: "include", redirect: "manual" }),
    });
    status = response.type === "opaque" ? -1 : response.status;
    retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
  } catch {
    // No network, no such host, CORS, or over the browser's quota: it does not say which.
  }
  settled(status, retryAfter);
};

/** What the façade hears of: a problem, */
export const warn = (sink, code, field, detail) => sink("warning", { code, field, message: `${field} ${detail}` });

/** a request that the browser took or that was answered, */
export const delivered = (sink, news, destination, events, url, bytes, transport) =>
  sink(news, { destination, events, url, bytes, transport });

/** and events that a destination will not get. */
export const dropped = (sink, destination, events, code) => sink("dropped", { destination, events, code });
