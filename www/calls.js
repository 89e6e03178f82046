// Calls from before the module is there. They wait in memory for the module, and are written down for the case that the page is left first.

import { leave } from "./recover/leave.js";
import { LOST, parking } from "./recover/park.js";
import { MOST_EARLY } from "./rules.gen.js";

export function earlyCalls(settings) {
  let parked = parking(settings, []);

  const early = {
    /** `[verb, arguments, milliseconds, element]` each. */
    calls: [],
    /** How many there was no room for. */
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
        // The last word on consent stays.
        const [oldest = calls[0]] = calls.filter(([verb]) => verb !== "consent");
        calls.splice(calls.indexOf(oldest), 1);
        early.leftOut += 1;
      }
    },

    /** The page is left, and may come back. */
    leave() {
      const stays = leave(settings, early.calls, parked, !early.leftOut);
      if (stays !== early.calls) early.leftOut = 0;
      early.calls = stays;
      parked = parking(settings, stays);
    },
  };
  return early;
}
