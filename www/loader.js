// Loads the module that a tracker needs. begin.js, which comes with it, goes on from there.

import { activated, stays } from "./page.js";
import { LARGER } from "./rules.gen.js";

/** Trackers start one after the other: of two that are made for one page, the second finds which orders the first has sent. */
let lastStart = Promise.resolve();

/** Most shops speak to none of the protocols that need it. It also reads the data layer. */
const needsLarger = ({ auto, settings }) =>
  Boolean(auto.dataLayer || [].concat(settings.destinations).filter((one) => LARGER.includes(one?.protocol)).length);

/** `own`: what the parts of a tracker share; `load(larger)` brings the module. */
export async function start(own, load) {
  await activated();
  let module;
  try {
    module = await load(needsLarger(own));
  } catch (error) {
    await stays();
    throw own.engine.fail("wasm-unavailable", error);
  }
  await (lastStart = lastStart.catch(() => {}).then(() => module.begin(own, module)));
}
