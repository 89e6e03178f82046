// consentFrom: "tcf": IAB Europe's Transparency and Consent Framework, version 2.2 and later.
// https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20CMP%20API%20v2.md

import { following, wholeTo } from "./consent/answer.js";
import { listenToCmp, PURPOSES } from "./consent/iab.js";

const TCF = {
  name: "__tcfapi",
  version: 2,
  local: (api, command, callback, parameter) => api(command, 2, callback, parameter),
};
/** Vendor ids have 16 bits: https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20Consent%20string%20and%20vendor%20list%20formats%20v2.md */
const LAST_VENDOR = 65_535;
/** The visitor has answered, now or before. Until then the CMP shows its dialogue ("cmpuishown"). */
const ANSWERED = /^(tcloaded|useractioncomplete)$/;

const listen = (answer, { purposes, vendor }, safe, _, here) => {
  const hear = ({ gdprApplies, eventStatus, cmpStatus, purpose, vendor: vendors }) => {
    here();
    if (cmpStatus === "error") return;
    if (gdprApplies === false) return answer(true, false);
    if (!ANSWERED.test(eventStatus)) return;
    const missing = purposes.filter((id) => purpose?.consents?.[id] !== true);
    answer(!missing.length && (vendor === undefined || vendors?.consents?.[vendor] === true));
  };
  return listenToCmp(TCF, hear, safe);
};

export const follow = following(
  { purposes: PURPOSES, vendor: [undefined, wholeTo(LAST_VENDOR)] },
  () => "answer of __tcfapi",
  listen,
);
