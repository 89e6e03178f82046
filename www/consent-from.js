// consentFrom: takes the visitor's decision from the page's banner instead of calls to consent(). The file of a banner's interface is loaded
// only when it is named.

import { FIELD, SOURCES } from "./consent/names.js";
import { stays } from "./page.js";
import { CONSENTS } from "./rules.gen.js";

/**
 * `own` is what the parts of one tracker share, `source` the option, `load(name)` brings the file of a source.
 *
 * @param {any} own
 * @param {any} source
 * @param {(name: string) => Promise<{ follow: Function }>} load
 */
export async function followConsent(own, source, load) {
  const { engine, heard, tracker } = own;
  const name = source.source ?? source;
  const misuse = () =>
    heard.fault(
      "out-of-range",
      FIELD,
      `must be ${SOURCES.join(", ")} or a function that calls its argument: consent stays "pending"`,
    );
  if (engine.isDead) return;
  if (typeof source === "function") {
    let said = null;
    try {
      said = await source(tracker.consent);
    } finally {
      if ([true, false, null, ...CONSENTS].includes(said)) misuse();
    }
  } else if (SOURCES.includes(name))
    try {
      (await load(name)).follow(own, source);
    } catch (error) {
      await stays();
      heard.fault("internal", FIELD, error);
    }
  else misuse();
}
