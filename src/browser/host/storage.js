// localStorage, of which all keys that begin with `reco_` together have a bounded share.

import { cookie } from "./cookies.js";
import { attempt } from "./env.js";
import { flatten } from "./flatten.js";

/** All of our keys begin with it. */
const OURS = "reco_";
/** The keys of all outboxes begin with it. */
export const ENTRY = "reco_o_";

export const keys = () => attempt(() => Object.getOwnPropertyNames(localStorage)) ?? [];

export const read = (key) => attempt(() => localStorage.getItem(key));

/** The values of these cookies and these keys, for the module. Even reading `localStorage` throws where it is blocked. */
export const stored = (names, keys) => flatten([...names.split(" ").map(cookie), ...keys.split(" ").map(read)], 1, 9);

/** Characters of all our keys and values when they were last counted, and of what this page has written since. */
let taken = Infinity;

/** Whether there may be so many more characters: where nothing is delivered, each page leaves an outbox. */
const hasRoom = (more, most) => {
  if (taken + more > most) {
    taken = 0;
    for (const key of keys()) if (key.startsWith(OURS)) taken += key.length + (read(key)?.length ?? 0);
  }
  taken += more;
  return taken <= most;
};

/** Keeps a text. False where storage is blocked or full, or where all our keys would be more than `most` characters. */
export const keep = (key, value, most) =>
  attempt(() => {
    if (key.startsWith(ENTRY) && !hasRoom(key.length + value.length, most)) return false;
    localStorage.setItem(key, value);
    return true;
  }) ?? false;

/** Deletes a key; one that ends with `_` stands for all keys that begin so. */
export const remove = (key) => {
  for (const each of key.endsWith("_") ? keys().filter((each) => each.startsWith(key)) : [key])
    attempt(() => localStorage.removeItem(each));
};
