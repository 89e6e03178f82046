// The contenders: this build, a baseline build, and the trackers of docs/peers.md. Each has its own server.

import { everyTracker, ours, sizes } from "../../tests/faults/peers.mjs";
import { startServer } from "../../tests/faults/server.mjs";
import { recobeacon } from "../../tests/faults/trackers/recobeacon.mjs";
import { QUEUE } from "./queued.mjs";

/** The number of the event that a page load calls. */
const EVENT = 0;
/** This header marks the response to the request that carried that event. */
export const CARRIED = "x-carried-the-event";

/** A build of this tracker. Copies are not counted as in the fault matrix, because that reads every body. */
const build = (options = {}) => ({ ...ours(options), make: () => recobeacon(options), isOurs: true });

/**
 * Returns all contenders. This build is the first: the others are compared with it.
 * @param {{ name: string, dist: string } | undefined} baseline
 */
export async function contenders(baseline) {
  const [, ...peers] = await everyTracker();
  return [build(), ...(baseline ? [build({ ...baseline, version: "" })] : []), ...peers];
}

/**
 * Adds the header to the response of the request that carried the event, while `state.on`. It compares the number of stored events before and after
 * each request, so it handles one request at a time.
 */
function telling(tracker) {
  const state = { on: false };
  let last = Promise.resolve();
  const count = async () => (await tracker.stored()).get(EVENT) ?? 0;
  const receive = async (sent) => {
    const before = await count();
    const answer = await tracker.receive(sent);
    if ((await count()) === before) return answer;
    return { ...answer, headers: { ...answer.headers, [CARRIED]: "1" } };
  };
  const inTurn = (sent) => {
    const answer = last.then(() => receive(sent));
    last = answer.then(
      () => {},
      () => {},
    );
    return answer;
  };
  return { tracker: { ...tracker, receive: (sent) => (state.on ? inTurn(sent) : tracker.receive(sent)) }, state };
}

/**
 * Starts a contender and its server with three pages: `load` calls one event, `plain` calls none, and `queue` has a large queue.
 */
export async function start(contender) {
  const made = await contender.make();
  const { tracker, state } = telling(made);
  const server = await startServer(tracker);
  const address = (options) => server.page(tracker.page(options));
  return {
    name: [contender.name, contender.version].filter(Boolean).join(" "),
    isOurs: Boolean(contender.isOurs),
    bytes: sizes(contender).reduce((sum, { brotli }) => sum + brotli, 0),
    tracker,
    telling: state,
    addresses: {
      load: address({ after: `faults.value(${EVENT}, 1)` }),
      plain: address(),
      queue: address({ queue: QUEUE }),
    },
    stop: async () => {
      await server.close();
      await tracker.stop();
    },
  };
}
