// What the other files here are made of: the browser's clock, dice and moods, values for the module, and what
// is told. Everything in this directory may be blocked, absent or throw, and is answered without
// throwing. It is JavaScript because it is nothing but calls of the page's own API, which cost ten
// times as much when each goes through the module's boundary.
//
// Three files and no more: the server of wasm-bindgen's tests forgets requests when more come at once.

export const attempt = (deed) => {
  try {
    return deed();
  } catch {
    // Blocked by the browser, the visitor or a sandbox: as if it were not there.
  }
};

// Libraries replace what the language has: Prototype and MooTools `Array.from`, `Object.keys`, `Object.values` and `reduce`, Datejs
// `Date.now` by one that returns a Date; `find`, `some` and `every` of Prototype
// end by an exception that MooTools' `each` does not catch; and Prototype 1.6 gives arrays a `toJSON` that returns text. Shipped code uses these
// three instead; tests/e2e/natives.test.mjs has the list.

/** Milliseconds since the epoch. */
export const clock = () => new Date().getTime();

/** As JSON. A replacer finds each value in its holder as it was before any `toJSON`. */
export const json = (value) =>
  JSON.stringify(
    value,
    /** @this {any} */ function (key) {
      return this[key];
    },
  );

/** A list of so many. */
export const times = (length, make) => {
  const list = [];
  for (let n = 0; n < length; n++) list.push(make(n));
  return list;
};

/** Before the page's own handlers, also where one of them stops the event; and never in its way. */
export const hear = (target, type, listener) => {
  const options = { capture: true, passive: true };
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
};

export const isHidden = () => document.visibilityState === "hidden";

/** Milliseconds since the epoch, milliseconds on a clock that never goes back, and 128 random bits. */
export const now = () => [
  clock(),
  performance.now(),
  // A browser that blocks `crypto` still has visitors that have to be told apart.
  ...(attempt(() => crypto.getRandomValues(new Uint8Array(16))) ?? times(16, () => Math.random() * 256)),
];

/** What the browser says at the start, a bit each: GPC, Do Not Track, online, visible, `fetchLater`. */
export const signals = () =>
  (navigator.globalPrivacyControl ? 1 : 0) |
  (navigator.doNotTrack === "1" ? 2 : 0) |
  (navigator.onLine !== false ? 4 : 0) |
  (isHidden() ? 0 : 8) |
  (window.fetchLater ? 16 : 0);

/**
 * Writes a value down as numbers, each part behind a number that says what it is: convert.rs reads
 * them. Nesting beyond `depth` is not looked at, no more of a text than `longest` characters, and no more of an
 * object than `width` fields; of a list one more, so that a longer one is seen to be longer.
 */
export const flatten = (value, depth, width, longest = Infinity) => {
  const numbers = [];
  const text = (text) => {
    const characters = [...text.slice(0, longest)];
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

// What is told: to the module, by `tell([number, ...])`, and by the module to the façade.

/** The timer has run out; */
export const WAKE = 0;
/** the page is hidden, or going; seen (again); */
export const HIDDEN = 1;
export const SHOWN = 2;
/** the network is there, is gone; */
export const ONLINE = 3;
export const OFFLINE = 4;
/** the visitor did something; */
export const ACT = 5;
/** what became of a request: its number, an HTTP status or one of those below, `Retry-After` in seconds; */
export const OUTCOME = 6;
/** a content security policy forbids a request: its number; */
export const BLOCKED = 7;
/** a batch's request has ended: `<stream>.<seq>`, and the HTTP status, or 0 where the browser does not say; */
export const FINISHED = 8;
/** batches that the collector has, by cookies: `<stream>.<seq>` each; */
export const ACKNOWLEDGED = 9;
/** all that is known of an instance's journal now: the instance, then keys and values in turn. */
export const ADOPTED = 10;

/** Outcomes that are no status: an answer that cannot be read, none, and none because of a policy. A redirect that was not followed is 0. */
export const OPAQUE = -1;
export const NONE = -2;
export const FORBIDDEN = -3;

/** As much of an endpoint's words as a warning repeats. */
const LONGEST_QUOTE = 300;

/** What an endpoint says in the answer that is being told, if it says anything. */
let quote = "";

/** Whatever is warned of meanwhile is warned of because of this answer. */
export const quoting = (words, deed) => {
  quote = words && `: ${words.slice(0, LONGEST_QUOTE)}`;
  deed();
  quote = "";
};

/** What the façade hears of: that nothing is under way, */
export const settled = (sink) => sink("settled");

/** a problem, */
export const warn = (sink, code, field, detail) =>
  sink("warning", { code, field, message: `${field} ${detail}${code === "refused" ? quote : ""}` });

/** and what became of events: by which transport a request went, or why there was none. */
export const notify = (sink, news, destination, events, how, url, bytes) =>
  sink(
    news,
    url === undefined ? { destination, events, code: how } : { destination, events, url, bytes, transport: how },
  );
