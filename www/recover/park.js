// Parks calls in localStorage when their page is left before the module has loaded. docs/loading.md has the rules.
// resume.js handles them in the next page. If this script has not loaded either, stub.js parks them.

import { attempt, clock, json } from "../../src/browser/host/env.js";
import { keys, read } from "../../src/browser/host/storage.js";
import { consentOf } from "../consent.js";
import { VISITOR_CALLS } from "../rules.gen.js";
import { MOST_KEYS, MOST_OF_A_PAGE, MOST_OF_ALL, PARKED } from "./bounds.js";

/** The call for orders that were sent in a raw batch. The tracker only remembers them. */
export const ORDER_SENT = "bought";

/** The call that reports lost calls to the engine: their number and the reason. */
export const LOST = "lost";

/** The prefix of the keys for unacknowledged raw batches, one key for each page. */
export const RAW = "reco_raw_";
/** The mark of a call that was dropped for lack of room. The next page counts it. */
export const LEFT_OUT = "0,";

/**
 * The calls to be parked for a page with the same destinations. The stub writes the same format: JSON, and a comma
 * after each call.
 *
 * The text is built when the calls are made. In a tab that is being closed, Firefox 153 stops a script at its next
 * loop, and the single write of `put` is the only thing that is certain to happen.
 */
export function parking(settings, calls) {
  const key = parkedKey();
  const consents = [];
  let text = "";
  let may;
  const append = (line) => (text += text.length + line.length > MOST_OF_A_PAGE ? LEFT_OUT : line);
  const add = (call) => {
    const [verb] = call;
    if (verb === "consent") consents.push(call);
    const isFirst = !text && VISITOR_CALLS.includes(verb);
    if (isFirst) text = heading(settings) + LEFT_OUT.repeat(makeRoom());
    if (isFirst || verb === "consent") may = mayKeep(settings) && consentOf(settings, consents) === "granted";
    if (VISITOR_CALLS.includes(verb)) append(lines([call]));
  };
  calls.forEach(add);
  return {
    add,
    /** Marks this number of calls as dropped before they were passed here. */
    leaveOut: (count) => (text &&= text + LEFT_OUT.repeat(count)),
    /** Writes the text. Returns whether it is stored. */
    put() {
      try {
        if (!may || !text || document.prerendering) return false;
        localStorage[key] = text;
        return true;
      } catch {}
    },
    drop: () => attempt(() => localStorage.removeItem(key)),
  };
}

/** Keys in chronological order. */
export const parkedKey = () => PARKED + (clock() - Math.random());

/** The time at which a key was written: for parked calls it is in the key, for a raw batch at the end of the text. */
const keptAt = (key) => Number.parseFloat(key.startsWith(RAW) ? read(key)?.slice(-14) : key.slice(PARKED.length)) || 0;

/** Deletes the oldest parked pages, and returns the number of their calls. The last page is always kept. */
function makeRoom() {
  let size = 0;
  let gone = 0;
  const mine = keys().filter((key) => key.startsWith(PARKED) || key.startsWith(RAW));
  for (const key of mine.sort((one, other) => keptAt(other) - keptAt(one))) {
    if (size < MOST_OF_ALL) {
      size += read(key)?.length ?? 0;
    } else {
      attempt(() => localStorage.removeItem(key));
      gone += 1;
    }
  }
  return gone;
}

const mayKeep = ({ identity, queue }) =>
  identity.storage !== "memory" && queue.persist !== false && attempt(() => localStorage.length < MOST_KEYS);

/** The calls as JSON, with a comma after each. A call with an argument that cannot be written is left out. */
export const lines = (calls) => calls.map((call) => attempt(() => `${json(call.slice(0, 3))},`) ?? "").join("");

/** The line that names the destinations of the following calls. */
export const heading = (settings) => lines([["create", [settings], clock()]]);

export const keep = (settings, key, text) => mayKeep(settings) && attempt(() => localStorage.setItem(key, text));
