// The common code of the banners' interfaces: their options, and what their answers do. Banners repeat their answers, and errors of their scripts
// must not reach the page.

import { consentOf } from "../consent.js";
import { FIELD } from "./names.js";

/** Rules for the values of options. */
export const isText = (value) => typeof value === "string" && value !== "";
export const oneOf =
  (...allowed) =>
  (value) =>
    allowed.includes(value);
export const wholeTo = (most) => (value) => value > 0 && value <= most && value % 1 === 0 && typeof value === "number";
/** An empty list would ask for nothing. */
export const listOf = (isRight) => (value) =>
  Array.isArray(value) && value.length > 0 && !value.filter((one) => !isRight(one)).length;

/** The state after a no. */
const OTHERWISE = ["denied", oneOf("denied", "anonymous")];

/** The options with their defaults; nothing where one of them is wrong or unknown, because a guess could be a yes. */
function read(source, rules, fault) {
  const all = Object.assign({ __proto__: null, otherwise: OTHERWISE }, rules);
  const options = {};
  for (const [name, [standard]] of Object.entries(all)) options[name] = standard;
  for (const [name, value] of Object.entries(Object(source) === source ? source : {})) {
    const field = `${FIELD}.${name}`;
    if (name === "source" || value === undefined) continue;
    const rule = all[name];
    const [code, problem] = rule ? ["out-of-range", "is not valid"] : ["unknown-option", "is not known"];
    if (!rule?.[1](value)) return void fault(code, field, `${problem}: consent stays "pending"`);
    options[name] = value;
  }
  return options;
}

/** The time in which a banner is expected to be there. Consent platforms load late, and slow pages need some seconds. */
const EXPECTED_SECONDS = 15;

/** Runs `missing()` if `isHere()` has not become true. A hidden or prerendered page has time: its banner may wait, too. */
function expect(isHere, missing) {
  let seconds = 0;
  const timer = setInterval(() => {
    if (!document.hidden) seconds += 1;
    if (!isHere() && seconds < EXPECTED_SECONDS) return;
    clearInterval(timer);
    if (!isHere()) missing();
  }, 1000);
}

/**
 * Makes the `follow` of a file. `rules` has the default and the rule of each option, `banner` names what the banner has. `listen(answer, options, safe, warn, here)` listens
 * to the banner and returns the function that ends it: `answer(state, isVisitors)` takes a yes (true), a no (false), or that there is no answer
 * (undefined); `isVisitors` says whether the visitor has given it, and not the site's rule for visitors who were not asked. `safe(f)` is the function
 * `f` without exceptions. `warn(problem)` reports a wrong use of it, and `here()` says that it is there, although it has no answer.
 */
export const following = (rules, banner, listen) => (own, source) => {
  const { engine, heard, tracker, settings } = own;
  const safe =
    (callback) =>
    (...args) =>
      engine.attempt(() => callback(...args), null, FIELD);
  const options = read(source, rules, heard.fault);
  if (!options) return;
  /** An earlier no and the browser's signals. Only the visitor can withdraw them. */
  const isRefused = () => consentOf({ consent: undefined, respect: settings?.respect }, []) === "denied";
  let last;
  let isHere = false;
  const here = () => {
    isHere = true;
  };
  const answer = (yes, isVisitors = true) => {
    if (own.disposed || (yes && !isVisitors && isRefused())) return;
    const state = yes === undefined ? "pending" : yes ? "granted" : options.otherwise;
    // A decision that the page has made by consent() stands until the banner says something new.
    if (state === last || (last === undefined && yes === undefined)) return;
    last = state;
    tracker.consent(state);
  };
  const warn = (problem) => heard.fault("out-of-range", FIELD, problem);
  const end = safe(listen)(answer, options, safe, warn, here);
  const missing = () =>
    heard.fault("missing-field", FIELD, `has found no ${banner(options)} yet: is this page's banner another one?`);
  expect(() => isHere || own.disposed, missing);
  if (own.disposed) end?.();
  else own.unfollow = end;
};
