// The settings of a tracker: how they are read, how trackers are identified, and how the settings of a second call differ.

import { attempt, json } from "../src/browser/host/env.js";

/** Deeper levels of nested options are not read: an object may contain itself. */
const DEEPEST = 6;
/** The options that may be functions. A function could have such properties, too. */
const FUNCTIONS = ["config.consentFrom", "config.onWarning"];

/**
 * Reads the page's options once, because a getter or a proxy may throw. Returns them as plain data; `values`, each with its path; and `wrong`, the
 * paths of those that threw. They keep their defaults, except for consent: an option that cannot be read is no yes.
 */
export function read(config) {
  const values = {};
  const wrong = [];
  const copyOf = (get, path, depth) => {
    try {
      const given = get();
      const value = given instanceof URL ? given.href : given;
      const inner = (name, at) => copyOf(() => value[name], path + at, depth - 1);
      if (Array.isArray(value)) return depth ? value.map((_, index) => inner(index, `[${index}]`)) : [];
      if (Object(value) !== value || (typeof value === "function" && FUNCTIONS.includes(path)))
        return (values[path] = value);
      const copy = {};
      for (const name of Object.getOwnPropertyNames(depth ? value : copy)) {
        // The other properties of an object such as `window` are too many to read.
        if (!copy.propertyIsEnumerable.call(value, name)) continue;
        const option = inner(name, `.${name}`);
        // For a user id, undefined and null have different meanings.
        if (option !== undefined) copy[name] = option;
      }
      return copy;
    } catch {
      wrong.push(path);
      return path === "config.consent" ? "pending" : path.startsWith("config.con") ? "" : undefined;
    }
  };
  return { options: copyOf(() => config, "config", DEEPEST), values, wrong };
}

/** The key that identifies trackers and their parked calls: the destinations. */
export const keyOf = (config) => attempt(() => json([].concat(config.destinations))) ?? "";

/** The paths of the options that differ in a second call for the same destinations. */
export const differences = (first, second) =>
  Object.entries({ ...first, ...second })
    .map(([path]) => path)
    .filter((path) => path !== "config.onWarning" && first[path] !== second[path]);
