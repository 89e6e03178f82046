// Stored work of earlier pages, in any amount and with any content: it is delivered and counted, and never stops a
// tracker.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { EMPTY, IBEXA, kept, leave, MODULE, open, SCRIPT, settled, slow } from "./slow.mjs";

useBrowser();

const site = (pages) => ({
  ...Object.fromEntries(Object.entries(pages).map(([name, options]) => [`${name}.html`, tagged(options)])),
  "empty.html": EMPTY,
});
const stats = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats()))));
const characters = (page) =>
  page.evaluate(() =>
    Object.entries(localStorage)
      .filter(([key]) => key.startsWith("reco_"))
      .reduce((sum, [key, text]) => sum + key.length + text.length, 0),
  );
const many = (count) =>
  `for (let n = 0; n < ${count}; n++) reco("click", { itemId: n, title: "x".repeat(1000), categoryPath: "a" });`;

for (const [what, held] of [
  ["the script", SCRIPT],
  ["the module", MODULE],
]) {
  scenario(
    `without ${what}: 900 calls of 1.1 kB are all delivered by the next page`,
    { site: site({ a: { script: many(900) }, b: {} }) },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      network.hold(held);
      await open(page, `${network.url}/a.html`);
      await settled(page, held);
      await leave(page, network);
      network.release();
      await open(page, `${network.url}/b.html`);
      await ready(page);
      await flush(page);
      await until(async () => (await collector.stored()).length === 900, "900 events");
      assert.deepEqual(await warnings(page), []);
    },
  );

  scenario(
    `without ${what}: calls beyond the limit are counted and reported`,
    { site: site({ a: { script: many(1_500), destinations: IBEXA }, b: { destinations: IBEXA } }) },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      network.hold(held);
      await open(page, `${network.url}/a.html`);
      await settled(page, held);
      await leave(page, network);
      assert.ok((await characters(page)) < 1_300_000);
      network.release();
      await open(page, `${network.url}/b.html`);
      await ready(page);
      const { accepted, dropped } = await stats(page);
      assert.equal(accepted, 1_500);
      assert.ok(dropped > 300, `${dropped} dropped`);
      assert.ok((await warnings(page)).some(({ code, field }) => code === "queue-full" && field === "calls"));
    },
  );
}

scenario(
  "while the tracker is blocked, parked calls stay under a tenth of the storage, and the newest are kept",
  {
    site: site({
      a: { load: false, script: `reco("click", { itemId: location.search.slice(1) }); ${many(15)}` },
      b: {},
    }),
  },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    for (let n = 0; n < 60; n++) await open(page, `${network.url}/a.html?page${n}`);
    await leave(page, network);
    const size = await characters(page);
    assert.ok(size > 250_000 && size < 500_000, `${size} characters`);
    const all = await page.evaluate(() => Object.values(localStorage).join(""));
    assert.ok(all.includes('"page59"') && !all.includes('"page0"'), "the oldest were dropped first");
    await open(page, `${network.url}/b.html`);
    await ready(page);
    await flush(page);
    await collector.expectStored({ itemId: "page59" });
    assert.ok((await warnings(page)).some(({ code, field }) => code === "queue-full" && field === "calls"));
    assert.deepEqual(await kept(page), []);
  },
);

for (const text of ["{}", "null", "5", '"text"', "[]", "[1,2,3,4]", '{"v":2,"calls":[]}', "[null", '[["a"],{},[],{}]'])
  scenario(
    `a tracker starts with invalid values in its keys: ${text}`,
    { site: site({ a: { script: 'reco("click", { itemId: 1 });' } }) },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      await leave(page, network);
      await page.evaluate((text) => {
        for (const key of [
          "reco_raw_x",
          "reco_q1",
          "reco_qx",
          "reco_session",
          "reco_orders",
          "reco_logins",
          "reco_o_x_1",
        ])
          localStorage.setItem(key, text);
      }, text);
      await open(page, `${network.url}/a.html`);
      await ready(page);
      await collector.expectExactly({ itemId: "1" });
      assert.deepEqual(await kept(page), []);
    },
  );

scenario(
  "a failed raw batch is sent again to its original address, also with a base element",
  {
    site: site({
      a: {
        head: '<base href="/shop/de/">',
        destinations: '{ protocol: "batch", endpoint: "v1/events" }',
        script: 'reco("click", { itemId: 1 });',
      },
    }),
    allow: [/./],
  },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    network.hold(MODULE);
    await open(page, `${network.url}/a.html`);
    await settled(page, MODULE);
    await leave(page, network);
    await until(() => network.seen.some((what) => what.startsWith("POST ")), "the raw batch");
    const [key] = await kept(page);
    const url = await page.evaluate((key) => JSON.parse(localStorage[key])[1], key);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/shop\/de\/v1\/events\?b=/);
  },
);

/** A server that answers every request in this way. `asked` has the requested addresses. */
async function answering(t, status, headers, body) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status, { ...headers, "access-control-allow-origin": "*" }).end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return { asked, url: `http://127.0.0.1:${server.address().port}/recobeacon.wasm` };
}

for (const [what, status, headers, body] of [
  ["404", 404, { "content-type": "application/wasm" }, "no"],
  ["500", 500, {}, "no"],
  ["200 of a catch-all page", 200, { "content-type": "text/html" }, "<!doctype html>"],
  ["200 of the wrong bytes", 200, { "content-type": "application/wasm" }, "cut"],
])
  scenario(
    `a module answered with ${what}: requested again only for the reason, reported with its address, and calls wait for the next page`,
    {
      wasm: true,
      site: site({
        a: {
          destinations: IBEXA,
          config: "wasmUrl: decodeURIComponent(location.search.slice(1))",
          script: `window.messages = []; reco("on", "warning", ({ code, message }) => messages.push([code, message]));
            reco("click", { itemId: 1, categoryPath: "a" });`,
        },
        b: { destinations: IBEXA },
      }),
      allow: [/Failed to load resource|wasm/i],
    },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      const { asked, url } = await answering(t, status, headers, body);
      await open(page, `${network.url}/a.html?${encodeURIComponent(url)}`);
      await until(() => page.evaluate(() => window.messages.length), "a warning");
      await page.evaluate(() => window.reco("click", { itemId: 2, categoryPath: "a" }));
      const [[code, message], ...others] = await page.evaluate(() => window.messages);
      assert.deepEqual([code, others], ["wasm-unavailable", []]);
      assert.ok(message.includes(url) && message.includes(String(status)), message);
      assert.equal(asked.length, 2);
      await leave(page, network);
      await open(page, `${network.url}/b.html`);
      await ready(page);
      await flush(page);
      await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    },
  );

const DISPOSED = `
  const config = { destinations: { protocol: "batch", endpoint: "/v1/events" }, onWarning: ({ code, field }) => warnings.push({ code, field }) };
  import("/dist/index.js").then(({ createTracker }) => {
    window.first = createTracker(config);
    first.buy({ itemId: 1, orderId: "o1" });
    first.dispose();
    window.second = createTracker(config);
    second.buy({ itemId: 1, orderId: "o1" });
    second.click({ itemId: 2 });
  });`;

scenario(
  "a tracker disposed before the module has loaded sends its calls, and an order counts once",
  {
    site: {
      "index.html": `<!doctype html><link rel="icon" href="data:,"><script>window.warnings = [];${DISPOSED}</script>`,
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await collector.expectStored({ type: "buy", orderId: "o1" }, { type: "click", itemId: "2" });
    assert.equal((await collector.stored()).length, 2);
    // The second tracker may have taken over the first one's outbox. In that case it gets both acknowledgements.
    const acknowledged = () => [window.first, window.second].map((tracker) => tracker.stats().acknowledged);
    await until(async () => {
      const [first, second] = await page.evaluate(acknowledged);
      return first + second === 2;
    }, "the acknowledgements of both events");
    assert.deepEqual(await page.evaluate(() => window.warnings), [{ code: "duplicate-order", field: "buy.orderId" }]);
  },
);

scenario(
  "twenty created and disposed trackers share one instance of one module",
  { site: { "index.html": '<!doctype html><link rel="icon" href="data:,">' }, wasm: true },
  async ({ page, visit, collector }) => {
    await visit();
    const made = await page.evaluate(async () => {
      let instances = 0;
      const { Instance } = WebAssembly;
      WebAssembly.Instance = new Proxy(Instance, {
        construct: (of, args) => ((instances += 1), Reflect.construct(of, args)),
      });
      const { createTracker } = await import("/dist/index.js");
      for (let itemId = 0; itemId < 20; itemId++) {
        const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });
        tracker.click({ itemId });
        if (itemId % 2) await tracker.ready;
        tracker.dispose();
      }
      return instances;
    });
    assert.equal(made, 1);
    await until(async () => (await collector.stored()).length === 20, "20 events");
  },
);

for (const [name, destinations, first] of [
  [
    "a collector, which recognises duplicates: the calls are in the outbox before the key is deleted",
    undefined,
    "written",
  ],
  ["a vendor, which counts each arrival: the key is deleted before", IBEXA, "deleted"],
]) {
  scenario(
    `parked calls for ${name}`,
    {
      site: site({
        a: { script: 'reco("click", { itemId: 4711, categoryPath: "a" });', destinations },
        b: { destinations },
      }),
    },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      network.hold(SCRIPT);
      await open(page, `${network.url}/a.html`);
      await leave(page, network);
      network.release();
      // Records the operations on storage in order.
      await page.addInitScript(() => {
        window.order = [];
        const { setItem, removeItem } = Storage.prototype;
        const note = (what, key, text) => {
          if (what === "written" ? /4711/.test(text) : /^reco_q/.test(key)) window.order.push(what);
        };
        Storage.prototype.setItem = function (key, text) {
          note("written", key, text);
          setItem.call(this, key, text);
        };
        Storage.prototype.removeItem = function (key) {
          note("deleted", key);
          removeItem.call(this, key);
        };
      });
      await open(page, `${network.url}/b.html`);
      await ready(page);
      await flush(page);
      await collector.expectExactly({ type: "click", itemId: "4711" });
      assert.deepEqual(await kept(page), []);
      const order = await page.evaluate(() => window.order);
      assert.equal(order[0], first, order.join(" "));
      assert.deepEqual([...new Set(order)].sort(), ["deleted", "written"]);
    },
  );
}
