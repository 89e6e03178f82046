// Measures the memory of a page that stays open while its events are delivered.

import { setTimeout as pause } from "node:timers/promises";
import { isReady } from "./call.mjs";
import { census, wasm } from "./modules.mjs";
import { openPage } from "./visit.mjs";

export const DELIVERED = [1_000, 10_000, 100_000];
/** Events in one task. The queue holds twice as many. */
const AT_ONCE = 500;
const POLL_MS = 5;
const PATIENCE_MS = 120_000;

/** Runs in the page: makes these events, and waits until the collector has acknowledged all events so far. */
const deliver = async ([from, count, poll, patience]) => {
  const { faults } = /** @type {any} */ (window);
  const deadline = performance.now() + patience;
  faults.make(from, count);
  for (;;) {
    const { acknowledged } = await faults.stats();
    if (acknowledged >= from + count) return;
    if (performance.now() > deadline) throw new Error(`${acknowledged} of ${from + count} events were acknowledged`);
    await new Promise((resolve) => setTimeout(resolve, poll));
  }
};

/**
 * Returns the bytes of JavaScript and of WebAssembly after each number of delivered events.
 * @param {import("playwright-core").Browser} browser
 * @param {{ addresses: { plain: string } }} running
 * @param {(delivered: number) => void} [each]
 */
export async function memory(browser, { addresses }, each = () => {}) {
  const { page, heap, close } = await openPage(browser, { before: census });
  try {
    await page.goto(addresses.plain, { waitUntil: "load" });
    await isReady(page);
    const measured = [];
    let made = 0;
    for (const delivered of DELIVERED) {
      for (; made < delivered; made += AT_ONCE) {
        await page.evaluate(deliver, [made, AT_ONCE, POLL_MS, PATIENCE_MS]);
        each(made);
      }
      // The browser frees the last requests in the meantime.
      await pause(1_000);
      measured.push({ delivered, heap: await heap(), wasm: (await wasm(page)).bytes });
    }
    return measured;
  } finally {
    await close();
  }
}
