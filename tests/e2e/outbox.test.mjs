// Events that a page could not deliver are delivered once by the site's next page or another tab.

import assert from "node:assert/strict";
import { down, pass, status } from "./gate.mjs";
import { blockingCookies, flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

// Playwright disables the back/forward cache.
useBrowser({
  full: true,
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
  args: ["--host-resolver-rules=MAP shop.test 127.0.0.1"],
});

const ELSEWHERE = "<!doctype html><title>elsewhere</title><link rel=icon href='data:,'>";
const FETCH = '{ protocol: "batch", endpoint: "/v1/events", transport: "fetch" }';
const shop = (options) => ({
  "index.html": tagged(options),
  "other.html": tagged(options),
  "elsewhere.html": ELSEWHERE,
});
/** The browser logs this when a connection ends. */
const NETWORK = [/Failed to load resource/];

const click = (page, ...itemIds) =>
  page.evaluate((itemIds) => itemIds.forEach((itemId) => window.reco("click", { itemId })), itemIds);
const stats = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats()))));
/** The outbox entries by key. */
const outbox = (page) =>
  page.evaluate(() => Object.fromEntries(Object.entries(localStorage).filter(([key]) => /^reco_[ol]_/.test(key))));
/**
 * Waits until the outbox is empty, so that everything is acknowledged. Another page's batches are repeated after 15
 * seconds.
 */
const emptied = (page) =>
  until(
    async () => Object.keys(await outbox(page)).filter((key) => key.startsWith("reco_o_")).length === 0,
    "an empty outbox",
  );
const kept = (page, count) =>
  until(async () => Object.keys(await outbox(page)).length >= count, `${count} entries in the outbox`);
const failed = (gate, count) => until(() => gate.log.length >= count, `${count} attempts`);
/** Reports that another page was shown. Without a window there is no such event. */
const shown = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
/** Shows the page, and waits until it has looked for outboxes, half a second later. */
const lookedForOutboxes = async (page) => {
  await shown(page);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_500)));
};

scenario(
  "events that an unavailable collector did not take are delivered by the next page",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, gate, visit, collector }) => {
    gate.fault = down;
    await visit();
    await ready(page);
    await click(page, 1, 2);
    await visit("/elsewhere.html");
    await failed(gate, 1);
    const [sent] = gate.log;
    assert.ok(Object.keys(await outbox(page)).length, "the outbox survives the page");
    gate.fault = pass;
    await visit("/other.html");
    await ready(page);
    await emptied(page);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    const again = gate.log.at(-1);
    assert.deepEqual([again.url, again.body], [sent.url, sent.body], "stream, seq and bytes are kept");
    const { accepted, acknowledged } = await stats(page);
    assert.deepEqual([accepted, acknowledged], [2, 2]);
  },
);

scenario(
  "events that a closed tab could not send are delivered by the next one",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, context, gate, url, visit, collector }) => {
    gate.fault = down;
    await visit();
    await ready(page);
    await click(page, 1, 2, 3);
    await page.close();
    await failed(gate, 1);
    gate.fault = pass;
    const next = await context.newPage();
    await next.goto(url);
    await ready(next);
    await emptied(next);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
  },
);

scenario(
  "the outbox of a living tab is not touched, and that of a crashed tab is taken over",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, context, gate, url, visit, collector }) => {
    gate.fault = status(503, { "Retry-After": "200" });
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    const other = await context.newPage();
    await other.goto(url);
    await ready(other);
    await click(other, 2);
    await flush(other);
    await kept(other, 2);
    await lookedForOutboxes(other);
    assert.equal((await stats(other)).accepted, 1, "the other tab lives");

    const crashed = page.waitForEvent("crash");
    page.goto("chrome://crash").catch(() => {});
    await crashed;
    gate.fault = pass;
    await until(async () => {
      await shown(other);
      return (await stats(other)).accepted === 2;
    }, "the takeover");
    await other.evaluate(() => window.dispatchEvent(new Event("online")));
    await emptied(other);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    assert.equal((await collector.stored()).length, 2);
  },
);

/** Counts returns from the back/forward cache. */
function watch() {
  window.returned = 0;
  window.addEventListener("pageshow", ({ persisted }) => (window.returned += persisted));
}

scenario(
  "leaving and returning through the back/forward cache: nothing twice, nothing lost",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, gate, visit, collector }) => {
    gate.fault = down;
    await visit();
    await ready(page);
    await page.evaluate(watch);
    await click(page, 1);
    await visit("/other.html");
    await ready(page);
    await page.evaluate(watch);
    await click(page, 2);
    // The outbox of the cached page is taken over, and the page is not evicted from the cache.
    await until(async () => (await stats(page)).accepted === 2, "the takeover");
    await page.goBack({ waitUntil: "commit" });
    await until(() => page.evaluate(() => window.returned === 1), "the page from the cache");
    gate.fault = pass;
    await click(page, 3);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await emptied(page);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
    await page.goForward({ waitUntil: "commit" });
    await ready(page);
    assert.equal(await page.evaluate(() => window.returned), 1, "the other page was cached as well");
    await click(page, 4);
    await flush(page);
    await emptied(page);
    assert.deepEqual((await collector.stored()).map((row) => row.itemId).sort(), ["1", "2", "3", "4"]);
    const { accepted, queued, sent, acknowledged, merged, dropped } = await stats(page);
    assert.equal(accepted, queued + sent + acknowledged + merged + dropped);
  },
);

scenario(
  "without locks, leases replace them",
  { site: shop(), gated: true, host: "shop.test", allow: NETWORK },
  async ({ page, context, url, gate, visit, collector }) => {
    gate.fault = down;
    await visit();
    assert.equal(await page.evaluate(() => typeof navigator.locks), "undefined", "http is not secure");
    await ready(page);
    await click(page, 1);
    await flush(page);
    const leases = async (page) => Object.keys(await outbox(page)).filter((key) => key.startsWith("reco_l_"));
    assert.equal((await leases(page)).length, 1);
    const other = await context.newPage();
    await other.goto(url);
    await ready(other);
    await until(async () => (await leases(other)).length === 2, "the other's lease");
    await lookedForOutboxes(other);
    assert.equal((await stats(other)).accepted, 0, "a lease is respected");
    await page.close();
    await until(async () => (await leases(other)).length === 1, "the lease's end");
    gate.fault = pass;
    await shown(other);
    await emptied(other);
    await collector.expectExactly({ itemId: "1" });
  },
);

scenario(
  "any bytes in the tracker's keys are deleted without harm",
  { site: shop(), gated: true },
  async ({ page, visit, collector }) => {
    await visit("/elsewhere.html");
    await page.evaluate(() => {
      const values = [
        "",
        "\0",
        "{",
        "null",
        "\ud800\udc00\ud83d",
        "1\n2\n3\n4\n5",
        "e",
        "p\n\n",
        "x".repeat(200_000),
        "E x click 1 1\n{}",
        "P x 1 1\nhttp://localhost/\n{}",
      ];
      const instances = ["A".repeat(22), "B".repeat(22)];
      for (const instance of instances)
        values.forEach((value, i) => localStorage.setItem(`reco_o_${instance}_${i}`, value));
      localStorage.setItem(`reco_o_${instances[0]}_`, "1");
      localStorage.setItem(`reco_o_${instances[0]}_\ud83d`, "1");
      localStorage.setItem("reco_o_", "1");
      localStorage.setItem("reco_o_x_1", "1");
      localStorage.setItem(`reco_l_${instances[1]}`, "tomorrow");
      for (const key of ["reco_orders", "reco_logins", "reco_session"]) localStorage.setItem(key, "\0,,,.");
    });
    await visit();
    await ready(page);
    await click(page, 1);
    await collector.expectExactly({ itemId: "1" });
    await until(
      async () => Object.keys(await outbox(page)).filter((key) => /_[AB]{22}_/.test(key)).length === 0,
      "no damaged entry",
    );
    assert.deepEqual(
      await warnings(page),
      ["A", "B"].map(() => ({ code: "damaged", field: "batch /v1/events" })),
    );
    assert.ok((await stats(page)).dropped >= 22, "deleted entries are counted");
  },
);

scenario(
  "full storage does not stop delivery",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, gate, visit, collector }) => {
    await visit("/elsewhere.html");
    const free = await page.evaluate(() => {
      let size = 1 << 22;
      for (let n = 0; size >= 1; n++) {
        try {
          localStorage.setItem(`filling${n}`, "x".repeat(size));
        } catch {
          size >>= 1;
        }
      }
      try {
        localStorage.setItem("y", "x".repeat(20));
        return true;
      } catch {
        return false;
      }
    });
    assert.equal(free, false, "the storage is full");
    gate.fault = down;
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    gate.fault = pass;
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await outbox(page), {});
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "blocked storage does not stop delivery, and pending events are sent while the page lives",
  { site: shop(), gated: true, allow: NETWORK, openContext: blockingCookies },
  async ({ page, gate, visit, collector }) => {
    gate.fault = down;
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    gate.fault = pass;
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await warnings(page), []);
  },
);

for (const how of ["denied", "anonymous"]) {
  scenario(
    `consent "${how}" deletes the outboxes of this page and of pages that are gone`,
    { site: shop(), gated: true, host: "shop.test", allow: NETWORK },
    async ({ page, gate, visit, context }) => {
      gate.fault = down;
      await visit();
      await ready(page);
      await click(page, 1);
      await flush(page);
      // With its lease.
      await kept(page, 2);
      await page.evaluate(() => {
        localStorage.setItem(`reco_o_${"A".repeat(22)}_1`, "of a page that is gone");
        localStorage.setItem(`reco_l_${"A".repeat(22)}`, "1");
      });
      await page.evaluate((how) => window.reco("consent", how), how);
      assert.deepEqual(await outbox(page), {});
      assert.deepEqual(
        (await context.cookies()).map(({ name }) => name).filter((name) => name.startsWith("reco_ack")),
        [],
      );
      await click(page, 2);
      await visit("/elsewhere.html");
      assert.deepEqual(await outbox(page), {});
    },
  );
}

/** A policy that allows only the module to be fetched. */
const POLICY = `<script>document.write('<meta http-equiv="Content-Security-Policy" content="connect-src ' + location.origin + '/dist/">')</script>`;

scenario(
  "a policy that forbids the endpoint gives one warning, all events are kept, and a page without it delivers them",
  { site: { ...shop(), "strict.html": tagged({ head: POLICY }) }, gated: true, allow: [/Content Security Policy/] },
  async ({ page, gate, visit, collector }) => {
    await visit("/strict.html");
    await ready(page);
    await click(page, 1);
    await flush(page);
    await until(async () => (await warnings(page)).length, "a warning");
    await page.evaluate(() => window.reco("basket", { itemId: 2 }));
    await flush(page);
    assert.deepEqual(
      (await warnings(page)).map(({ code }) => code),
      ["unreachable"],
    );
    const { accepted, queued } = await stats(page);
    assert.deepEqual([accepted, queued], [2, 2]);
    assert.equal(gate.log.length, 0);
    await visit("/other.html");
    await ready(page);
    await until(async () => (await stats(page)).acknowledged === 2, "the acknowledgement");
    await emptied(page);
    await collector.expectStored({ type: "click", itemId: "1" }, { type: "basket", itemId: "2" });
    assert.equal((await collector.stored()).length, 2);
  },
);

for (const [transport, gone, kept] of [
  ["beacon", 1, 1],
  ["fetch", 0, 2],
]) {
  const destinations = `{ protocol: "ibexa", customerId: "00000", endpoint: "/", transport: "${transport}" }`;
  scenario(
    `a policy that forbids a vendor: of two events by ${transport}, ${gone} counts as sent and ${kept} are kept`,
    { site: { "index.html": tagged({ head: POLICY, destinations }) }, gated: true, allow: [/Content Security Policy/] },
    async ({ page, visit, collector }) => {
      await visit();
      await ready(page);
      await page.evaluate(() => window.reco("basket", { itemId: 1 }));
      await until(async () => (await warnings(page)).length, "a warning");
      await page.evaluate(() => window.reco("basket", { itemId: 2 }));
      await flush(page);
      const { accepted, sent, queued } = await stats(page);
      assert.deepEqual([accepted, sent, queued], [2, gone, kept]);
      assert.deepEqual(await collector.stored(), []);
    },
  );
}

scenario(
  "a report-only policy forbids nothing",
  { site: { "index.html": tagged() }, gated: true, allow: [/Report Only|report-only/i] },
  async ({ page, gate, visit, collector }) => {
    gate.heads = { "content-security-policy-report-only": "connect-src 'none'" };
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    await collector.expectExactly({ itemId: "1" });
    await until(async () => (await stats(page)).acknowledged === 1, "the acknowledgement");
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "batches of the largest size are delivered completely by the next page, and none counts as damaged",
  { site: shop({ config: "batch: { maxBytes: 60000, maxEvents: 1000 }" }), gated: true, allow: NETWORK },
  async ({ page, gate, visit, collector }) => {
    gate.fault = down;
    await visit();
    await ready(page);
    await page.evaluate(() => {
      // Small events: each has a header in the entry that does not count for maxBytes.
      for (let itemId = 0; itemId < 900; itemId++) window.reco("click", { itemId });
    });
    await flush(page);
    await failed(gate, 1);
    const longest = Math.max(...Object.values(await outbox(page)).map((text) => text.length));
    // More characters than a text of a call may have.
    assert.ok(longest > 65_536, `an entry of ${longest} characters`);
    await visit("/elsewhere.html");
    gate.fault = pass;
    await visit("/other.html");
    await ready(page);
    await emptied(page);
    assert.equal((await collector.stored()).length, 900);
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "a catch-all page's 200 acknowledges nothing, by beacon or by fetch",
  { site: { ...shop(), "fetch.html": tagged({ destinations: FETCH }) }, gated: true },
  async ({ page, gate, visit, collector }) => {
    for (const [path, order] of [
      ["/", "o1"],
      ["/fetch.html", "o2"],
    ]) {
      gate.fault = status(200, { "content-type": "text/html" });
      await visit(path);
      await ready(page);
      await page.evaluate((orderId) => window.reco("buy", { itemId: 1, orderId }), order);
      await until(async () => (await warnings(page)).length > 0, "a warning");
      assert.deepEqual(await warnings(page), [{ code: "refused", field: "batch /v1/events" }]);
      const { queued, acknowledged } = await stats(page);
      assert.deepEqual([queued, acknowledged], [1, 0]);
      gate.fault = pass;
      await visit("/other.html");
      await ready(page);
      await emptied(page);
      assert.deepEqual(await warnings(page), []);
    }
    await collector.expectStored({ type: "buy", orderId: "o1" }, { type: "buy", orderId: "o2" });
  },
);
