// The settings of a tracker: how trackers are identified, and how the settings of a second call differ.

import { json } from "../src/browser/host/env.js";

/** The key that identifies trackers and their parked calls: the destinations. */
export function keyOf(config) {
  try {
    return json([].concat(config.destinations));
  } catch {
    return "";
  }
}

/** The paths of the options that differ in a second call for the same destinations. */
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
