// The interfaces of banners for the drop-in, ycq.js, which takes `follow` from the element of this script.

import { attempt } from "../src/browser/host/env.js";
import { remember } from "./consent.js";
import { follow as google } from "./consent-google.js";
import { follow as gpp } from "./consent-gpp.js";
import { follow as shopify } from "./consent-shopify.js";
import { follow as tcf } from "./consent-tcf.js";
import { follow as wp } from "./consent-wp.js";
import { off, warn } from "./ycq/browser.js";

const SOURCES = { __proto__: null, tcf, gpp, google, wp, shopify };

/** @type {any} */ (document.currentScript).follow = (name, decide) => {
  if (!SOURCES[name]) return warn("nothing is sent, because data-consent-from names no banner");
  const apply = (state) => {
    remember({ identity: {} }, [["consent", [state]]]);
    decide(state === "granted");
  };
  // An earlier refusal and Global Privacy Control are a no, until the banner says yes. A signal is no decision to remember.
  if (off() || /** @type {any} */ (navigator).globalPrivacyControl) decide(false);
  const tracker = { consent: (state) => state === "pending" || apply(state) };
  const heard = { fault: (_, field, problem) => warn(`${field} ${problem}`) };
  SOURCES[name]({ engine: { attempt }, heard, tracker }, name);
};
