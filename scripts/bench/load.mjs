// Measures a page load in which the first script after the tag calls one event, and the time at which the request with that event starts.

import { setTimeout as pause } from "node:timers/promises";
import { CARRIED } from "./contenders.mjs";
import { openPage, within } from "./visit.mjs";

/** The longest wait for the event. */
const FIRST_EVENT_MS = 30_000;
/** The page stays open for this time after its load event and its first event. PostHog sends a batch every 3 s. */
const STAYS_MS = 4_000;

/** Resolves with the milliseconds between the request for the page and the request that carries its event. */
function firstEvent(cdp) {
  const sent = new Map();
  let start;
  return new Promise((resolve) => {
    cdp.on("Network.requestWillBeSent", ({ requestId, type, timestamp }) => {
      if (type === "Document") start ??= timestamp;
      sent.set(requestId, timestamp);
    });
    // Some trackers send a page view first.
    cdp.on("Network.responseReceived", ({ requestId, response }) => {
      if (CARRIED in response.headers) resolve((sent.get(requestId) - start) * 1000);
    });
  });
}

/** The longest task of the page in milliseconds, 0 if all are shorter than 50 ms: https://w3c.github.io/longtasks/ */
const longestTask = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        let longest = 0;
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
        }).observe({ type: "longtask", buffered: true });
        // The buffered entries arrive in a later task.
        setTimeout(() => resolve(longest), 100);
      }),
  );

/**
 * @param {import("playwright-core").Browser} browser
 * @param {{ telling: { on: boolean }, addresses: { load: string } }} running
 * @param {number} throttle
 */
export async function pageLoad(browser, { telling, addresses }, throttle) {
  const { page, cdp, metrics, close } = await openPage(browser, { throttle });
  try {
    telling.on = true;
    const sent = firstEvent(cdp);
    await page.goto(addresses.load, { waitUntil: "load" });
    const first = await within(FIRST_EVENT_MS, sent);
    await pause(STAYS_MS);
    const { ScriptDuration, TaskDuration } = await metrics();
    return {
      scripting: ScriptDuration * 1000,
      tasks: TaskDuration * 1000,
      longest: await longestTask(page),
      first,
    };
  } finally {
    telling.on = false;
    await close();
  }
}
