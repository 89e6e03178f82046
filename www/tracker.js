// The façade: the methods of index.d.ts over a module that arrives later, or never. It keeps what
// is called early, never throws into the page, and goes quietly dead when the module traps.

import { clock } from "../src/browser/host/env.js";
import { consentOf } from "./consent.js";
import { watchForMarkup } from "./markup.js";
import { leave } from "./recover/leave.js";
import { parking, VISITOR_CALLS } from "./recover/park.js";
import { differences, keyOf, plain } from "./settings.js";
import { TrackerError } from "./tracker-error.js";

/** Methods that the engine carries out; they may be called before it is there. */
const VERBS = [...VISITOR_CALLS, "page", "consent"];

/** Protocols that only the larger module has: most shops never load it. It also reads the data layer. */
const LARGER = ["yoochoose", "factfinder", "intempt"];

/** What tracking without code there is. */
const AUTO = ["attributes", "dataLayer", "jsonLd", "routes"];

/** Calls that are kept while the module loads: as many as its queue holds by default. */
const MOST_EARLY = 1000;

/** Trackers start one after the other: of two that are made for one page, the second finds which orders the first has sent. */
let lastStart = Promise.resolve();

/** Trackers by their destinations: a second one for the same would send everything twice. */
const open = new Map();

/** What the engine is told of calls that are lost: how many, and why. */
const LOST = "lost";

/**
 * Makes a tracker, or hands out the one that has the same destinations.
 *
 * `load(larger, { wasmUrl, baseUrl })` brings the functions of the larger or the smaller module, and those of resume.js;
 * `measure({ baseUrl })` brings measure.js. Returns the tracker and `dispatch(verb, args, at)`, by which the script tag replays what was called earlier.
 *
 * @param {import("./index.js").Config} config
 * @param {(larger: boolean, where: { wasmUrl?: string | URL, baseUrl?: string | URL }) => Promise<any>} load
 * @param {(where: { baseUrl?: string | URL }) => Promise<{ measure(port: object): any }>} measure
 */
export function create(config, load, measure) {
  const key = keyOf(config);
  const known = open.get(key);
  if (known) {
    known.join(config);
    return known;
  }
  const made = make(config ?? {}, load, measure, () => open.delete(key));
  if (key && inPage()) open.set(key, made);
  return made;
}

/**
 * In Node a page is rendered for many visitors: nothing may happen there. jsdom in Jest has a document, but neither `fetch` nor the
 * `TextDecoder` that the module needs: https://github.com/jsdom/jsdom/issues/1724, https://github.com/jsdom/jsdom/issues/2524
 */
const inPage = () => ![typeof document, typeof fetch, typeof TextDecoder].includes("undefined");

/**
 * @param {any} config
 * @param {(larger: boolean, where: { wasmUrl?: string | URL, baseUrl?: string | URL }) => Promise<any>} load
 * @param {(where: { baseUrl?: string | URL }) => Promise<any>} measure
 * @param {() => void} forget
 */
function make(config, load, measure, forget) {
  const { onWarning, debug, consentFrom, wasmUrl, baseUrl, autoTrack, ...settings } = config;
  const auto = autoTrack === true ? { attributes: true } : autoTrack || {};
  const listeners = { sent: [], acknowledged: [], dropped: [], warning: onWarning ? [onWarning] : [] };
  let early = [];
  let parked = parking(settings, early);
  /** Who waits for everything to be answered. */
  const waiting = [];
  /** The module's functions, as soon as what was called earlier is carried out; and the number by which they know this tracker. */
  let core = null;
  let loaded = null;
  let number;
  /** The module has failed; the page does not want it any more; nothing is watched any more. */
  let dead = !inPage();
  let disposed = false;
  let blind = dead;
  /** Calls that there was no room for. */
  let leftOut = 0;
  let handles = 0;
  /** The element that is being spoken for, in warnings. */
  let about;
  /** Codes of warnings that the console has shown. */
  const shown = new Set();
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
    if (about) {
      if (about.told) return;
      about.told = true;
      detail = { ...detail, message: `${detail.message} (${about.name})` };
    }
    const error = new TrackerError(detail);
    if (!listeners.warning.length) show(error);
    emit("warning", error);
    return error;
  };

  /** Where nobody listens for warnings, the console gets one of each code. */
  const show = (error) => {
    if (debug === false || !inPage() || shown.has(error.code)) return;
    shown.add(error.code);
    console.warn(`recobeacon: ${error.code}: ${error.message}`);
  };

  /** A second call for the same destinations: its warnings are told as well, its other options have no effect. */
  const join = ({ onWarning: second, ...other }) => {
    if (second) listeners.warning.push(second);
    const message = "there is a tracker for these destinations already: it is used";
    const paths = differences({ ...config, onWarning: undefined }, other);
    for (const path of paths)
      warn({ code: "config", field: path, message: `${path}: ${message}, with its own option` });
    if (!paths.length) warn({ code: "config", field: "config.destinations", message });
  };

  /** A module that cannot be loaded may be there on the next page: what is called waits for that. */
  const die = (code, cause) => {
    dead = code === "internal";
    if (dead) loaded?.discard();
    core = loaded = null;
    unwatch();
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
    guard(() => core && JSON.parse(core.state(number, timer, what === "sessionId"))[what]) ?? otherwise;

  /** A failure in what nobody waits for. */
  const broken = (error) => void warn({ code: "internal", message: String(error) });

  const run = (verb, args, at) => guard(() => loaded?.call(number, [...args, verb], at), null, verb);

  /** Warnings during the deed are about this element: its name, and whether it was told of. */
  const naming = (element, deed) => {
    const outer = about;
    about = element;
    try {
      return deed();
    } finally {
      about = outer;
    }
  };

  const call = (verb, args, at = clock()) => {
    const deed = () => {
      log(verb, ...args);
      if (core) {
        core.call(number, [...args, verb], at);
        if (verb === "consent") recover([[verb, args]]).catch(broken);
      } else if (verb === LOST) {
        leftOut += args[0];
        parked.leaveOut(args[0]);
      } else {
        parked.add([verb, args, at]);
        if (early.push([verb, args, at, about]) > MOST_EARLY) {
          // The last word on consent stays.
          const [oldest = early[0]] = early.filter(([verb]) => verb !== "consent");
          early.splice(early.indexOf(oldest), 1);
          leftOut += 1;
        }
      }
    };
    if (disposed) return;
    // What is watched ends before the page view does.
    if (verb === "page" && watching) watch((watcher) => watcher.page());
    guard(deed, null, verb);
  };

  /** What earlier pages had to leave undone, if this one may do it: what waits for consent waits where it is. */
  const recover = async (calls) => {
    const { forget, resend, take } = loaded;
    const consent = consentOf(settings, calls);
    if (consent === "denied" || consent === "anonymous") forget();
    if (consent !== "granted") return;
    lose({ damaged: resend(settings) });
    await take(settings, replay);
  };

  /** Counts calls that are lost, by the reason. */
  const lose = (lost) => {
    for (const [code, count] of Object.entries(lost)) if (count > 0) run(LOST, [count, code], 0);
  };

  /** Carries out what earlier pages left, as whoever those pages were made for; afterwards it is this page's account again. */
  const replay = (pages) => {
    const identify = (user, at) =>
      user !== undefined && run(...(user === null ? ["logout", [], at] : ["login", [user], at]));
    for (const { userId, calls, at, lost } of pages) {
      if (calls.length) identify(userId, at);
      for (const call of calls) run(...call);
      lose(lost);
    }
    // What this page has said itself comes after what it found.
    if (pages.length) identify(core ? saidUser : settings.identity?.userId, clock());
  };

  /** A page that is only being prepared may never be seen. */
  const activated = async () => {
    if (document.prerendering) {
      await new Promise((activated) => document.addEventListener("prerenderingchange", activated, { once: true }));
    }
  };

  /** What watches the page, a promise of it, and what waits for a reason to load it. */
  let watcher;
  let watching;
  let lookout;

  /** Uses what watches the page, which is loaded when it is needed for the first time. */
  const watch = (use) => {
    if (blind) return;
    if (watcher) return guard(() => use(watcher));
    lookout?.disconnect();
    watching ??= activated()
      .then(() => measure({ baseUrl }))
      .then((loaded) => {
        const percentage = (id) => ask("percentage", 0, id);
        if (!blind) watcher = loaded.measure({ auto, call, guard, naming, percentage, tracker, verbs: VERBS, warn });
      })
      .catch((error) => void warn({ code: "internal", field: "measure", message: `measure.js: ${error}` }));
    watching.then(() => watcher && guard(() => use(watcher)));
  };

  const unwatch = () => {
    blind = true;
    lookout?.disconnect();
    const ended = watcher;
    watcher = null;
    try {
      ended?.end();
    } catch {
      // It has failed before.
    }
  };

  const start = async () => {
    await activated();
    const larger =
      auto.dataLayer || [].concat(settings.destinations).filter((one) => LARGER.includes(one?.protocol)).length;
    let module;
    try {
      module = await load(Boolean(larger), { wasmUrl, baseUrl });
    } catch (error) {
      throw die("wasm-unavailable", error);
    }
    await (lastStart = lastStart.catch(() => {}).then(() => begin(module)));
  };

  const begin = async (module) => {
    let problem;
    try {
      number = module.start(
        [plain(settings)],
        (type, detail) => {
          if (type === "settled") for (const done of waiting.splice(0)) done();
          else if (type === "warning") problem = warn(detail);
          else emit(type, detail);
        },
        (happening) => guard(() => module.happened(number, happening)),
      );
    } catch (error) {
      problem = warn({ code: "config", field: "config", message: String(error) });
    }
    if (number === undefined) {
      dead = true;
      unwatch();
      forget();
      // It has told what makes the configuration unusable, or it is none at all.
      throw problem;
    }
    loaded = module;
    await recover(early).catch(broken);
    if (dead) return;
    core = loaded;
    removeEventListener("pagehide", left);
    for (const [verb, args, at, element] of early.splice(0)) naming(element, () => run(verb, args, at));
    lose({ "queue-full": leftOut });
  };

  const tracker = /** @type {import("./index.js").Tracker} */ ({
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
      const id = ++handles;
      let last = 0;
      // The engine knows an element's measures, never the element.
      const { element, ...measures } = /** @type {any} */ (options ?? {});
      const { by } = measures;
      const watched = by === "scroll" || by === "media";
      call("consumeTimer", [item, measures, id]);
      if (watched) watch((watcher) => watcher.timer(id, by, element));
      return {
        get percentage() {
          return (last = ask("percentage", last, id));
        },
        stop() {
          void this.percentage;
          if (watched) watch((watcher) => watcher.stop(id));
          call("stopTimer", [id]);
        },
      };
    },
    observeRecommendations(container, options) {
      const id = ++handles;
      call("observeRecommendations", [options, id]);
      watch((watcher) => watcher.observe(id, container, options));
      return {
        disconnect() {
          watch((watcher) => watcher.unobserve(id));
          call("unobserve", [id]);
        },
      };
    },
    flush: () =>
      ready.then(
        () =>
          new Promise((done) => {
            waiting.push(done);
            if (!guard(() => core && (core.call(number, ["flush"], 0), true))) done(undefined);
          }),
        () => {},
      ),
    stats: () => {
      const none = { accepted: 0, rejected: 0, queued: 0, sent: 0, acknowledged: 0, merged: 0, dropped: 0 };
      if (core) return ask("stats", none);
      return { ...none, accepted: early.length + leftOut, queued: early.length, dropped: leftOut };
    },
    on(type, listener) {
      if (!listeners[type] || typeof listener !== "function") {
        warn({
          code: "bad-type",
          field: "on",
          message: 'on needs "sent", "acknowledged", "dropped" or "warning", and a function',
        });
        return () => {};
      }
      listeners[type].push(listener);
      return () => {
        listeners[type] = listeners[type].filter((other) => other !== listener);
      };
    },
    dispose() {
      unwatch();
      call("dispose", []);
      forget();
      // Before the module is there, it is the last thing that waits for it.
      disposed = true;
    },
  });
  for (const verb of VERBS) {
    tracker[verb] = (...args) => {
      if (verb === "login" && typeof args[0] === "string") saidUser = args[0];
      if (verb === "logout") saidUser = null;
      call(verb, args);
    };
  }

  const left = () => {
    if (core || dead) return;
    const stays = leave(settings, early, parked, !leftOut);
    if (stays !== early) leftOut = 0;
    early = stays;
    // Should the page come back.
    parked = parking(settings, early);
  };

  const ready = dead ? Promise.resolve() : start();
  // Never unload, which keeps a page out of the back/forward cache.
  if (inPage()) addEventListener("pagehide", left);
  ready.catch(() => {});
  /** @type {any} */ (tracker).ready = ready;

  for (const [name] of Object.entries(auto)) {
    if (!AUTO.includes(name))
      warn({
        code: "unknown-option",
        field: `config.autoTrack.${name}`,
        message: `config.autoTrack.${name} is not known`,
      });
  }
  if (auto.dataLayer || auto.routes) watch(() => {});
  else if (auto.attributes && !blind)
    activated()
      .then(() => blind || watching || (lookout = watchForMarkup(watch)))
      .catch(broken);

  // Somebody is to be asked: until there is an answer, the answer is not yes.
  if (consentFrom) settings.consent ??= "pending";
  if (typeof consentFrom === "function") {
    guard(() => consentFrom(tracker.consent));
  } else if (consentFrom) {
    warn({
      code: "unknown-option",
      field: "config.consentFrom",
      message: "this version takes consentFrom as a function",
    });
  }

  const dispatch = (verb, args, at) => {
    if (VERBS.includes(verb)) return void call(verb, args, at);
    if (verb === "ready")
      return void ready.then(
        () => args[0]?.(tracker),
        () => {},
      );
    return typeof tracker[verb] === "function" ? tracker[verb](...args) : void call(verb, args, at);
  };
  return { tracker, dispatch, join };
}
