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
function read(source, rules, warn) {
  const all = Object.assign({ __proto__: null, otherwise: OTHERWISE }, rules);
  const options = {};
  for (const [name, [standard]] of Object.entries(all)) options[name] = standard;
  for (const [name, value] of Object.entries(Object(source) === source ? source : {})) {
    const field = `${FIELD}.${name}`;
    if (name === "source" || value === undefined) continue;
    const rule = all[name];
    const problem = rule ? "is not valid" : "is not known";
    if (!rule?.[1](value))
      return void warn({
        code: rule ? "out-of-range" : "unknown-option",
        field,
        message: `${field} ${problem}: consent stays "pending"`,
      });
    options[name] = value;
  }
  return options;
}

/**
 * Makes the `follow` of a file. `rules` has the default and the rule of each option. `listen(answer, options, safe, warn)` listens to the banner and returns the function
 * that ends it: `answer(state, isVisitors)` takes a yes (true), a no (false), or that there is no answer (undefined); `isVisitors` says whether the
 * visitor has given it, and not the site's rule for visitors who were not asked. `safe(f)` is the function `f` without exceptions.
 */
export const following = (rules, listen) => (own, source) => {
  const { engine, heard, tracker, settings } = own;
  const safe =
    (deed) =>
    (...args) =>
      engine.guard(() => deed(...args), null, FIELD);
  const options = read(source, rules, heard.warn);
  if (!options) return;
  /** An earlier no and the browser's signals. Only the visitor can withdraw them. */
  const isRefused = () => consentOf({ consent: undefined, respect: settings?.respect }, []) === "denied";
  let last;
  const answer = (yes, isVisitors = true) => {
    if (own.disposed || (yes && !isVisitors && isRefused())) return;
    const state = yes === undefined ? "pending" : yes ? "granted" : options.otherwise;
    // A decision that the page has made by consent() stands until the banner says something new.
    if (state === last || (last === undefined && yes === undefined)) return;
    last = state;
    tracker.consent(state);
  };
  const warn = (message) => heard.warn({ code: "out-of-range", field: FIELD, message });
  const end = safe(listen)(answer, options, safe, warn);
  if (own.disposed) end?.();
  else own.unfollow = end;
};
