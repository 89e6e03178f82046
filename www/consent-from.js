// consentFrom: takes the visitor's decision from the page's banner instead of calls to consent().

import { stays } from "./page.js";

/** The banners' interfaces. Each has a file of its own, which is loaded only when it is named. */
const SOURCES = ["tcf", "gpp", "google", "wp", "shopify"];
const FIELD = "config.consentFrom";

/**
 * `own` is what the parts of one tracker share, `source` the option, `load(name)` brings the file of a source.
 *
 * @param {any} own
 * @param {any} source
 * @param {(name: string) => Promise<{ follow: Function }>} load
 */
export function followConsent(own, source, load) {
  const { engine, heard, tracker } = own;
  const name = source.source ?? source;
  if (typeof source === "function") engine.guard(() => source(tracker.consent), null, FIELD);
  else if (!SOURCES.includes(name))
    heard.warn({ code: "out-of-range", field: FIELD, message: `must be a function or ${SOURCES.join(", ")}` });
  else if (!engine.isDead)
    load(name).then(
      ({ follow }) => follow(own, source),
      (error) => stays().then(() => heard.warn({ code: "internal", field: FIELD, message: String(error) })),
    );
}
