// Loads the module that a tracker needs. begin.js, which comes with it, goes on from there.

import { activated } from "./page.js";

/** Protocols that only the larger module has: most shops never load it. It also reads the data layer. */
const LARGER = ["yoochoose", "factfinder", "intempt"];

/** Trackers start one after the other: of two that are made for one page, the second finds which orders the first has sent. */
let lastStart = Promise.resolve();

const needsLarger = ({ auto, settings }) =>
  Boolean(auto.dataLayer || [].concat(settings.destinations).filter((one) => LARGER.includes(one?.protocol)).length);

/** `own`: what the parts of a tracker share; `load(larger)` brings the module. */
export async function start(own, load) {
  await activated();
  let module;
  try {
    module = await load(needsLarger(own));
  } catch (error) {
    throw own.engine.fail("wasm-unavailable", error);
  }
  await (lastStart = lastStart.catch(() => {}).then(() => module.begin(own, module)));
}
