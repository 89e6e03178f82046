// The visitor's consent before the module has loaded, by the engine's rule. Both are tested with
// tests/vectors/consent.json.

import { cookie, setCookie } from "../src/browser/host/cookies.js";
import { attempt } from "../src/browser/host/env.js";
import { erase } from "../src/browser/host/storage.js";
import { CONSENTS, OFF_DAYS } from "./rules.gen.js";

/** The last decision in these calls. */
function decisionIn(calls) {
  let last;
  for (const [verb, [said]] of calls) if (verb === "consent" && CONSENTS.includes(said)) last = said;
  return last;
}

/**
 * The consent that the engine would have after these calls.
 *
 * @param {any} settings
 * @param {any[]} calls
 */
export function consentOf({ consent, respect = {} }, calls) {
  const gpc = respect.gpc !== false && navigator.globalPrivacyControl;
  const isRefused = gpc || (respect.dnt && navigator.doNotTrack === "1") || cookie("reco_off");
  return decisionIn(calls) ?? (isRefused ? "denied" : (consent ?? "granted"));
}

/**
 * Does what the engine would do on the device after these calls. For pages whose module has not loaded or has failed.
 *
 * @param {any} settings
 * @param {any[]} calls
 */
export const remember = ({ identity }, calls) =>
  attempt(() => {
    const said = decisionIn(calls);
    const isNo = said === "denied";
    if (said === "granted" || (isNo && identity.storage !== "memory"))
      setCookie("reco_off", isNo ? 1 : undefined, OFF_DAYS, identity.cookieDomain);
    if (isNo || said === "anonymous") erase();
  });

/** While the visitor has not decided, there is no consent. A misspelt option, such as `consentfrom`, is no yes either. `fault` reports it. */
export function pendingIfAsked(settings, consentFrom, fault) {
  if (settings.consent != null) return;
  const misspelt = Object.entries(settings).filter(([name]) => /^con/i.test(name) && name !== "consent");
  if (isAsked(consentFrom) || misspelt.length) settings.consent = "pending";
  for (const [name] of misspelt) {
    delete settings[name];
    fault("unknown-option", `config.${name}`, 'is not known: consent stays "pending"');
  }
}

/** An empty text is what a template prints for a banner without a name: it is reported, and is no yes. */
export const isAsked = (consentFrom) => consentFrom || consentFrom === "";
