// The settings of a tracker: what tells trackers apart, what the engine gets, and how the settings of a second call differ.

import { attempt, json } from "../src/browser/host/env.js";

/** What tells trackers, and what is parked for them, apart: their destinations. */
export function keyOf(config) {
  try {
    return json([].concat(config.destinations));
  } catch {
    return "";
  }
}

/** The settings without what was left out: for a user id, undefined and null mean different things. */
export function plain(settings) {
  const identity = Object.entries(settings.identity ?? {}).filter(([, value]) => value !== undefined);
  const { destinations } = settings;
  return {
    ...settings,
    destinations: Array.isArray(destinations) ? destinations.map(acknowledgeable) : acknowledgeable(destinations),
    identity: Object.fromEntries(identity),
  };
}

/**
 * A collector's destination with a transport that can be acknowledged. Of a beacon to another origin the page learns no status
 * (https://w3c.github.io/resource-timing/#cross-origin-resources) and may see no cookie, so each batch would go twice.
 */
function acknowledgeable(destination) {
  const isBeacon = destination?.protocol === "batch" && destination.transport === undefined;
  const isElsewhere = () => new URL(destination.endpoint, document.baseURI).origin !== location.origin;
  return isBeacon && attempt(isElsewhere) ? { ...destination, transport: "auto" } : destination;
}

/** The paths of the options that a second call for the same destinations has otherwise. */
export function differences(first, second, path = "config") {
  if (isGroup(first) && isGroup(second)) {
    const options = Object.entries({ ...first, ...second });
    return options.flatMap(([name]) => differences(first[name], second[name], `${path}.${name}`));
  }
  return comparable(first) === comparable(second) ? [] : [path];
}

/** A URL is one value. */
const isGroup = (value) => value && typeof value === "object" && !Array.isArray(value) && !(value instanceof URL);

const comparable = (value) => (typeof value === "function" ? value : json(value));
