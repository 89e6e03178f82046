// The visitor's consent before the module has loaded, by the engine's rule. Both are tested with
// tests/vectors/consent.json.

import { cookie } from "../src/browser/host/cookies.js";
import { CONSENTS } from "./rules.gen.js";

/** The consent that the engine would have after these calls. */
export function consentOf({ consent, respect }, calls) {
  let last = consent ?? "granted";
  const gpc = respect?.gpc !== false && navigator.globalPrivacyControl;
  if (gpc || (respect?.dnt && navigator.doNotTrack === "1") || cookie("reco_off")) last = "denied";
  for (const [verb, [said]] of calls) if (verb === "consent" && CONSENTS.includes(said)) last = said;
  return last;
}

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
