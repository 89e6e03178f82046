// Calls made before the module has loaded. They wait in memory, and are written to storage in case the page is left
// first.

import { leave } from "./recover/leave.js";
import { LOST, parking } from "./recover/park.js";
import { MOST_EARLY } from "./rules.gen.js";

export function earlyCalls(settings) {
  let parked = parking(settings, []);

  const early = {
    /** A list of `[verb, arguments, milliseconds, element]`. */
    calls: [],
    /** The number of calls that were dropped for lack of room. */
    leftOut: 0,

    add(call) {
      const [verb, [count]] = call;
      if (verb === LOST) {
        early.leftOut += count;
        parked.leaveOut(count);
        return;
      }
      parked.add(call);
      const { calls } = early;
      if (calls.push(call) > MOST_EARLY) {
        // The last call of consent is kept.
        const [oldest = calls[0]] = calls.filter(([verb]) => verb !== "consent");
        calls.splice(calls.indexOf(oldest), 1);
        early.leftOut += 1;
      }
    },

    /** The page is left, and may return from the back/forward cache. */
    leave() {
      const stays = leave(settings, early.calls, parked, !early.leftOut);
      if (stays !== early.calls) early.leftOut = 0;
      early.calls = stays;
      parked = parking(settings, stays);
    },
  };
  return early;
}
