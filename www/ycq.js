// The replacement for ibexa-tracker.js and yct.js: executes the commands in the page's `_ycq` and sends the same
// requests as these scripts. It is a small script without the WebAssembly module. It passes ids and parameters
// unchanged, so that no engine is needed, and the pages that load it expect a script of about 5 kB.

import { attempt } from "../src/browser/host/env.js";
import { off, warn } from "./ycq/browser.js";
import { follow } from "./ycq/consent.js";
import { resume, send } from "./ycq/send.js";
import { visitor } from "./ycq/visitor.js";

/** Most events that are kept before `_setMandator`. */
const MOST_WAITING = 100;

// Only known during the first run of the script.
const own = /** @type {Partial<HTMLScriptElement>} */ (
  document.currentScript || document.querySelector('script[src*="ycq"]') || { dataset: {} }
);
const { endpoint = "https://event.perso.ibexa.co", path = "api", consentFrom } = own.dataset;

let base;
let customer;
/** undefined: the visitor has not decided. */
let granted = consentFrom === undefined ? true : undefined;
const waiting = [];

const text = (value) => (value == null ? "" : `${value}`);
/**
 * Not encoded, as in the old script, because an id may be encoded already. Only characters that would split the path
 * are encoded.
 */
const raw = (value) => text(value).replace(/[/?#\\]/g, encodeURIComponent);
const encoded = (id) => {
  // Every URL parser resolves these, encoded or not.
  if (/^\.\.?$/.test(id)) throw 'an id cannot be "." or ".."';
  return encodeURIComponent(text(id));
};
/** The named user. "" stands for the cookie's. */
const named = (user) => (text(user) === "undefined" ? "" : encoded(user));
const query = (params) => text(params).replace(/^(?=[^?])/, "?");

function emit(event, user, rest) {
  if (!customer || granted === undefined) {
    if (waiting.length >= MOST_WAITING) throw "too many events wait for _setMandator or for consent";
    waiting.push([event, user, rest]);
  } else if (granted && !off()) {
    // Made only now, because a visitor who has refused consent gets no cookie.
    send(`${base}/${customer}/${event}/${user || visitor()}/${rest}`);
  }
}

/** A valid event, ready to be sent. */
function item(type, event, id, user, params) {
  if (!text(type) || !text(event) || !text(id)) throw "needs an item type, an event and an item id";
  const rest = `${raw(type)}/${encoded(id)}${query(params)}`;
  const who = named(user);
  return () => emit(raw(event), who, rest);
}

function setMandator(id) {
  if (!text(id)) throw "needs a customer id";
  customer = raw(id);
  proceed();
}

/** Sends the events that have waited. */
function proceed() {
  for (const args of waiting.splice(0)) emit(...args);
}

function decide(yes) {
  granted = yes;
  if (yes) resume(base);
  proceed();
}

const COMMANDS = {
  __proto__: null,
  _setMandator: setMandator,
  _setAccount: setMandator,
  _trackPageview: (page, user) => item(1, "click", text(page) || document.title, user)(),
  _trackEvent: (...args) => item(...args)(),
  _trackTimedEvent(type, event, id, ms, ...more) {
    if (!(ms >= 0)) throw "the fourth value must be a number of milliseconds";
    const go = item(type, event, id, ...more);
    setTimeout(guard, ms, go, ["_trackTimedEvent"]);
  },
  _login(source, target, params) {
    if (!text(target)) throw "needs a source and a target user";
    emit("login", named(source) && raw(source), encoded(target) + query(params));
  },
};

/** Errors of the page's commands are not thrown into the page. The console gets no value of a command, which may be a user. */
function guard(callback, command) {
  try {
    callback();
  } catch (why) {
    warn(
      `${why.message ? "an exception was thrown" : why}; not sent:`,
      attempt(() => command[0]),
    );
  }
}

const run = (command) =>
  guard(() => {
    const [name, ...args] = [].slice.call(command || []);
    if (!COMMANDS[name]) throw "unknown command";
    COMMANDS[name](...args);
  }, command);

function start() {
  // By its name, because a page may declare it with `let`, and then it is not a property of the window.
  let queue = typeof _ycq === "undefined" ? null : _ycq;
  // The old script, or this one, is running already.
  if (queue && (queue.recobeacon || !Array.isArray(queue))) return;
  queue ||= window._ycq = [];
  queue.recobeacon = true;

  try {
    base = [new URL(endpoint, location.href).href, path]
      .map((part) => part.replace(/^\/+|\/+$/g, ""))
      .filter(Boolean)
      .join("/");
  } catch {
    return warn("nothing is sent, because data-endpoint is not an address");
  }
  if (consentFrom !== undefined) follow(consentFrom, own, decide);
  else resume(base);

  // The parameters of the vendor's links to recommended items. The vendor refuses the event without a scenario.
  const [, scenario] = /[?&#]scenario=([^&#]+)/.exec(location.href) || [];
  if (scenario && /[?&#]ycreco=true/.test(location.href))
    run(["_trackEvent", 1, "clickrecommended", document.title, "", `?scenario=${scenario}`]);

  // The page's own array stays the queue, because other scripts may have references to it.
  const before = queue.splice(0);
  queue.push = (...commands) => {
    commands.forEach(run);
    return 0;
  };
  before.forEach(run);
}

// A prerendered page is not a visit yet.
if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
else attempt(start);
