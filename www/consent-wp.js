// consentFrom: "wp": the WP Consent API of WordPress, which most of its banners set. https://github.com/WordPress/wp-consent-level-api

import { cookie } from "../src/browser/host/cookies.js";
import { hear } from "../src/browser/host/env.js";
import { following, oneOf } from "./consent/answer.js";
import { whenFound } from "./consent/wait.js";

const EVENTS = ["wp_listen_for_consent_change", "wp_consent_type_defined"];

/** https://github.com/WordPress/wp-consent-level-api/blob/master/README.md */
const CATEGORIES = ["functional", "preferences", "statistics-anonymous", "statistics", "marketing"];

/** "optin" or "optout", maybe with a suffix: of the visitor's region where the banner knows it, otherwise of the site. */
const typeOf = (page) =>
  String(page.wp_consent_type ?? page.wp_fallback_consent_type ?? page.consent_api?.consent_type ?? "");

const listen = (answer, { category }, safe, _, here) => {
  const page = /** @type {any} */ (window);
  const look = safe(() => {
    const said = cookie(`${page.consent_api?.cookie_prefix ?? "wp_consent"}_${category}`);
    // Without a banner for it, the plugin has no type.
    if (said || typeOf(page)) here();
    // Without an answer, the site's own rule holds: under "optout" it is a yes, under "optin" the visitor is still to be asked.
    if (said || typeOf(page).includes("optout")) answer(page.wp_has_consent(category) === true, Boolean(said));
  });
  const ends = [];
  const wait = whenFound(
    () => typeof page.wp_has_consent === "function",
    () => {
      for (const type of EVENTS) ends.push(hear(document, type, look));
      // Another tab may have changed it.
      ends.push(hear(document, "visibilitychange", look));
      look();
    },
  );
  return () => {
    wait();
    for (const end of ends) end();
  };
};

export const follow = following(
  { category: ["preferences", oneOf(...CATEGORIES)] },
  () => "consent type of the WP Consent API",
  listen,
);
