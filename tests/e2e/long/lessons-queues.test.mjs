// Further faults reported by users of other trackers (docs/lessons.md): queues that outlive their page, several tabs
// and several destinations.

import assert from "node:assert/strict";
import { down, late, pass } from "../gate.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "../harness.mjs";
import { batchOf, click, final, items, NETWORK, shop } from "./two-pages.mjs";

// Playwright disables the back/forward cache.
useBrowser({ full: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] });

const ELSEWHERE = "<!doctype html><title>elsewhere</title><link rel=icon href='data:,'>";
const batch = (options) => `{ protocol: "batch", endpoint: "/v1/events"${options} }`;
/**
 * https://fetch.spec.whatwg.org/#http-network-or-cache-fetch: the limit for all keepalive requests of a page in flight.
 */
const KEEPALIVE_BYTES = 65_536;
/** The time after which an unacknowledged batch is repeated, with some reserve for a busy machine. */
const QUARTER_MS = 20_000;

const numbers = (from, count) => items(from, count).map(({ itemId }) => Number(itemId));
/** Waits until `count` events are stored. The next page takes over the outbox when it is idle. */
const once = async (collector, count) => {
  await until(async () => (await collector.stored()).length >= count, `${count} rows`, 2 * QUARTER_MS);
  assert.deepEqual(
    (await collector.stored()).map(({ itemId }) => Number(itemId)).sort((a, b) => a - b),
    numbers(1, count),
  );
};

// PostHog/posthog-js PR 4140: the result of sendBeacon was ignored, and batches above the quota did not arrive.
for (const transport of ["beacon", "auto"]) {
  scenario(
    `three times the browser's quota in the last task of a page: ${transport}`,
    { site: shop({ destinations: batch(`, transport: "${transport}"`) }), gated: true, allow: NETWORK },
    async ({ page, gate, visit, collector }) => {
      await visit();
      await ready(page);
      await page.evaluate(() => {
        for (let itemId = 1; itemId <= 350; itemId++) window.reco("click", { itemId, categoryPath: "x".repeat(450) });
        location.href = "/elsewhere.html";
      });
      await page.waitForURL(/elsewhere/);
      await visit();
      await ready(page);
      await once(collector, 350);
      await final(page);
      const largest = Math.max(...gate.log.map(({ body }) => body.length));
      assert.ok(largest < KEEPALIVE_BYTES, `${largest} bytes`);
      assert.deepEqual(await warnings(page), []);
    },
  );
}

// PostHog/posthog-js PR 4927: a page that returned from the cache behaved as if it were being left.
scenario(
  "a page that returned from the back/forward cache reads responses again",
  { site: shop({ destinations: batch(', transport: "auto"') }), gated: true },
  async ({ page, gate, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.addEventListener("pageshow", ({ persisted }) => (window.returned = persisted)));
    await click(page, 1);
    await visit("/elsewhere.html");
    await collector.expectStored({ itemId: "1" });
    assert.equal(gate.log.at(-1).mode, "no-cors", "by beacon when the page is left");
    await page.goBack({ waitUntil: "commit" });
    await until(() => page.evaluate(() => window.returned === true), "the page from the cache");
    await click(page, 2);
    await flush(page);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    assert.equal(gate.log.at(-1).mode, "cors", "by fetch when the page is shown");
    await final(page);
    assert.equal((await collector.stored()).length, 2);
  },
);

// snowplow/snowplow-javascript-tracker 349: tabs share a queue without a lock, and each tab sends it.
scenario(
  "three tabs at once: each batch is sent by one of them",
  { site: shop(), gated: true },
  async ({ page, context, url, gate, visit, collector }) => {
    gate.fault = late(1_500);
    const tabs = [page, await context.newPage(), await context.newPage()];
    for (const [n, tab] of tabs.entries()) {
      await tab.goto(url);
      await ready(tab);
      await click(tab, ...numbers(1 + n * 10, 10));
      await flush(tab);
      // As when the visitor switches between tabs: the shown page looks for outboxes of pages that are gone.
      await tab.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    }
    for (const tab of tabs) await final(tab);
    await visit();
    await ready(page);
    await final(page);
    await once(collector, 30);
    const sent = gate.log.map(batchOf);
    assert.equal(new Set(sent).size, sent.length, sent.join(" "));
  },
);

const fill = () => {
  for (let size = 1 << 20, n = 0; size >= 1; ) {
    try {
      localStorage.setItem(`filling${n++}`, "x".repeat(size));
    } catch {
      size >>= 1;
    }
  }
};

// rudderlabs/rudder-sdk-js 3211: with full storage, one destination's queue took the entries of another.
scenario(
  "with full storage each destination gets its own events once",
  {
    site: {
      "a.html": tagged({ destinations: '{ protocol: "batch", endpoint: "/v1/events?shop=a" }' }),
      "b.html": tagged({ destinations: '{ protocol: "batch", endpoint: "/v1/events?shop=b" }' }),
      "elsewhere.html": ELSEWHERE,
    },
    gated: true,
    allow: NETWORK,
  },
  async ({ page, context, url, gate, visit, collector }) => {
    gate.fault = down;
    await visit("/a.html");
    await ready(page);
    await click(page, 1);
    await flush(page);
    await until(
      () => page.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith("reco_o_"))),
      "an entry of the outbox",
    );
    const other = await context.newPage();
    await other.goto(`${url}/b.html`);
    await ready(other);
    await other.evaluate(fill);
    await click(other, 2);
    await flush(other);
    await click(page, 3);
    await flush(page);
    await page.close();
    // The shown page looks for outboxes of pages that are gone, and must not take this one.
    await other.evaluate(() => {
      document.dispatchEvent(new Event("visibilitychange"));
      return new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve, 300)));
    });
    gate.log.length = 0;
    gate.fault = pass;
    const next = await context.newPage();
    await next.goto(`${url}/a.html`);
    await ready(next);
    await until(
      () =>
        next.evaluate(
          () => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats().accepted > 0))),
        ),
      "the outbox of the first tab is taken over",
    );
    await other.evaluate(() => window.dispatchEvent(new Event("online")));
    // An unacknowledged beacon is repeated after 15 seconds.
    await final(next);
    await final(other);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    const itemsOf = (name) =>
      gate.log
        .filter(({ url }) => url.includes(`shop=${name}`))
        .flatMap(({ body }) => JSON.parse(body).events.map(({ itemId }) => itemId));
    assert.deepEqual(itemsOf("b"), ["2"]);
    // The third event was at most in the memory of a closed tab.
    assert.deepEqual(
      itemsOf("a").filter((item) => item !== "3"),
      ["1"],
    );
    for (const tab of [next, other]) assert.deepEqual(await warnings(tab), []);
  },
);
