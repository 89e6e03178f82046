// The page's process ends; or all of the browser's processes get SIGKILL, and the same profile starts again. With the
// collector running, and without, so that only data on the disk is left.

import { reset } from "../faults.mjs";
import { BOTH, NotApplicable } from "../run.mjs";
import { BLOCKED } from "./storage.mjs";

const ROUNDS = 3;
const EVENTS = 9;
const UNSENT = "a batch waits for two seconds, and browsers write localStorage to the disk seconds later";
const UNWRITTEN = "the collector did not answer, and browsers write localStorage to the disk seconds later";

/** @type {(row: any) => import("./index.mjs").Row} */
export const killed = ({ name, after, fault, verb = "make", ...rest }) => ({
  name,
  ...rest,
  async run({ visitor, server, short, pause }) {
    for (let round = 0; round < (short ? 1 : ROUNDS); round++) {
      server.fault = fault ?? server.fault;
      const page = await visitor.open();
      await page.ready();
      await page[verb](EVENTS);
      await pause(after);
      await visitor.kill();
    }
  },
});

/** @type {(row: any) => import("./index.mjs").Row} */
const crashed = ({ name, after, options }) => ({
  name,
  async run({ visitor, server, short, pause }) {
    // Another tab keeps the browser running.
    await visitor.openUrl(server.elsewhere);
    for (let round = 0; round < (short ? 1 : ROUNDS); round++) {
      const page = await visitor.open(options);
      if (!page.crash) throw new NotApplicable("the driver cannot crash a page");
      await page.ready();
      await page.make(EVENTS);
      await pause(after);
      await page.crash();
    }
  },
});

/** The number of events of these rows. */
export const ALL_KILLED = ROUNDS * EVENTS;

export const kills = [
  crashed({ name: "the page crashes at once", after: 0 }),
  crashed({ name: "localStorage blocked, and the page crashes after 1 s", after: 1_000, options: { before: BLOCKED } }),
  killed({ name: "killed at once", after: 0, lost: ALL_KILLED, because: UNSENT }),
  killed({ name: "killed 2 s after the call", after: 2_000, lost: ALL_KILLED, because: UNSENT }),
  killed({ name: "killed 7 s after the call", after: 7_000 }),
  killed({ name: "killed 1 s after a purchase", after: 1_000, verb: "value", transports: BOTH }),
  killed({
    name: "collector down, killed at once",
    after: 0,
    fault: reset,
    lost: ALL_KILLED,
    because: UNWRITTEN,
    long: true,
  }),
  killed({
    name: "collector down, killed after 2 s",
    after: 2_000,
    fault: reset,
    lost: ALL_KILLED,
    because: UNWRITTEN,
    long: true,
  }),
  killed({ name: "collector down, killed after 7 s", after: 7_000, fault: reset }),
];
