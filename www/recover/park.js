// Calls that were made before the module was there are parked in localStorage when their page is left: docs/loading.md has the rules. resume.js
// is what the next page does with them. Of a page that is left before this script is there, stub.js parks them.

import { attempt, clock, json } from "../../src/browser/host/env.js";
import { keys, read } from "../../src/browser/host/storage.js";
import { consentOf } from "../consent.js";
import { VISITOR_CALLS } from "../rules.gen.js";
import { MOST_KEYS, MOST_OF_A_PAGE, MOST_OF_ALL, PARKED } from "./bounds.js";

/** The call for orders that left in a raw batch: the tracker does not send them again, it remembers them. */
export const ORDER_SENT = "bought";

/** The call by which the engine is told of calls that are lost: how many, and why. */
export const LOST = "lost";

/** What keys begin with under which raw batches are kept that nobody has acknowledged: a key for each page. */
export const RAW = "reco_raw_";
/** Stands for a call that there was no room for: the next page counts it. */
export const LEFT_OUT = "0,";

/**
 * What is parked when the page is left, for a page with the same destinations. The stub writes the same: JSON, and a comma behind each call.
 *
 * It is written down when the calls are made: in a tab that is being closed Firefox 153 ends a script at its next loop, and the one
 * write of `put` is all that is sure to be done then.
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
    /** So many calls before it got them were left out. */
    leaveOut: (count) => (text &&= text + LEFT_OUT.repeat(count)),
    /** Whether it stands there now. */
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

/** Keys in the order of time. */
export const parkedKey = () => PARKED + (clock() - Math.random());

/** When what stands under a key was kept: parked calls have it in the key, a raw batch at its end. */
const keptAt = (key) => Number.parseFloat(key.startsWith(RAW) ? read(key)?.slice(-14) : key.slice(PARKED.length)) || 0;

/** Deletes what pages left longest ago, and says how many those were. The last one's always stays. */
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
  identity?.storage !== "memory" && queue?.persist !== false && attempt(() => localStorage.length < MOST_KEYS);

/** The calls as JSON with a comma behind each, without those that have an argument that cannot be written. */
export const lines = (calls) => calls.map((call) => attempt(() => `${json(call.slice(0, 3))},`) ?? "").join("");

/** The line that says for which destinations the calls behind it are. */
export const heading = (settings) => lines([["create", [settings], clock()]]);

export const keep = (settings, key, text) => mayKeep(settings) && attempt(() => localStorage.setItem(key, text));
