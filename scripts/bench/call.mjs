// Measures a call after the tracker has started: 1,000 calls in one task.

import { setTimeout as pause } from "node:timers/promises";
import { median } from "./statistics.mjs";
import { openPage } from "./visit.mjs";

const CALLS = 1_000;
/** Measurements in each page. The tracker sends its events in the pause between two of them. */
const TIMES = 3;
const PAUSE_MS = 2_000;

/** Runs in the page: makes the events with these numbers, and returns the elapsed milliseconds. */
export const timed = ([from, count]) => {
  const before = performance.now();
  /** @type {any} */ (window).faults.make(from, count);
  return performance.now() - before;
};

/** Waits until the tracker has started. */
export const isReady = (page) => page.evaluate(() => /** @type {any} */ (window).faults.ready());

/**
 * Returns the microseconds of one call.
 * @param {import("playwright-core").Browser} browser
 * @param {{ addresses: { plain: string } }} running
 */
export async function call(browser, { addresses }) {
  const { page, close } = await openPage(browser);
  try {
    await page.goto(addresses.plain, { waitUntil: "load" });
    await isReady(page);
    const taken = [];
    for (let n = 0; n < TIMES; n++) {
      taken.push(await page.evaluate(timed, [n * CALLS, CALLS]));
      await pause(PAUSE_MS);
    }
    return (median(taken) * 1000) / CALLS;
  } finally {
    await close();
  }
}
