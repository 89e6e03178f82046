// The drop-in for ibexa-tracker.js: unchanged old pages with `_ycq`, with the collector in the vendor's place.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { scenario, until, useBrowser } from "./harness.mjs";
import { commands, loaded, requests, resting, shop, warned, YCQ } from "./ycq.mjs";

useBrowser();

const EVERY = [
  ["_trackPageview", "200", "u1"],
  ["_trackEvent", "1", "click", "123", "u1", "?categorypath=%2FShoes%2FChildren"],
  ["_trackTimedEvent", "3", "consume", "452", "50", "u1", "?percentage=60"],
  ["_trackEvent", 1, "basket", 128, "u1"],
  ["_trackEvent", "1", "buy", "128", "u1", "?fullprice=2.50EUR&quantity=4"],
  ["_trackEvent", "1", "rate", "128", "u1", "?rating=80"],
  ["_trackEvent", "1", "clickrecommended", "155", "u1", "?scenario=also_bought"],
  ["_trackEvent", "1", "rendered", "128,129", "u1"],
  ["_login", "u1", "Ådä/王"],
];
const ADDRESSES = [
  "/api/00000/basket/u1/1/128",
  "/api/00000/buy/u1/1/128?fullprice=2.50EUR&quantity=4",
  "/api/00000/click/u1/1/123?categorypath=%2FShoes%2FChildren",
  "/api/00000/click/u1/1/200",
  "/api/00000/clickrecommended/u1/1/155?scenario=also_bought",
  "/api/00000/consume/u1/3/452?percentage=60",
  "/api/00000/login/u1/%C3%85d%C3%A4%2F%E7%8E%8B",
  "/api/00000/rate/u1/1/128?rating=80",
  "/api/00000/rendered/u1/1/128%2C129",
];

/** All nine events are stored once, and the requests were exactly these. */
async function everyOne(page, collector, hash) {
  const user = hash("u1");
  await collector.expectStored(
    { type: "click", itemType: "1", itemId: "200", user },
    { type: "click", itemId: "123", user, categoryPath: "Shoes/Children" },
    { type: "consume", itemType: "3", itemId: "452", user, percentage: 60 },
    { type: "basket", itemId: "128", user },
    { type: "buy", itemId: "128", user, price: "2.50EUR", quantity: 4 },
    { type: "rate", itemId: "128", user, rating: 80 },
    { type: "clickRecommended", itemId: "155", user, scenario: "also_bought" },
    { type: "rendered", items: ["128", "129"].map((itemId) => ({ itemId, itemType: "1" })), user },
    { type: "login", anonymous: user, user: hash("Ådä/王") },
  );
  assert.equal((await collector.stored()).length, EVERY.length);
  const asked = await requests(page, ADDRESSES.length);
  assert.deepEqual(asked.map(({ address }) => address).sort(), ADDRESSES);
  assert.ok(asked.every(({ by }) => by === "fetch"));
}

scenario(
  "every command, queued before the script has loaded",
  { site: shop({ script: commands(...EVERY) }) },
  async ({ page, visit, collector, hash }) => {
    await visit();
    await everyOne(page, collector, hash);
    assert.deepEqual(await resting(page, () => document.cookie), "", "a named user gets no cookie");
  },
);

scenario(
  "every command, pushed after the script has loaded",
  { site: shop() },
  async ({ page, visit, collector, hash }) => {
    const warnings = warned(page);
    await visit();
    await loaded(page);
    await page.evaluate((all) => window._ycq.push(...all), EVERY);
    await everyOne(page, collector, hash);
    assert.deepEqual(warnings, []);
  },
);

scenario(
  "commands before _setMandator wait for it, on a page that does not declare _ycq",
  { site: shop({ mandator: false, declare: false }) },
  async ({ page, visit, collector, hash }) => {
    await visit();
    await loaded(page);
    await page.evaluate((all) => window._ycq.push(...all), EVERY);
    await resting(page);
    assert.deepEqual(await collector.stored(), []);
    await page.evaluate(() => window._ycq.push(["_setAccount", "00000"]));
    await everyOne(page, collector, hash);
  },
);

scenario(
  "at most a hundred of them wait",
  {
    site: shop({
      mandator: false,
      script:
        'for (let item = 1; item <= 130; item++) _ycq.push(["_trackEvent", "1", "click", item, "u1"]); _ycq.push(["_setMandator", "00000"]);',
    }),
  },
  async ({ page, visit, collector }) => {
    const warnings = warned(page);
    await visit();
    await collector.expectStored(...Array.from({ length: 100 }, (_, i) => ({ itemId: String(i + 1) })));
    assert.equal((await collector.stored()).length, 100);
    assert.equal(warnings.length, 30);
    assert.match(warnings[0], /too many events wait for _setMandator/);
  },
);

scenario(
  "a queue that the page declares with let and keeps a reference to",
  {
    site: {
      "index.html": `<!doctype html><title>A shop</title><link rel="icon" href="data:,"><script>let _ycq = [["_setMandator", "00000"]]; const kept = _ycq; _ycq.push(["_trackPageview", "1", "u1"]);</script>${YCQ}`,
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await collector.expectStored({ itemId: "1" });
    await page.addScriptTag({
      content: 'kept.push(["_trackPageview", "2", "u1"]); _ycq.push(["_trackPageview", "3", "u1"]);',
    });
    await collector.expectStored({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
  },
);

scenario(
  "ids and parameters are passed unchanged, and a missing ? is added",
  { site: shop({ title: "Ein Schuh, 100 %" }) },
  async ({ page, visit, collector, hash }) => {
    await visit();
    await loaded(page);
    await page.evaluate(() => {
      window._ycq.push(["_trackPageview"]);
      window._ycq.push(["_trackEvent", "1", "click", "SKU/ä b", "a b@c", "categorypath=%2Fa+b&x=1"]);
      window._ycq.push(["_trackEvent", "1", "click", "1", "not_defined", ""]);
      window._ycq.push(["_login", "a%2Fb", "c"], ["_login", "d/e", "f", "x=1"], ["_login", "", "g"]);
    });
    const [row] = await collector.expectStored(
      { type: "click", itemType: "1", itemId: "Ein Schuh, 100 %" },
      { type: "click", itemId: "SKU/ä b", user: hash("a b@c"), categoryPath: "a b" },
      { type: "click", itemId: "1", user: undefined },
      { type: "login", anonymous: hash("a/b"), user: hash("c") },
      { type: "login", anonymous: hash("d/e"), user: hash("f") },
      { type: "login", user: hash("g") },
    );
    const visitor = await page.evaluate(() => document.cookie.split("=")[1]);
    assert.equal(row.user, hash(visitor));
    assert.deepEqual(
      (await requests(page, 6)).map(({ address }) => address).sort(),
      [
        "/api/00000/click/a%20b%40c/1/SKU%2F%C3%A4%20b?categorypath=%2Fa+b&x=1",
        "/api/00000/click/not_defined/1/1",
        `/api/00000/click/${visitor}/1/Ein%20Schuh%2C%20100%20%25`,
        `/api/00000/login/${visitor}/g`,
        "/api/00000/login/a%2Fb/c",
        "/api/00000/login/d%2Fe/f?x=1",
      ].sort(),
    );
  },
);

scenario(
  "a timed event waits, and is not sent if the visitor leaves before",
  { site: shop() },
  async ({ page, visit, collector }) => {
    await visit();
    await loaded(page);
    await page.evaluate(() =>
      window._ycq.push(
        ["_trackTimedEvent", "1", "consume", "1", 400, "u1"],
        ["_trackTimedEvent", "1", "consume", "2", "60000", "u1"],
      ),
    );
    await resting(page);
    assert.deepEqual(await collector.stored(), []);
    await collector.expectExactly({ type: "consume", itemId: "1", percentage: undefined });
    await page.goto("about:blank");
    await collector.expectExactly({ itemId: "1" });
  },
);

scenario(
  "invalid commands give warnings and do not affect the others",
  { site: shop() },
  async ({ page, visit, collector }) => {
    const warnings = warned(page);
    await visit();
    await loaded(page);
    const count = await page.evaluate(() => {
      const wrong = [
        null,
        undefined,
        5,
        "click",
        {},
        [],
        ["_track"],
        ["constructor"],
        [Symbol("s")],
        () => {},
        ["_setMandator"],
        ["_setMandator", ""],
        ["_trackEvent"],
        ["_trackEvent", "1", "click"],
        ["_trackEvent", "1", "click", ""],
        ["_trackEvent", "1", "click", undefined],
        ["_trackEvent", "1", "click", "\ud800"],
        ["_trackEvent", "1", "click", ".."],
        ["_trackEvent", "1", "click", "1", "."],
        ["_trackEvent", "1", "click", Symbol("s")],
        ["_trackTimedEvent", "1", "consume", "1"],
        ["_trackTimedEvent", "1", "consume", "1", "soon"],
        ["_trackTimedEvent", "1", "consume", "", 10],
        ["_login"],
        ["_login", "u1"],
        ["_login", "u1", ""],
        ["_login", "..", "u2"],
        {
          get 0() {
            throw new Error("mine");
          },
          length: 1,
        },
      ];
      window._ycq.push(["_trackEvent", "1", "click", "1", "u1"], ...wrong, ["_trackEvent", "1", "click", "2", "u1"]);
      return wrong.length;
    });
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    await resting(page);
    assert.equal((await collector.stored()).length, 2);
    assert.equal(warnings.length, count);
    for (const warning of warnings) {
      assert.match(warning, /^ycq\.js: .+; not sent: /);
      // Neither a user nor the page's own error.
      assert.doesNotMatch(warning, /u1|u2|mine/);
    }
  },
);

for (const again of ["/dist/ycq.js", "/dist/ycq.js?another"]) {
  scenario(
    `loaded twice (${again})`,
    { site: shop({ script: commands(["_trackPageview", "1", "u1"]) }) },
    async ({ page, visit, collector }) => {
      await visit();
      await loaded(page);
      await page.evaluate(
        (src) =>
          new Promise((onload) =>
            document.head.append(Object.assign(document.createElement("script"), { src, onload })),
          ),
        again,
      );
      await page.evaluate(() => window._ycq.push(["_trackPageview", "2", "u1"]));
      await collector.expectStored({ itemId: "1" }, { itemId: "2" });
      await resting(page);
      assert.equal((await collector.stored()).length, 2);
    },
  );
}

scenario(
  "it does nothing if the vendor's script is running",
  {
    site: shop({
      declare: false,
      mandator: false,
      script: "window._ycq = { push(command) { (this.got ||= []).push(command); } };",
    }),
  },
  async ({ page, visit }) => {
    await visit();
    await resting(page);
    await page.evaluate(() => window._ycq.push(["_setMandator", "1"]));
    assert.deepEqual(await page.evaluate(() => window._ycq.got), [["_setMandator", "1"]]);
  },
);

scenario(
  "a page left right after a push",
  { site: { ...shop(), "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>" } },
  async ({ page, visit, collector }) => {
    for (let item = 1; item <= 5; item++) {
      await visit();
      await loaded(page);
      await page.evaluate((item) => {
        window._ycq.push(["_trackEvent", "1", "buy", item, "u1"]);
        location.href = "/next.html";
      }, item);
      await page.waitForURL(/next/);
    }
    await collector.expectStored(...[1, 2, 3, 4, 5].map((item) => ({ type: "buy", itemId: String(item) })));
    assert.equal((await collector.stored()).length, 5);
  },
);

scenario("a page closed right after a push", { site: shop({ load: false }) }, async ({ page, visit, collector }) => {
  // A slow connection to the collector: a browser makes six requests to a server at a time, and the others start when
  // the page is gone.
  const slow = createServer(async (request, response) => {
    await pause(200);
    const { status } = await fetch(collector.url + request.url);
    response.writeHead(status).end();
  });
  slow.listen(0, "127.0.0.1");
  await once(slow, "listening");
  try {
    await visit();
    await page.evaluate((endpoint) => {
      const tag = Object.assign(document.createElement("script"), { src: "/dist/ycq.js" });
      tag.dataset.endpoint = endpoint;
      document.head.append(tag);
    }, `http://127.0.0.1:${slow.address().port}`);
    await loaded(page);
    const items = Array.from({ length: 20 }, (_, i) => String(i));
    await page.evaluate(
      (items) => window._ycq.push(...items.map((item) => ["_trackEvent", "1", "buy", item, "u1"])),
      items,
    );
    await page.close();
    await collector.expectStored(...items.map((itemId) => ({ itemId })));
  } finally {
    slow.close();
    slow.closeAllConnections();
  }
});

scenario("more requests at once than a browser accepts", { site: shop() }, async ({ page, visit, collector }) => {
  await visit();
  await loaded(page);
  await page.evaluate(() => {
    for (let item = 1; item <= 400; item++) window._ycq.push(["_trackEvent", "1", "rendered", item, "u1"]);
  });
  await collector.expectStored(
    ...Array.from({ length: 400 }, (_, i) => ({ items: [{ itemId: String(i + 1), itemType: "1" }] })),
  );
  assert.equal((await collector.stored()).length, 400);
});

scenario(
  "a recommendation's link is counted only if it names the scenario",
  { site: shop({ title: "A product" }) },
  async ({ page, visit, collector, hash }) => {
    await visit("/?ycreco=true");
    await loaded(page);
    await visit("/?a=1&ycreco=true&scenario=also%20bought#top");
    const [row] = await collector.expectExactly({
      type: "clickRecommended",
      itemType: "1",
      itemId: "A product",
      scenario: "also bought",
    });
    assert.equal(row.user, hash(await page.evaluate(() => document.cookie.split("=")[1])));
    await visit("/?ycreco=false&scenario=also_bought");
    await resting(page);
    assert.equal((await collector.stored()).length, 1);
  },
);

scenario(
  "nothing is sent or stored for a visitor who denied consent",
  {
    site: shop({
      script: commands(
        ["_trackPageview", "1"],
        ["_trackPageview", "2", "u1"],
        ["_trackTimedEvent", "1", "consume", "1", 10],
      ),
    }),
  },
  async ({ page, visit, collector, context, url }) => {
    await context.addCookies([{ name: "reco_off", value: "1", url }]);
    await visit();
    await resting(page);
    assert.deepEqual(await requests(page), []);
    assert.deepEqual(await collector.stored(), []);
    assert.equal(await page.evaluate(() => document.cookie), "reco_off=1");
  },
);

scenario(
  "a prerendered page sends nothing until it is shown",
  { site: shop({ script: commands(["_trackPageview", "1"]) }) },
  async ({ page, visit, collector }) => {
    // Chromium under test does not prerender, so its behaviour is simulated here.
    await page.addInitScript(() =>
      Object.defineProperty(document, "prerendering", { value: true, configurable: true }),
    );
    await visit();
    await resting(page);
    assert.deepEqual(await requests(page), []);
    assert.equal(await page.evaluate(() => document.cookie), "");
    await page.evaluate(() => {
      delete document.prerendering;
      document.dispatchEvent(new Event("prerenderingchange"));
    });
    await collector.expectExactly({ itemId: "1" });
  },
);

scenario(
  "another host and another path, also in the form of old pages",
  {
    site: shop({
      attributes: "",
      script:
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the page's
        'const tag = document.createElement("script"); tag.src = "/dist/ycq.js?own"; tag.dataset.endpoint = `//localhost:${location.port}/`; tag.dataset.path = "/api/"; _ycq.push(["_trackPageview", "1"]); document.head.append(tag);',
      load: false,
    }),
  },
  async ({ page, visit, collector }) => {
    await visit();
    await collector.expectExactly({ itemId: "1", customer: "00000" });
    const [{ address, host }] = await requests(page, 1);
    assert.match(host, /^localhost:/);
    assert.match(address, /^\/api\/00000\/click\//);
  },
);

scenario(
  "an invalid endpoint gives a warning, and nothing is sent",
  { site: shop({ attributes: 'data-endpoint="http://"', script: commands(["_trackPageview", "1"]) }) },
  async ({ page, visit }) => {
    const warnings = warned(page);
    await visit();
    await until(() => warnings.length, "a warning");
    assert.match(warnings[0], /data-endpoint is not an address/);
    assert.deepEqual(await requests(page), []);
  },
);
