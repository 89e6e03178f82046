// consentFrom: takes the visitor's decision from the page's banner instead of calls to consent(). The file of a banner's interface is loaded
// only when it is named.

import { FIELD, SOURCES } from "./consent/names.js";
import { stays } from "./page.js";

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
    heard.warn({ code: "out-of-range", field: FIELD, message: `${FIELD} must be a function or ${SOURCES.join(", ")}` });
  else if (!engine.isDead)
    load(name).then(
      ({ follow }) => follow(own, source),
      (error) => stays().then(() => heard.warn({ code: "internal", field: FIELD, message: String(error) })),
    );
}
