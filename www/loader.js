// Loads the module that a tracker needs. begin.js, which is loaded with it, continues the start.

import { activated, stays } from "./page.js";
import { LARGER } from "./rules.gen.js";

/**
 * Trackers start one after the other, so that a second tracker on the page knows the orders that the first one has
 * sent.
 */
let lastStart = Promise.resolve();

/** Most shops use no protocol of the larger module. It also reads the data layer. */
const needsLarger = ({ auto, settings }) =>
  Boolean(auto.dataLayer || [].concat(settings.destinations).filter((one) => LARGER.includes(one?.protocol)).length);

/** `own`: the state that the parts of a tracker share; `load(larger)` loads the module. */
export async function start(own, load) {
  await activated();
  let module;
  try {
    module = await load(needsLarger(own));
  } catch (error) {
    await stays();
    throw own.engine.fail("wasm-unavailable", error);
  }
  await own.identified;
  await (lastStart = lastStart.catch(() => {}).then(() => module.begin(own, module)));
}
