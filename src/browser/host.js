// What the shell asks of the browser. Everything here may be blocked, absent or throw, and is
// answered without throwing. It is JavaScript because it is nothing but calls of the page's own
// API, which cost ten times as much when each goes through the module's boundary.

const PROBE = "reco_probe";
const ACKNOWLEDGEMENT = "reco_ack_";
/** What counts as an act of the visitor. */
const ACTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];
/** Shortest time between two acts that are told: the engine counts in tens of seconds. */
const ACT_PAUSE_MS = 1000;
/** More of a text is not looked at: no request may be as long. */
const LONGEST_TEXT = 65536;

/** As much of an endpoint's words as a warning repeats. */
const LONGEST_QUOTE = 300;

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
const cookie = (name) => {
  const found = cookies().find((pair) => pair.startsWith(`${name}=`));
  return found && attempt(() => decodeURIComponent(found.slice(name.length + 1)));
};

/** Writes a cookie for the domain, or for the registrable one; or deletes it. Refused, it is simply not there. */
export const setCookie = (name, value, days, domain) =>
  value === undefined ? deleteCookie(name) : write(name, encodeURIComponent(value), days * 86400, domain || registrableDomain());

/** Deletes a cookie, whichever of our domains it was written for. */
const deleteCookie = (name) => {
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

/** What these cookies and these keys hold. Even reading `localStorage` throws where it is blocked. */
export const stored = (names, keys) =>
  flatten([...names.split(" ").map(cookie), ...keys.split(" ").map((key) => attempt(() => localStorage.getItem(key)))], 1, 9);

/** Keeps a text, or deletes it. Where storage is full: what is kept here only spares a second sending. */
export const keep = (key, value) =>
  attempt(() => (value == null ? localStorage.removeItem(key) : localStorage.setItem(key, value)));

/**
 * Writes a value down as numbers, each part behind a number that says what it is: convert.rs reads
 * them. Nesting beyond `depth` is not looked at, and no more of an object than `width` fields; of a
 * list one more, so that a longer one is seen to be longer.
 */
export const flatten = (value, depth, width) => {
  const numbers = [];
  const text = (text) => {
    const characters = [...text.slice(0, LONGEST_TEXT)];
    numbers.push(characters.length);
    for (const character of characters) numbers.push(character.codePointAt(0));
  };
  const write = (value, depth) => {
    const type = typeof value;
    if (value == null) numbers.push(0);
    else if (type === "boolean") numbers.push(1, value);
    else if (type === "number") numbers.push(2, value);
    else if (type === "string") {
      numbers.push(3);
      text(value);
    } else if (type !== "object" || !depth) numbers.push(6);
    else if (Array.isArray(value)) {
      const list = value.slice(0, width + 1);
      numbers.push(4, list.length);
      for (const element of list) write(element, depth - 1);
    } else {
      const fields = Object.entries(value).slice(0, width);
      numbers.push(5, fields.length);
      for (const [name, field] of fields) {
        text(name);
        write(field, depth - 1);
      }
    }
  };
  write(value, depth);
  return numbers;
};

/** Milliseconds since the epoch, milliseconds on a clock that never goes back, and 128 random bits. */
export const now = () => [
  Date.now(),
  performance.now(),
  // A browser that blocks `crypto` still has visitors that have to be told apart.
  ...(attempt(() => crypto.getRandomValues(new Uint8Array(16))) ?? Array.from({ length: 16 }, () => Math.random() * 256)),
];

/** What the browser says at the start, a bit each: GPC, Do Not Track, online, visible. */
export const signals = () =>
  (navigator.globalPrivacyControl ? 1 : 0) |
  (navigator.doNotTrack === "1" ? 2 : 0) |
  (navigator.onLine !== false ? 4 : 0) |
  (document.visibilityState !== "hidden" ? 8 : 0);

/** What ends the listening, by what is told: to the page, and to the visitor's acts. */
const heard = new Map();

/**
 * Listens to the page, to the visitor's acts, to both or to none of them from now on.
 */
export const listen = (tell, ...wanted) => {
  const ends = heard.get(tell) ?? [];
  heard.set(tell, ends);
  [hearPage, hearActs].forEach((hear, place) => {
    if (!wanted[place]) ends[place] = ends[place]?.forEach((end) => end());
    else ends[place] ??= hear(tell);
  });
};

/**
 * Tells what happens to the page: 0 hidden or going, 1 seen (again), 2 online, 3 offline.
 *
 * `pagehide` and `visibilitychange` both, because their order differs between leaving a page and
 * closing its tab, and a discarded tab gets only the second. Never `unload`, which keeps a page out
 * of the back/forward cache.
 */
const hearPage = (tell) => {
  // A page that is opened in the background is loaded there, and `pageshow` comes all the same.
  const shown = () => tell(document.visibilityState === "hidden" ? 0 : 1);
  return [
    hear(document, "visibilitychange", shown),
    hear(window, "pagehide", () => tell(0)),
    hear(window, "pageshow", shown),
    hear(window, "online", () => tell(2)),
    hear(window, "offline", () => tell(3)),
  ];
};

/** Tells 4 when the visitor does something. */
const hearActs = (tell) => {
  let last = -ACT_PAUSE_MS;
  return ACTS.map((type) =>
    hear(window, type, ({ timeStamp }) => {
      if (timeStamp - last < ACT_PAUSE_MS) return;
      last = timeStamp;
      tell(4);
    }),
  );
};

/** Before the page's own handlers, also where one of them stops the event; and never in its way. */
const hear = (target, type, listener) => {
  const options = { capture: true, passive: true };
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
};

/**
 * `fetch` that outlives the page. Tells 5, the number, and what became of it: an HTTP status, 0 for a redirect
 * that was not followed, -1 for an answer that cannot be read, -2 for none; and `Retry-After` in
 * seconds, or 0.
 */
export const send = async (url, method, body, noCors, header, key, tell, id) => {
  let status = -2;
  let retryAfter = 0;
  let words = "";
  try {
    const response = await fetch(url, {
      method,
      // A string is sent as text/plain, for which no browser asks the server first.
      body,
      headers: key && { "Content-Type": "application/json", [header]: key },
      keepalive: true,
      // A collector's cookies are its acknowledgement, and the identity that it renews. A vendor's are nobody's.
      credentials: noCors || key ? "omit" : "include",
      ...(noCors ? { mode: "no-cors" } : { redirect: "manual" }),
    });
    status = response.type === "opaque" ? -1 : response.status;
    retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
    if (status >= 400) words = (await response.text()).slice(0, LONGEST_QUOTE);
  } catch {
    // No network, no such host, CORS, or over the browser's quota: it does not say which.
  }
  // Whatever is warned of now is warned of because of this answer.
  quote = words && `: ${words}`;
  tell(5, id, status, retryAfter);
  quote = "";
};

/** What an endpoint says in the answer that is being told, if it says anything. */
let quote = "";

/** What the façade hears of: that nothing is under way, */
export const settled = (sink) => sink("settled");

/** a problem, */
export const warn = (sink, code, field, detail) =>
  sink("warning", { code, field, message: `${field} ${detail}${code === "refused" ? quote : ""}` });

/** and what became of events: by which transport a request went, or why there was none. */
export const notify = (sink, news, destination, events, how, url, bytes) =>
  sink(news, url === undefined ? { destination, events, code: how } : { destination, events, url, bytes, transport: how });
