// Acknowledgement of beacons, which have no response: by Resource Timing while the page lives, by a cookie afterwards,
// and without both by a second request.

import assert from "node:assert/strict";
import { down, late, pass, status, swallow } from "./gate.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const ELSEWHERE = "<!doctype html><title>elsewhere</title><link rel=icon href='data:,'>";
const shop = (transport, config = "") => ({
  "index.html": tagged({
    destinations: `{ protocol: "batch", endpoint: "/v1/events", transport: "${transport}" }`,
    config,
  }),
  "elsewhere.html": ELSEWHERE,
});
const beacons = (config) => shop("beacon", config);
const NETWORK = [/Failed to load resource/];

const click = (page, ...itemIds) =>
  page.evaluate((itemIds) => itemIds.forEach((itemId) => window.reco("click", { itemId })), itemIds);
const stats = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats()))));
const counts = async (page) => {
  const { accepted, queued, sent, acknowledged, dropped } = await stats(page);
  return { accepted, queued, sent, acknowledged, dropped };
};
const acknowledgements = (cookies) => cookies.filter((cookie) => cookie.startsWith("reco_ack_"));
/** Most cookies in a request: those left for other pages, and those of the latest responses. */
const MOST_COOKIES = 40;
const cookies = async (context) => acknowledgements((await context.cookies()).map(({ name }) => name));

scenario(
  "on the page, the end of a beacon acknowledges its batch",
  { site: beacons(), gated: true },
  async ({ page, gate, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => performance.setResourceTimingBufferSize(0));
    await click(page, 1);
    await flush(page);
    await collector.expectExactly({ itemId: "1" });
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
    assert.deepEqual(await counts(page), { accepted: 1, queued: 0, sent: 0, acknowledged: 1, dropped: 0 });
    assert.deepEqual(
      gate.log.map(({ mode }) => mode),
      ["no-cors"],
      "a single beacon",
    );
  },
);

scenario(
  "a beacon's events are queued until it ends",
  { site: beacons(), gated: true },
  async ({ page, gate, visit, collector }) => {
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    gate.fault = async ({ forward, answer }) => {
      const response = await forward();
      await ended;
      answer({ ...response, headers: { "cache-control": "no-store" } });
    };
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await counts(page), { accepted: 1, queued: 1, sent: 0, acknowledged: 0, dropped: 0 });
    end();
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
  },
);

scenario(
  "a beacon answered with an error is repeated by fetch",
  { site: beacons(), gated: true, allow: NETWORK },
  async ({ page, gate, visit, collector }) => {
    gate.fault = status(503);
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    await until(() => gate.log.length, "the beacon");
    gate.fault = pass;
    await collector.expectExactly({ itemId: "1" });
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
    assert.deepEqual(
      gate.log.map(({ mode }) => mode),
      ["no-cors", "cors"],
    );
    assert.equal(gate.log[0].body, gate.log[1].body);
  },
);

for (const transport of ["beacon", "auto"]) {
  scenario(
    `the cookies of many batches stay short, transport ${transport}`,
    { site: shop(transport, "batch: { maxEvents: 1 }"), gated: true },
    async ({ page, context, gate, visit }) => {
      await visit();
      await ready(page);
      await click(page, ...Array.from({ length: 300 }, (_, n) => `${n}`));
      await until(async () => (await stats(page)).acknowledged === 300, "the acknowledgements", 60_000);
      const most = Math.max(...gate.log.map(({ cookie }) => acknowledgements(cookie.split("; ")).length));
      assert.ok(most <= MOST_COOKIES, `${most} in a request`);
      assert.ok((await cookies(context)).length <= MOST_COOKIES);
    },
  );
}

scenario(
  "after the page is left, a cookie acknowledges the batch",
  { site: beacons(), gated: true },
  async ({ page, context, gate, visit, collector }) => {
    gate.fault = late(1_000);
    await visit();
    await ready(page);
    await click(page, 1, 2);
    await visit("/elsewhere.html");
    await until(async () => (await cookies(context)).length === 1, "the cookie");
    await visit();
    await ready(page);
    await until(async () => (await stats(page)).accepted === 2, "the takeover of the outbox");
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await until(async () => (await stats(page)).acknowledged === 2, "the acknowledgement");
    assert.deepEqual(await cookies(context), [], "a cookie is deleted after reading");
    assert.deepEqual(
      await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("reco_o_"))),
      [],
    );
    assert.equal(gate.log.length, 1, "a single request");
    assert.equal((await collector.stored()).length, 2);
  },
);

scenario(
  "an unacknowledged batch is repeated by fetch after 15 seconds and counts once",
  { site: beacons(), gated: true, allow: NETWORK },
  async ({ page, gate, visit, collector }) => {
    gate.fault = swallow;
    await visit();
    await ready(page);
    await click(page, 1, 2);
    await visit("/elsewhere.html");
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    gate.fault = pass;
    const left = gate.log.length;
    await visit();
    await ready(page);
    await until(async () => (await stats(page)).acknowledged === 2, "the acknowledgement");
    const again = gate.log.slice(left);
    assert.deepEqual(
      again.map(({ mode, url, body }) => [mode, url, body]),
      [["cors", gate.log[0].url, gate.log[0].body]],
    );
    assert.equal((await collector.stored()).length, 2);
  },
);

scenario(
  "acknowledgements of another tab are not deleted",
  { site: beacons(), gated: true },
  async ({ page, context, url, visit, collector }) => {
    const others = `reco_ack_${"A".repeat(22)}.0`;
    await context.addCookies([{ name: others, value: "1", url }]);
    await visit();
    await ready(page);
    for (const itemId of [1, 2, 3]) {
      await click(page, itemId);
      await flush(page);
      await until(async () => (await stats(page)).acknowledged === itemId, "the acknowledgement");
    }
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await until(async () => (await cookies(context)).length === 1, "its own cookies are deleted");
    assert.deepEqual(await cookies(context), [others]);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
  },
);

scenario(
  "if cookies are blocked during a visit, each event is stored once",
  { site: beacons('identity: { storage: "memory" }'), gated: true, allow: NETWORK },
  async ({ page, context, gate, visit, collector }) => {
    gate.fault = down;
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    await until(() => gate.log.length, "the beacon");
    gate.fault = pass;
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await context.cookies(), []);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    assert.deepEqual(await warnings(page), []);
  },
);
