// The common code of the banners' interfaces: their options, and what their answers do. Banners repeat their answers, and errors of their scripts
// must not reach the page.

import { consentOf } from "../consent.js";
import { FIELD } from "./names.js";

/** The state after a no. */
const OTHERWISE = { __proto__: null, denied: 1, anonymous: 1 };

/** Whether an option has the type of its default. An empty list would ask for nothing. */
const isRight = (value, standard) =>
  Array.isArray(standard)
    ? Array.isArray(value) && value.length > 0
    : standard === undefined || (typeof value === typeof standard && value !== "");

/** The options with their defaults; nothing where one of them is wrong, because a guess could be a yes. */
function read(source, defaults, warn) {
  const given = Object(source) === source ? source : {};
  const options = Object.assign({ otherwise: "denied" }, defaults);
  for (const [name, value] of Object.entries(given)) {
    const field = `${FIELD}.${name}`;
    if (name === "source" || value === undefined) continue;
    if (!(name in options)) warn({ code: "unknown-option", field, message: `${field} is not known` });
    else if (!isRight(value, options[name]))
      return void warn({ code: "bad-type", field, message: `${field} is not valid` });
    else options[name] = value;
  }
  if (OTHERWISE[options.otherwise]) return options;
  const field = `${FIELD}.otherwise`;
  warn({ code: "out-of-range", field, message: `${field} must be "denied" or "anonymous"` });
}

/**
 * Makes the `follow` of a file. `defaults` are its options. `listen(answer, options, safe, warn)` listens to the banner and returns the function
 * that ends it: `answer(state, isVisitors)` takes a yes (true), a no (false), or that there is no answer (undefined); `isVisitors` says whether the
 * visitor has given it, and not the site's rule for visitors who were not asked. `safe(f)` is the function `f` without exceptions.
 */
export const following = (defaults, listen) => (own, source) => {
  const { engine, heard, tracker, settings } = own;
  const safe =
    (deed) =>
    (...args) =>
      engine.guard(() => deed(...args), null, FIELD);
  const options = read(source, defaults, heard.warn);
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
