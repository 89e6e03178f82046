// consentFrom: "google": Google's Consent Mode, version 2, as the page's data layer has it.
// https://developers.google.com/tag-platform/security/guides/consent

import { following, isText, listOf } from "./consent/answer.js";
import { isCommand, listenToLayer } from "./data-layer.js";

const RULES = { types: [["personalization_storage"], listOf(isText)], dataLayer: ["dataLayer", isText] };

const listen = (answer, { types, dataLayer }, safe, warn, here) => {
  /** By type, "granted" or "denied". Of the defaults the strictest counts, because those of a region may be another region's. */
  const defaults = { __proto__: null };
  const updates = { __proto__: null };
  let isReading = true;
  /** The problems that were reported. */
  const told = [];
  const tell = (problem) =>
    told.includes(problem) || (told.push(problem) && warn(`${problem}: consent stays "pending"`));
  const has = (states, state) => types.filter((type) => states[type] === state).length;
  const decide = () => {
    const states = Object.assign({ __proto__: null }, defaults, updates);
    if (has(updates, "denied")) answer(false);
    else if (has(states, "granted") < types.length) answer(undefined);
    // A default is the site's rule, an update the visitor's answer.
    else answer(true, has(updates, "granted") === types.length);
  };
  const hear = ([command, action, states]) => {
    if (command !== "consent" || Object(states) !== states) return;
    here();
    for (const type of types) {
      if (action === "update") updates[type] = states[type] ?? updates[type];
      else if (action === "default" && defaults[type] !== "denied") defaults[type] = states[type] ?? defaults[type];
    }
    const missing = types.filter((type) => !(updates[type] ?? defaults[type]));
    // A page may make one update for each type.
    if (action === "update" && missing.length) tell(`has had no consent update with ${missing.join(", ")} yet`);
    const wrong = types.filter((type) => ![undefined, "granted", "denied"].includes(states[type]));
    if (wrong.length) tell(`has a value of ${wrong.join(", ")} that is neither "granted" nor "denied"`);
    if (!isReading) decide();
  };
  const take = safe((entry) => isCommand(entry) && hear(entry));
  const end = listenToLayer(dataLayer, take, (callback) => safe(callback)());
  // All entries from before count before the first decision: a stricter default may follow.
  isReading = false;
  decide();
  return end;
};

export const follow = following(RULES, ({ dataLayer }) => `gtag("consent", ...) in ${dataLayer}`, listen);
