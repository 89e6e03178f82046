// What the visitor decided, before the module is there to decide it: the same rule as the engine's, in tests/vectors/consent.json.

import { cookie } from "../src/browser/host/cookies.js";
import { CONSENTS } from "./rules.gen.js";

/** The consent that the engine would find after these calls. */
export function consentOf({ consent, respect }, calls) {
  let last = consent ?? "granted";
  const gpc = respect?.gpc !== false && navigator.globalPrivacyControl;
  if (gpc || (respect?.dnt && navigator.doNotTrack === "1") || cookie("reco_off")) last = "denied";
  for (const [verb, [said]] of calls) if (verb === "consent" && CONSENTS.includes(said)) last = said;
  return last;
}

/** Where somebody is to be asked, the answer is not yes until there is one. */
export const pendingIfAsked = (settings, consentFrom) => consentFrom && (settings.consent ??= "pending");
