// Handles a page that is left before the module has loaded. If all events go to a single collector, its calls are sent
// at once as a raw batch. Otherwise they stay parked for the next page. docs/loading.md has the rules.

import { attempt } from "../../src/browser/host/env.js";
import { consentOf, remember } from "../consent.js";
import { VISITOR_CALLS } from "../rules.gen.js";
import { sendRaw } from "./raw.js";

/**
 * Keeps the calls of a page that is left. `isWhole`: no call was dropped. Returns the calls that the page keeps in case
 * it comes back.
 */
export const leave = (settings, calls, parked, isWhole) => {
  const isParked = parked.put();
  return attempt(() => leftovers(settings, calls, parked, isParked, isWhole)) ?? calls;
};

function leftovers(settings, calls, parked, isParked, isWhole) {
  const { identity } = settings;
  if (document.prerendering) return calls;
  remember(settings, calls);
  if (identity.storage === "memory") return calls;
  const consent = consentOf(settings, calls);
  const gone = calls.filter(([verb]) => VISITOR_CALLS.includes(verb));
  if (consent !== "granted" || !gone.length) return calls;
  // The parked text also has the calls that are missing here.
  return (isWhole && sendRaw(settings, identity, calls, gone, parked)) || isParked
    ? calls.filter((call) => !gone.includes(call))
    : calls;
}
