// The façade: the methods of index.d.ts over a module that arrives later, or never. It keeps what
// is called early, never throws into the page, and goes quietly dead when the module traps.

import { consentOf, keyOf, leave, REPLAYED } from "./early.js";

/** Methods that the engine carries out; they may be called before it is there. */
const VERBS = [...REPLAYED, "page", "consent"];

/** Protocols that only the larger module has: most shops never load it. */
const LARGER = ["yoochoose", "factfinder", "intempt"];

/** Calls that are kept while the module loads: as many as its queue holds by default. */
const MOST_EARLY = 1000;

/** Trackers by their destinations: a second one for the same would send everything twice. */
const open = new Map();

class TrackerError extends Error {
  constructor({ code, field, message }) {
    super(message);
    this.name = "TrackerError";
    this.code = code;
    if (field) this.field = field;
  }
}

/**
 * Makes a tracker, or hands out the one that has the same destinations.
 *
 * `load(larger, wasmUrl)` brings the functions of the larger or the smaller module, and those of parked.js. Returns the tracker and `dispatch(verb,
 * args, at)`, by which the script tag replays what was called earlier.
 */
export function create(config, load) {
  const key = keyOf(config);
  const known = open.get(key);
  if (known) {
    known.warn({ code: "config", field: "config.destinations", message: "there is a tracker for these destinations already: it is used" });
    return known;
  }
  const made = make(config ?? {}, load, () => open.delete(key));
  if (key && inPage()) open.set(key, made);
  return made;
}

// In Node a page is rendered for many visitors: nothing may happen there.
const inPage = () => typeof document !== "undefined";

function make(config, load, forget) {
  const { onWarning, debug, consentFrom, wasmUrl, ...settings } = config;
  const listeners = { sent: [], acknowledged: [], dropped: [], warning: onWarning ? [onWarning] : [] };
  let early = [];
  /** Who waits for everything to be answered. */
  const waiting = [];
  /** The module's functions, and the number by which they know this tracker. */
  let core = null;
  let number;
  let dead = !inPage();
  let timers = 0;
  /** The account, as far as this page has said; undefined: it is whoever was there before. */
  let saidUser = settings.identity?.userId;

  const log = (...parts) => debug && console.debug("recobeacon:", ...parts);

  const emit = (type, detail) => {
    log(type, detail);
    for (const listener of [...listeners[type]]) {
      try {
        listener(detail);
      } catch (error) {
        // The page's own fault: shown to its developer, not thrown into our caller.
        console.error(error);
      }
    }
  };

  const warn = (detail) => {
    const error = new TrackerError(detail);
    emit("warning", error);
    return error;
  };

  const die = (code, cause) => {
    dead = true;
    core = null;
    // Without a network it will be there on the next page, and what was called waits for that.
    if (!(cause instanceof TypeError)) early = [];
    return warn({ code, message: String(cause?.message ?? cause) });
  };

  /** Runs something of the module; nothing that goes wrong in it reaches the page. */
  const guard = (run, otherwise = null, field = undefined) => {
    if (dead) return otherwise;
    try {
      return run();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) die("internal", error);
      // A getter or a proxy in the page's own argument threw.
      else warn({ code: "bad-type", field, message: String(error) });
      return otherwise;
    }
  };

  /** What the module knows of itself; otherwise something else. */
  const ask = (what, otherwise = null, timer = 0) =>
    guard(() => core && JSON.parse(core.state(number, timer))[what]) ?? otherwise;

  const run = (verb, args, at) => guard(() => core?.call(number, [...args, verb], at), null, verb);

  const call = (verb, args, at) => {
    const deed = () => {
      log(verb, ...args);
      if (core) {
        core.call(number, [...args, verb], at);
        if (verb === "consent") found(core, [[verb, args]]).then((pages) => replay(pages, saidUser));
      } else if (early.push([verb, args, at]) > MOST_EARLY) {
        early.shift();
        warn({ code: "queue-full", field: verb, message: "too many calls before the module was loaded" });
      }
    };
    guard(deed, null, verb);
  };

  /** What earlier pages had to leave undone, if this one may do it: what waits for consent waits where it is. */
  const found = async ({ forget, resend, take }, calls) => {
    const consent = consentOf(settings, calls);
    if (consent === "denied" || consent === "anonymous") forget();
    if (consent !== "granted") return [];
    resend(settings);
    return take(settings);
  };

  /** Does it, as whoever those pages were made for; afterwards it is `user` again. */
  const replay = (pages, user) => {
    const identify = (user, at) => user !== undefined && run(...(user === null ? ["logout", [], at] : ["login", [user], at]));
    for (const { userId, calls, at } of pages) {
      identify(userId, at);
      for (const call of calls) run(...call);
    }
    if (pages.length) identify(user, Date.now());
  };

  const start = async () => {
    // A page that is only being prepared may never be seen.
    if (document.prerendering) {
      await new Promise((activated) => document.addEventListener("prerenderingchange", activated, { once: true }));
    }
    let loaded;
    try {
      loaded = await load([].concat(settings.destinations).some((one) => LARGER.includes(one?.protocol)), wasmUrl);
    } catch (error) {
      throw die("wasm-unavailable", error);
    }
    if (dead) return;
    let problem;
    try {
      number = loaded.start([plain(settings)], (type, detail) => {
        if (type === "settled") for (const done of waiting.splice(0)) done();
        else if (type === "warning") problem = warn(detail);
        else emit(type, detail);
      }, (...happening) => guard(() => loaded.happened(number, ...happening)));
    } catch (error) {
      problem = warn({ code: "config", field: "config", message: String(error) });
    }
    if (number === undefined) {
      dead = true;
      forget();
      // It has told what makes the configuration unusable, or it is none at all.
      throw problem;
    }
    const pages = await found(loaded, early);
    if (dead) return;
    core = loaded;
    replay(pages, settings.identity?.userId);
    for (const call of early.splice(0)) run(...call);
  };

  const tracker = {
    get userId() {
      return core ? ask("userId") : (saidUser ?? null);
    },
    get anonymousId() {
      return ask("anonymousId");
    },
    get sessionId() {
      return core ? ask("sessionId") : (settings.identity?.sessionId ?? null);
    },
    consumeTimer(item, options) {
      const id = ++timers;
      let last = 0;
      // The engine knows an element's measures, never the element.
      const { element, ...measures } = options ?? {};
      call("consumeTimer", [item, measures, id], Date.now());
      return {
        get percentage() {
          return (last = ask("percentage", last, id));
        },
        stop() {
          void this.percentage;
          call("stopTimer", [id], Date.now());
        },
      };
    },
    observeRecommendations(_container, options) {
      call("observeRecommendations", [options], Date.now());
      return { disconnect() {} };
    },
    flush: () =>
      ready.then(
        () =>
          new Promise((done) => {
            waiting.push(done);
            if (!guard(() => core && (core.call(number, ["flush"], 0), true))) done();
          }),
        () => {},
      ),
    stats: () => {
      const none = { accepted: 0, rejected: 0, queued: 0, sent: 0, acknowledged: 0, merged: 0, dropped: 0 };
      return core ? ask("stats", none) : { ...none, accepted: early.length, queued: early.length };
    },
    on(type, listener) {
      if (!listeners[type] || typeof listener !== "function") {
        warn({ code: "bad-type", field: "on", message: "on needs \"sent\", \"acknowledged\", \"dropped\" or \"warning\", and a function" });
        return () => {};
      }
      listeners[type].push(listener);
      return () => {
        listeners[type] = listeners[type].filter((other) => other !== listener);
      };
    },
    dispose() {
      call("dispose", [], Date.now());
      forget();
      dead = true;
    },
  };
  for (const verb of VERBS) {
    tracker[verb] = (...args) => {
      if (verb === "login" && typeof args[0] === "string") saidUser = args[0];
      if (verb === "logout") saidUser = null;
      call(verb, args, Date.now());
    };
  }

  const ready = dead ? Promise.resolve() : start();
  // Never unload, which keeps a page out of the back/forward cache.
  if (inPage()) addEventListener("pagehide", () => core || (early = leave(settings, early)));
  ready.catch(() => {});
  tracker.ready = ready;

  // Somebody is to be asked: until there is an answer, the answer is not yes.
  if (consentFrom) settings.consent ??= "pending";
  if (typeof consentFrom === "function") {
    guard(() => consentFrom(tracker.consent));
  } else if (consentFrom) {
    warn({ code: "unknown-option", field: "config.consentFrom", message: "this version takes consentFrom as a function" });
  }

  const dispatch = (verb, args, at) => {
    if (VERBS.includes(verb)) return void call(verb, args, at);
    if (verb === "ready") return void ready.then(() => args[0]?.(tracker), () => {});
    return typeof tracker[verb] === "function" ? tracker[verb](...args) : void call(verb, args, at);
  };
  return { tracker, dispatch, warn };
}

/** The settings without what was left out: for a user id, undefined and null mean different things. */
function plain(settings) {
  const identity = Object.entries(settings.identity ?? {}).filter(([, value]) => value !== undefined);
  return { ...settings, identity: Object.fromEntries(identity) };
}
