// More of what users of other trackers lost (docs/lessons.md): queues that outlive their page, of several tabs and several destinations.

import assert from "node:assert/strict";
import { down, late, pass } from "../gate.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "../harness.mjs";
import { batchOf, click, final, items, NETWORK, shop } from "./two-pages.mjs";

// Playwright switches the back/forward cache off.
useBrowser({ full: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] });

const ELSEWHERE = "<!doctype html><title>elsewhere</title><link rel=icon href='data:,'>";
const batch = (options) => `{ protocol: "batch", endpoint: "/v1/events"${options} }`;
/** https://fetch.spec.whatwg.org/#http-network-or-cache-fetch: what beacons of a page may have under way, all together. */
const KEEPALIVE_BYTES = 65_536;
/** After which a batch goes again that nobody has acknowledged, and some more for a busy machine. */
const QUARTER_MS = 20_000;

const numbers = (from, count) => items(from, count).map(({ itemId }) => Number(itemId));
/** Waits until so many are stored; what a page left behind the next one takes up when it is idle. */
const once = async (collector, count) => {
  await until(async () => (await collector.stored()).length >= count, `${count} rows`, 2 * QUARTER_MS);
  assert.deepEqual(
    (await collector.stored()).map(({ itemId }) => Number(itemId)).sort((a, b) => a - b),
    numbers(1, count),
  );
};

// PostHog/posthog-js PR 4140: what sendBeacon said was ignored, and of a batch over the quota nothing arrived.
for (const transport of ["beacon", "auto"]) {
  scenario(
    `three times the browser's quota in the task that leaves the page: ${transport}`,
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

// PostHog/posthog-js PR 4927: a page that came back out of the cache went on as if it were being left.
scenario(
  "a page that came back out of the back/forward cache asks for answers again",
  { site: shop({ destinations: batch(', transport: "auto"') }), gated: true },
  async ({ page, gate, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.addEventListener("pageshow", ({ persisted }) => (window.returned = persisted)));
    await click(page, 1);
    await visit("/elsewhere.html");
    await collector.expectStored({ itemId: "1" });
    assert.equal(gate.log.at(-1).mode, "no-cors", "by beacon when it is left");
    await page.goBack({ waitUntil: "commit" });
    await until(() => page.evaluate(() => window.returned === true), "the page from the cache");
    await click(page, 2);
    await flush(page);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    assert.equal(gate.log.at(-1).mode, "cors", "by fetch when it is shown");
    await final(page);
    assert.equal((await collector.stored()).length, 2);
  },
);

// snowplow/snowplow-javascript-tracker 349: tabs share one queue without a lock, and each sends it.
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
      // As when the visitor goes from tab to tab: who looks for what others have left behind does it now.
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

// rudderlabs/rudder-sdk-js 3211: when the storage was full, one destination's queue took over what belonged to another.
scenario(
  "a full storage mixes no queues: each destination gets its own, once",
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
    // Who is shown looks for what others have left behind, and this is not for it.
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
      "what the first tab has left is taken up",
    );
    await other.evaluate(() => window.dispatchEvent(new Event("online")));
    // A beacon of which nobody has heard goes again after a quarter of a minute.
    await final(next);
    await final(other);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    const itemsOf = (name) =>
      gate.log
        .filter(({ url }) => url.includes(`shop=${name}`))
        .flatMap(({ body }) => JSON.parse(body).events.map(({ itemId }) => itemId));
    assert.deepEqual(itemsOf("b"), ["2"]);
    // The third was in the memory of a closed tab at most.
    assert.deepEqual(
      itemsOf("a").filter((item) => item !== "3"),
      ["1"],
    );
    for (const tab of [next, other]) assert.deepEqual(await warnings(tab), []);
  },
);
