// consentFrom: "gpp": IAB's Global Privacy Platform, version 1.1. Reads the sections of the states of the USA, where the visitor can opt out,
// and that of the TCF, where the visitor has to opt in.
// https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform/blob/main/Core/CMP%20API%20Specification.md

import { following } from "./consent/answer.js";
import { listenToCmp, PURPOSES } from "./consent/iab.js";

const GPP = {
  name: "__gpp",
  version: "1.1",
  local: (api, command, callback, parameter) => api(command, callback, parameter),
};
/** https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform/blob/main/Sections/Section%20Information.md */
const TCF_EU = 2;
const US = /^us/;
/** The opt-outs of a section. 0: not applicable. */
const OPT_OUTS = ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"];
const OPTED_OUT = 1;
const NOT_OPTED_OUT = 2;

/** A section has one object, or one for each of its segments. */
const fieldsOf = (section) => Object.assign({}, ...[].concat(section));

/** The platform gives the purposes as a list of yes and no, or as a list of ids. */
const hasPurpose = (consents, id) =>
  typeof consents?.[0] === "boolean" ? consents[id - 1] : [...(consents ?? [])].includes(id);

/**
 * Whether the signals allow it, and whether the visitor has answered; nothing while the platform does not know.
 * @param {any} ping
 * @param {number[]} purposes
 */
function decide({ signalStatus, applicableSections = [], parsedSections = {} }, purposes) {
  if (signalStatus !== "ready") return;
  if (applicableSections.includes(TCF_EU)) {
    const { PurposeConsents } = fieldsOf(parsedSections.tcfeuv2);
    return [!purposes.filter((id) => !hasPurpose(PurposeConsents, id)).length, true];
  }
  const sections = Object.entries(parsedSections);
  // A platform that names a section and does not parse it has said nothing.
  if (applicableSections.filter((id) => id > 0).length && !sections.length) return;
  const states = sections.filter(([prefix]) => US.test(prefix)).map(([, section]) => fieldsOf(section));
  const has = (value) => states.filter((fields) => OPT_OUTS.filter((name) => fields[name] === value).length).length > 0;
  const isOut = has(OPTED_OUT) || states.filter(({ Gpc }) => Gpc === true).length > 0;
  return [!isOut, has(NOT_OPTED_OUT)];
}

const listen = (answer, { purposes }, safe, _, here) => {
  const hear = ({ pingData }) => {
    // The stub answers the registration itself.
    if (pingData?.cmpStatus !== "stub") here();
    const decision = decide(pingData ?? {}, purposes);
    if (decision) answer(...decision);
  };
  return listenToCmp(GPP, hear, safe);
};

export const follow = following({ purposes: PURPOSES }, () => "answer of __gpp", listen);
