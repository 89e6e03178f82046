// consentFrom: "shopify": Shopify's Customer Privacy API. https://shopify.dev/docs/api/customer-privacy

import { hear } from "../src/browser/host/env.js";
import { following, oneOf } from "./consent/answer.js";
import { whenFound } from "./consent/wait.js";

const FEATURE = { name: "consent-tracking-api", version: "0.1" };
const ALLOWED = {
  __proto__: null,
  preferences: "preferencesProcessingAllowed",
  analytics: "analyticsProcessingAllowed",
  marketing: "marketingAllowed",
};

const listen = (answer, { purpose }, safe, _, here) => {
  const page = /** @type {any} */ (window);
  let asked = false;
  const api = safe(() => {
    const { customerPrivacy, loadFeatures } = page.Shopify ?? {};
    if (!customerPrivacy && loadFeatures && !asked) {
      asked = true;
      loadFeatures([FEATURE], () => {});
    }
    return typeof customerPrivacy?.[ALLOWED[purpose]] === "function" && customerPrivacy;
  });
  const look = safe(() => {
    const privacy = api();
    if (!privacy) return;
    here();
    const allowed = privacy[ALLOWED[purpose]]() === true;
    // "": the visitor has not answered. Where no answer is needed, it is allowed all the same.
    const said = Boolean(privacy.currentVisitorConsent?.()[purpose]);
    if (allowed || said) answer(allowed, said);
  });
  const ends = [hear(document, "visitorConsentCollected", look), hear(document, "visibilitychange", look)];
  ends.push(whenFound(api, look));
  return () => {
    for (const end of ends) end();
  };
};

const RULES = { purpose: ["preferences", oneOf("preferences", "analytics", "marketing")] };

export const follow = following(RULES, () => "Shopify.customerPrivacy", listen);
