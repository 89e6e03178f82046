// consentFrom: "google": Google's Consent Mode, version 2, as the page's data layer has it.
// https://developers.google.com/tag-platform/security/guides/consent

import { following } from "./consent/answer.js";
import { isCommand, listenToLayer } from "./data-layer.js";

const TYPES = ["personalization_storage"];

const listen = (answer, { types = TYPES, dataLayer = "dataLayer" }, safe) => {
  /** By type, "granted" or "denied": the defaults, of which the strictest counts, because those of a region may be another region's. */
  const defaults = {};
  const updates = {};
  const hear = ([command, action, states]) => {
    if (command !== "consent" || !states) return;
    for (const type of types) {
      if (action === "update") updates[type] = states[type] ?? updates[type];
      else if (action === "default" && defaults[type] !== "denied") defaults[type] = states[type] ?? defaults[type];
    }
    const all = (state) => !types.filter((type) => !state(type)).length;
    // A default is no answer of the visitor's, unless it is a yes.
    if (all((type) => (updates[type] ?? defaults[type]) === "granted")) answer(true);
    else if (types.filter((type) => updates[type] === "denied").length) answer(false);
  };
  const take = safe((entry) => isCommand(entry) && hear(entry));
  return listenToLayer(dataLayer, take, (deed) => safe(deed)());
};

export const follow = following(listen);
