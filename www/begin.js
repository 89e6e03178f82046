// Starts a tracker in its module, and executes the calls made until then. It is loaded together with the module,
// because it is not needed earlier.

import { NEWS_SETTLED, NEWS_WARNING } from "../src/browser/host/codes.gen.js";
import { attempt } from "../src/browser/host/env.js";
import { lose } from "./recover/replay.js";
import { isTrap } from "./trap.js";

export async function begin({ settings, heard, engine, early, settleFlushes, recover, leave, tabs, close }, module) {
  let problem;
  const sink = (type, detail) => {
    if (type === NEWS_SETTLED) settleFlushes();
    else if (type === NEWS_WARNING) problem = heard.warn(detail);
    else heard.emit(type, detail);
  };
  try {
    engine.start(module, { ...settings, destinations: acknowledgeables(settings) }, sink);
  } catch (error) {
    problem = isTrap(error) ? engine.fail("internal", error) : heard.fault("config", "config", "threw an exception");
    engine.module = null;
  }
  if (!engine.module) {
    engine.isDead = true;
    close();
    // The module has reported why the configuration is invalid, or the configuration is not an object.
    throw problem;
  }
  await recover(module, early.calls);
  if (engine.isDead) return;
  engine.isOpen = true;
  removeEventListener("pagehide", leave);
  // After a trap the list is still needed: a decision in it is carried out without the module.
  for (const [verb, args, at, element] of early.calls) heard.withElement(element, () => engine.run(verb, args, at));
  early.calls = [];
  tabs.share();
  lose(engine.run, { "queue-full": early.leftOut });
}

const acknowledgeables = ({ destinations }) =>
  Array.isArray(destinations) ? destinations.map(acknowledgeable) : acknowledgeable(destinations);

/**
 * A collector's destination with a transport that can be acknowledged. For a beacon to another origin the page sees
 * neither the status (https://w3c.github.io/resource-timing/#cross-origin-resources) nor possibly a cookie, so each
 * batch would be sent twice.
 */
function acknowledgeable(destination) {
  const isBeacon = destination?.protocol === "batch" && destination.transport === undefined;
  const isElsewhere = () => new URL(destination.endpoint, document.baseURI).origin !== location.origin;
  return isBeacon && attempt(isElsewhere) ? { ...destination, transport: "auto" } : destination;
}
