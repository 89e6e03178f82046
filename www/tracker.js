// The façade: the methods of index.d.ts over a module that loads later, or never. It never throws into the page.

import { clock } from "../src/browser/host/env.js";
import { earlyCalls } from "./calls.js";
import { consentOf, isAsked, pendingIfAsked, remember } from "./consent.js";
import { followConsent } from "./consent-from.js";
import { connection } from "./engine.js";
import { handles } from "./handles.js";
import { accountIn, gate } from "./hash.js";
import { listening } from "./listeners.js";
import { start } from "./loader.js";
import { inPage } from "./page.js";
import { VISITOR_CALLS } from "./rules.gen.js";
import { differences, keyOf, read } from "./settings.js";
import { agreement } from "./tabs.js";
import { watching } from "./watch.js";

/** Methods that the engine executes. They may be called before it has loaded. */
const VERBS = [...VISITOR_CALLS, "page", "consent"];

/** Trackers by their destinations. A second tracker for the same ones would send everything twice. */
const open = new Map();

/**
 * Creates a tracker, or returns the one with the same destinations.
 *
 * `load(larger, { wasmUrl, baseUrl })` loads the functions of the larger or the smaller module, and those of resume.js;
 * `measure({ baseUrl })` loads measure.js, and `source(name, { baseUrl })` the file of a banner's interface. Returns the
 * tracker and `dispatch(verb, args, at)`, with which the script tag replays earlier calls.
 *
 * @param {import("./index.js").Config} config
 * @param {(larger: boolean, where: { wasmUrl?: string | URL, baseUrl?: string | URL }) => Promise<any>} load
 * @param {(where: { baseUrl?: string | URL }) => Promise<{ measure(port: object): any }>} measure
 * @param {(name: string, where: { baseUrl?: string | URL }) => Promise<{ follow: Function }>} source
 * @param {object} defaults the options of an entry
 */
export function create(config, load, measure, source, defaults = {}) {
  const { options: given, values, wrong } = read(config);
  const options = { ...defaults, ...given };
  const key = keyOf(options);
  const found = open.get(key);
  const known = found?.isClosed() ? undefined : found;
  const heard = known?.heard ?? listening(options);
  if (known) join(known, options, values);
  for (const path of wrong) heard.fault("bad-type", path, "threw an exception");
  if (known) return known;
  const made = { values, ...make(options, heard, { load, measure, source }, key) };
  if (key && inPage()) open.set(key, made);
  return made;
}

/**
 * Puts a tracker together. `own` is the state that its parts share; `files` loads the other files of the build.
 *
 * @param {any} config
 * @param {any} heard
 * @param {{ load: Function, measure: Function, source: Function }} files
 * @param {string} key
 */
function make(config, heard, files, key) {
  const { onWarning, debug, consentFrom, wasmUrl, baseUrl, autoTrack, ...settings } = config;
  const auto = autoTrack === true ? { attributes: true } : autoTrack || {};
  pendingIfAsked(settings, consentFrom, heard.fault);
  if (debug && inPage() && consentOf(settings, []) !== (settings.consent ?? "granted"))
    heard.log("consent", "denied", "by the browser's setting or an earlier answer");
  for (const group of ["identity", "respect", "queue"]) settings[group] ??= {};
  /** Carries out a decision without the module. */
  const settle = () => remember(settings, early.calls);
  const close = () => (settle(), own.watcher.end(), own.unfollow?.(), own.tabs?.end(), (own.isClosed = true));
  const settleFlushes = () => {
    for (const done of own.flushing.splice(0)) done();
  };
  const engine = connection(heard, () => (settle(), settleFlushes(), own.tabs.share()));
  const early = earlyCalls(settings);
  const leave = () => engine.isOpen || engine.isDead || early.leave();
  const user = () => (engine.isOpen ? own.user : settings.identity.userId);
  const recover = (module, calls) =>
    module.recover(settings, consentOf(settings, calls), VISITOR_CALLS, engine.run, user).catch(heard.internal);
  /** @type {any} */
  const own = { settings, auto, heard, engine, early, close, leave, recover, settleFlushes, flushing: [] };
  /** Runs a function after the calls that wait for a hash. */
  own.gate = (run) => run();
  identify(own);
  own.call = calling(own);
  own.watcher = watching(own, () => files.measure({ baseUrl }));
  const ready = (own.ready = engine.isDead
    ? Promise.resolve()
    : start(own, (larger) => files.load(larger, { wasmUrl, baseUrl })));
  ready.catch(() => {});
  const tracker = (own.tracker = publicObject(own));
  // `unload` would keep a page out of the back/forward cache.
  if (inPage()) addEventListener("pagehide", leave);
  own.watcher.start();

  if (inPage()) own.tabs = agreement(key, (state) => own.call("consent", [state], undefined, true));
  if (isAsked(consentFrom)) void followConsent(own, consentFrom, (name) => files.source(name, { baseUrl }));
  return { tracker, heard, dispatch: dispatching(own), isClosed: () => own.isClosed };
}

/** Takes the account of the configuration. With `identity.hash`, nothing else sees it before it is hashed. */
function identify(own) {
  const { identity } = own.settings;
  /** The account that this page has named. undefined: the account of earlier pages. */
  own.user = identity.userId;
  if (!identity.hash || !inPage()) return;
  own.gate = gate(own.heard.fault);
  const { userId, ...others } = identity;
  own.settings.identity = others;
  own.user = undefined;
  if (userId === undefined) return;
  const holder = { userId };
  own.identified = new Promise((done) => {
    const take = () => done((others.userId = own.user = holder.userId));
    own.gate(take, holder, "userId", "config.identity.userId");
  });
}

/** Handles a call, before and after the module has loaded. */
const calling =
  (own) =>
  (verb, args, at = clock(), isToldByTab = false) => {
    const { engine, heard, tabs } = own;
    const { element } = heard;
    const decide = () => remember(own.settings, [[verb, args]]);
    // The visitor's decision holds for later pages. Other calls decide nothing.
    if (own.disposed) return decide();
    // Observation of the page ends before the page view does.
    if (verb === "page") own.watcher.page();
    const execute = () => {
      if (verb === "login" && typeof args[0] === "string") own.user = args[0];
      if (verb === "logout") own.user = null;
      // No other value, because some are never sent: a wrong account, and personal data in a text.
      heard.log(verb, verb === "consent" ? args[0] : "");
      if (!engine.isOpen) return own.early.add([verb, args, at, heard.element]);
      engine.call(verb, args, at);
      if (verb === "consent") void own.recover(engine.module, [[verb, args]]);
    };
    // A login without a hash has no effect, like any other that is refused.
    const run = (hash) => {
      if (hash !== null || verb !== "login") heard.withElement(element, () => engine.guard(execute, null, verb));
      if (verb !== "consent" || !tabs) return;
      // Without a module. If it is still loading, it carries out a yes itself: events from before the yes may have been made after an earlier no.
      if (engine.isDead || (!engine.isOpen && args[0] !== "granted")) decide();
      if (!isToldByTab) tabs.tell(args[0], engine.isOpen || engine.isDead);
    };
    engine.attempt(() => own.gate(run, ...accountIn(verb, args)), null, verb);
  };

/** Executes a call that the script tag replays. */
const dispatching =
  ({ tracker, ready, call }) =>
  (verb, args, at) => {
    const [listener] = args;
    if (verb === "ready")
      return void ready.then(
        () => typeof listener === "function" && listener(tracker),
        () => {},
      );
    // A value that is no text must not be used as a name.
    const name = typeof verb === "string" ? verb : "reco";
    const isOther = !VERBS.includes(name) && tracker.hasOwnProperty(name) && typeof tracker[name] === "function";
    return isOther ? tracker[name](...args) : void call(name, args, at);
  };

/** A second call for the same destinations: adds its onWarning. Its other options have no effect. */
function join({ values, heard: { listeners, fault } }, { onWarning }, others) {
  if (onWarning) listeners.warning.push(onWarning);
  const paths = differences(values, others);
  for (const path of paths.length ? paths : ["config.destinations"])
    fault("config", path, "has no effect: these destinations have a tracker");
}

/** The tracker as index.d.ts describes it. */
function publicObject(own) {
  const { engine, early, heard, call, ready, settings } = own;
  const { ask } = engine;
  const tracker = /** @type {any} */ ({
    ready,
    get userId() {
      return engine.isOpen ? ask("userId") : (own.user ?? null);
    },
    get anonymousId() {
      return ask("anonymousId");
    },
    get sessionId() {
      return engine.isOpen ? ask("sessionId") : (settings.identity.sessionId ?? null);
    },
    ...handles(call, ask, own.watcher.watch),
    on: heard.on,
    flush: () =>
      ready.then(
        () =>
          new Promise((done) => {
            own.gate(() => {
              own.flushing.push(done);
              engine.run("flush", [], 0);
              if (!engine.isOpen) done(undefined);
            });
          }),
        () => {},
      ),
    stats() {
      const { calls, leftOut } = early;
      const queued = calls.length;
      const unsent = {
        accepted: queued + leftOut,
        rejected: 0,
        queued,
        sent: 0,
        acknowledged: 0,
        merged: 0,
        dropped: leftOut,
      };
      return ask("stats", unsent);
    },
    dispose() {
      if (own.disposed) return;
      own.watcher.end();
      call("dispose", []);
      own.close();
      // It is queued as the last call before the module has loaded.
      own.disposed = true;
    },
  });
  for (const verb of VERBS) {
    tracker[verb] = (...args) => call(verb, args);
  }
  return tracker;
}
