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
  const warn = (code, problem) => heard.fault(code, FIELD, `${problem}: consent stays "pending"`);
  const misuse = () => warn("out-of-range", `must be ${SOURCES.join(", ")} or a function that calls its argument`);
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
      const { follow } = await load(name);
      follow(own, source);
    } catch (error) {
      await stays();
      warn("internal", error);
    }
  else misuse();
}
