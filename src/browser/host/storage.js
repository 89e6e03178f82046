// localStorage. All keys that begin with `reco_` share a size limit.

import { cookie, eraseCookies } from "./cookies.js";
import { attempt } from "./env.js";
import { flatten } from "./flatten.js";

/** The prefix of all keys of the tracker. */
export const OURS = "reco_";
/** The prefix of the keys of all outboxes. */
export const ENTRY = "reco_o_";

export const keys = () => attempt(() => Object.getOwnPropertyNames(localStorage)) ?? [];

export const read = (key) => attempt(() => localStorage.getItem(key));

/** The values of these cookies and keys for the module. Even access to `localStorage` throws if it is blocked. */
export const stored = (names, keys) => flatten([...names.split(" ").map(cookie), ...keys.split(" ").map(read)], 1, 9);

/**
 * The characters of all the tracker's keys and values at the last count, plus those that this page has written since.
 */
let taken = Infinity;

/** Whether `more` characters fit. The limit is reached if nothing is ever delivered, as each page leaves an outbox. */
const hasRoom = (more, most) => {
  if (taken + more > most) {
    taken = 0;
    for (const key of keys()) if (key.startsWith(OURS)) taken += key.length + (read(key)?.length ?? 0);
  }
  taken += more;
  return taken <= most;
};

/**
 * Stores a text. Returns false if storage is blocked or full, or if the tracker's keys would exceed `most` characters.
 */
export const keep = (key, value, most) =>
  attempt(() => {
    if (key.startsWith(ENTRY) && !hasRoom(key.length + value.length, most)) return false;
    localStorage.setItem(key, value);
    return true;
  }) ?? false;

/** Deletes a key. A key that ends with `_` stands for all keys with this prefix. */
export const remove = (key) => {
  for (const each of key.endsWith("_") ? keys().filter((each) => each.startsWith(key)) : [key])
    attempt(() => localStorage.removeItem(each));
};

/** Deletes everything that any page of the site has stored for the visitor, except the denial of consent. */
export const erase = () => {
  remove(OURS);
  eraseCookies();
};
