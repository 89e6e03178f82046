// Measures a call while many events are queued, because the browser is offline.

import { isReady, timed } from "./call.mjs";
import { openPage } from "./visit.mjs";

export const QUEUED = [10, 1_000, 10_000, 100_000];
/** The option of the page: its queue holds all of them. */
export const QUEUE = { maxEvents: 100_000 };
const CALLS = 100;
/** Events in one task. */
const AT_ONCE = 10_000;

/** Runs in the page: the same with `consume`, for which the tracker looks for an earlier event of the same item. */
const timedConsume = ([from, count]) => {
  const before = performance.now();
  for (let n = from; n < from + count; n++) reco("consume", { itemId: n, percentage: 50 });
  return performance.now() - before;
};

/**
 * Returns the microseconds of one `click` and of one `consume` for each number of queued events.
 * @param {import("playwright-core").Browser} browser
 * @param {{ addresses: { queue: string } }} running
 */
export async function callsQueued(browser, { addresses }) {
  const { page, context, close } = await openPage(browser);
  let made = 0;
  /** Makes the next events, and returns the elapsed milliseconds. */
  const make = async (run, count) => {
    const taken = await page.evaluate(run, [made, count]);
    made += count;
    return taken;
  };
  try {
    await page.goto(addresses.queue, { waitUntil: "load" });
    await isReady(page);
    await context.setOffline(true);
    const measured = [];
    for (const queued of QUEUED) {
      // The measured calls also need room in the queue.
      const fill = Math.min(queued, QUEUE.maxEvents - 2 * CALLS);
      while (made < fill) await make(timed, Math.min(AT_ONCE, fill - made));
      const perCall = async (run) => ((await make(run, CALLS)) * 1000) / CALLS;
      measured.push({ queued, click: await perCall(timed), consume: await perCall(timedConsume) });
    }
    return measured;
  } finally {
    await close();
  }
}
