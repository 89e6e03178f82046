// The drop-in for ibexa-tracker.js and yct.js: takes the commands of the page's `_ycq` and sends what that
// script would have sent. A small script of its own, without the WebAssembly module: ids and parameters go
// through as they are, so there is nothing for the engine to decide; and the pages that load it have a
// policy and a patience for a script of 5 kB.

import { attempt } from "../src/browser/host/env.js";
import { off, warn } from "./ycq/browser.js";
import { resume, send } from "./ycq/send.js";
import { visitor } from "./ycq/visitor.js";

/** Events from before `_setMandator` that are kept. */
const MOST_WAITING = 100;

// Only known while the script runs for the first time.
const { endpoint = "https://event.perso.ibexa.co", path = "api" } = /** @type {Partial<HTMLScriptElement>} */ (
  document.currentScript || document.querySelector('script[src*="ycq"]') || { dataset: {} }
).dataset;

let base;
let customer;
const waiting = [];

const text = (value) => (value == null ? "" : `${value}`);
/** Goes out unencoded, as it always did: an id may be encoded already. Only what would make it two parts of the address is not left alone. */
const raw = (value) => text(value).replace(/[/?#\\]/g, encodeURIComponent);
const encoded = (id) => {
  // Every URL parser folds these, encoded or not.
  if (/^\.\.?$/.test(id)) throw 'an id cannot be "." or ".."';
  return encodeURIComponent(text(id));
};
/** The user who was named; "" stands for the cookie's. */
const named = (user) => (text(user) === "undefined" ? "" : encoded(user));
const query = (params) => text(params).replace(/^(?=[^?])/, "?");

function emit(event, user, rest) {
  if (!customer) {
    if (waiting.length >= MOST_WAITING) throw "too many events wait for _setMandator";
    waiting.push([event, user, rest]);
  } else if (!off()) {
    // Not earlier: who has said no gets no cookie.
    send(`${base}/${customer}/${event}/${user || visitor()}/${rest}`);
  }
}

/** An event that is right, ready to go. */
function item(type, event, id, user, params) {
  if (!text(type) || !text(event) || !text(id)) throw "it takes an item type, an event and an item id";
  const rest = `${raw(type)}/${encoded(id)}${query(params)}`;
  const who = named(user);
  return () => emit(raw(event), who, rest);
}

function setMandator(id) {
  if (!text(id)) throw "it takes a customer id";
  customer = raw(id);
  for (const args of waiting.splice(0)) emit(...args);
}

const COMMANDS = {
  __proto__: null,
  _setMandator: setMandator,
  _setAccount: setMandator,
  _trackPageview: (page, user) => item(1, "click", text(page) || document.title, user)(),
  _trackEvent: (...args) => item(...args)(),
  _trackTimedEvent(type, event, id, ms, ...more) {
    if (!(ms >= 0)) throw "its fourth value is a number of milliseconds";
    const go = item(type, event, id, ...more);
    setTimeout(guard, ms, go, id);
  },
  _login(source, target, params) {
    if (!text(target)) throw "it takes a source and a target user";
    emit("login", named(source) && raw(source), encoded(target) + query(params));
  },
};

/** Nothing that a page does wrong is thrown into it. */
function guard(deed, command) {
  try {
    deed();
  } catch (why) {
    warn(`${why.message || why}; not sent:`, command);
  }
}

const run = (command) =>
  guard(() => {
    const [name, ...args] = [].slice.call(command || []);
    if (!COMMANDS[name]) throw "there is no such command";
    COMMANDS[name](...args);
  }, command);

function start() {
  // By its name: pages declare it with `let` as well, and then it is no property of the window.
  let queue = typeof _ycq === "undefined" ? null : _ycq;
  // The other script, or this one, was here before.
  if (queue && (queue.recobeacon || !Array.isArray(queue))) return;
  queue ||= window._ycq = [];
  queue.recobeacon = true;

  try {
    base = [new URL(endpoint, location.href).href, path]
      .map((part) => part.replace(/^\/+|\/+$/g, ""))
      .filter(Boolean)
      .join("/");
  } catch {
    return warn("data-endpoint is no address; nothing is sent:", endpoint);
  }
  resume(base);

  // The mark of the vendor's links to recommended items. Without a scenario the vendor refuses the event.
  const [, scenario] = /[?&#]scenario=([^&#]+)/.exec(location.href) || [];
  if (scenario && /[?&#]ycreco=true/.test(location.href))
    run(["_trackEvent", 1, "clickrecommended", document.title, "", `?scenario=${scenario}`]);

  // The page's own array goes on being the queue: others may hold on to it.
  const before = queue.splice(0);
  queue.push = (...commands) => {
    commands.forEach(run);
    return 0;
  };
  before.forEach(run);
}

// A page that nobody looks at yet is not a visit.
if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
else attempt(start);
