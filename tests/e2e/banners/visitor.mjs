// The visitor's side of the tests with banners: the answer, and what must not happen without one.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** The banner in a page's head, and its question. */
export const BANNER = '<script src="/banner.js"></script>';
export const ASKS = `${BANNER}<script>banner.ask()</script>`;
export const GPC = 'Object.defineProperty(navigator, "globalPrivacyControl", { value: true });';

/** How long a page is watched on which nothing must happen. Much longer than `batch.maxWaitMs`. */
export const QUIET_MS = 700;

export const answer = (page, yes) => page.evaluate((said) => window.banner.answer(said), yes);

/** The names of the cookies and keys of the tracker and of the drop-in. An acknowledgement is the collector's. */
export async function kept(page, context) {
  const cookies = (await context.cookies()).map(({ name }) => name);
  const keys = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  return [...cookies, ...keys].filter((name) => /^(YCID|reco_(?!ack_))/.test(name)).sort();
}

/** Watches the page: nothing is sent, and only these names are on the device. */
export async function expectNothing({ page, context, collector }, left = []) {
  await pause(QUIET_MS);
  assert.deepEqual(await collector.stored(), []);
  assert.deepEqual(await kept(page, context), left);
}
