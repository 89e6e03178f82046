// A vendor that counts each arrival: purchases to Ibexa, whose requests have no id. A loss is better than a duplicate;
// these rows show its cost.

import { lostAnswer, reset, status, times } from "../faults.mjs";
import { BOTH } from "../run.mjs";
import { toIbexa } from "../trackers/recobeacon.mjs";
import { ALL_KILLED, killed } from "./kills.mjs";

const EVENTS = 9;
/** By then localStorage is on the disk in all three browsers. */
const WRITTEN_MS = 7_000;
/** https://source.chromium.org/chromium/chromium/src/+/main:net/http/http_network_transaction.cc (`ShouldResendRequest`) */
const REPEATED =
  "Chromium and Firefox repeat a request, also a POST, if a connection that they used before is reset before the answer begins";
const UNHEARD = "the page does not learn that a beacon has failed, and an event for a vendor is not sent twice";

/**
 * Purchases on a page that stays a little, and on one that is left at once.
 * @param {any} row
 * @returns {import("./index.mjs").Row}
 */
const bought = ({ name, fault, ...rest }) => ({
  name: `Ibexa: ${name}`,
  tracker: toIbexa,
  transports: BOTH,
  ...rest,
  async run({ visitor, server, pause }) {
    server.fault = fault ?? server.fault;
    for (const stays of [3_000, 0]) {
      const page = await visitor.open();
      await page.ready();
      await page.make(EVENTS);
      await pause(stays);
      await page.goto(server.elsewhere);
    }
    // The last outcomes are reported by then.
    await pause(2_000);
  },
});

const killedAfter = (name, after, rest) => killed({ name: `Ibexa: ${name}`, tracker: toIbexa, after, ...rest });

export const vendor = [
  bought({ name: "bought and left" }),
  bought({ name: "503 for the first four", fault: times(4, status(503)), lost: 4, because: UNHEARD }),
  bought({ name: "connection reset before the answer", fault: reset, lost: 2 * EVENTS, because: UNHEARD }),
  bought({ name: "answer lost after the commit", fault: lostAnswer, twice: 2 * EVENTS, because: REPEATED }),
  {
    name: "Ibexa: offline, and online again",
    tracker: toIbexa,
    transports: BOTH,
    async run({ visitor, pause }) {
      await visitor.openUrl("about:blank");
      const page = await visitor.open();
      await page.ready();
      await visitor.offline(true);
      await page.make(EVENTS);
      await pause(2_000);
      await visitor.offline(false);
      await pause(2_000);
      await visitor.offline(true);
      await page.make(EVENTS);
      await page.close();
      await visitor.offline(false);
    },
  },
  {
    name: "Ibexa: killed just after a late sending",
    tracker: toIbexa,
    twice: EVENTS,
    because: "the tracker had deleted the event from localStorage, but the browser had not written that to the disk",
    async run({ visitor, server, pause }) {
      await visitor.openUrl("about:blank");
      const page = await visitor.open();
      await page.ready();
      await visitor.offline(true);
      await page.make(EVENTS);
      await pause(WRITTEN_MS);
      await visitor.offline(false);
      while (server.log.length < EVENTS) await pause(50);
      await visitor.kill();
    },
  },
  killedAfter("killed at once", 0, {
    lost: ALL_KILLED,
    because: "the browser had no time to send the event or to write it to the disk",
  }),
  killedAfter("killed after 1 s", 1_000),
];
