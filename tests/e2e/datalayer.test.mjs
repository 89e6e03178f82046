// autoTrack.dataLayer: entries that a page pushes for Google are stored once, and neither the page nor Google is
// affected.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

// Pages must return from the back/forward cache, which Playwright disables.
useBrowser({ full: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] });

/** Google's own first lines. */
const GTAG =
  'window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); } gtag("js", new Date(0));';

/** Behaves like gtm.js: replaces push, numbers the objects, has its own return value, keeps the last 300 entries. */
const TAG_MANAGER = `
  window.processed = [];
  (function (layer) {
    const original = layer.push;
    layer.push = function () {
      const result = original.apply(layer, arguments);
      for (const entry of arguments) {
        processed.push(entry);
        if (entry && entry.event) entry["gtm.uniqueEventId"] = processed.length;
      }
      while (layer.length > 300) layer.shift();
      return typeof result !== "boolean" || result;
    };
  })(window.dataLayer = window.dataLayer || []);`;

const viewItem = (id) =>
  `{ event: "view_item", ecommerce: { currency: "EUR", value: 9.5, items: [{ item_id: "${id}", item_name: "A shoe", item_category: "Shoes", item_category2: "Children", price: 9.5 }] } }`;
const purchase = (order, ...ids) =>
  `{ transaction_id: "${order}", currency: "EUR", value: 1, items: [${ids.map((id) => `{ item_id: "${id}", price: "2.50", quantity: 2 }`)}] }`;

const READING = "autoTrack: { dataLayer: true }";
const shop = (options) => tagged({ config: READING, ...options });
const site = { "index.html": shop({ head: `<script>${GTAG}</script>` }) };

/** Resolves when the page's pushes are read. */
const reading = async (page) => {
  await ready(page);
  await page.waitForFunction(() => window.dataLayer && Object.hasOwn(window.dataLayer, "push"));
};

scenario(
  "past and future entries, as objects and by gtag(), with the time of the push",
  {
    wasm: true,
    site: {
      "index.html": shop({
        head: `<script>${GTAG} gtag("config", "G-1234567", { user_id: "u-1" });
          dataLayer.push({ ecommerce: null }); dataLayer.push(${viewItem("a")});
          dataLayer.push({ "gtm.start": 1, event: "gtm.js" }, { event: "add_to_wishlist", currency: "EUR", items: [{ item_id: "b", price: 0 }] });</script>`,
      }),
    },
  },
  async ({ page, visit, collector, hash }) => {
    await visit();
    await reading(page);
    const at = await page.evaluate(() => {
      window.dataLayer.push({
        event: "add_to_cart",
        ecommerce: {
          currency: "EUR",
          items: [
            { item_id: "c", price: 2 },
            { item_id: "d", quantity: "3" },
          ],
        },
      });
      window.gtag("event", "remove_from_cart", { items: [{ item_id: "c" }] });
      return Date.now();
    });
    await page.evaluate(`gtag("event", "purchase", ${purchase("T_1", "d", "e")})`);
    await flush(page);
    const user = hash("u-1");
    const rows = await collector.expectExactly(
      { type: "login", user },
      { type: "click", itemId: "a", title: "A shoe", categoryPath: "Shoes/Children", user },
      { type: "wishlist", itemId: "b", price: "0EUR" },
      { type: "basket", itemId: "c", price: "2EUR", quantity: undefined },
      { type: "basket", itemId: "d", price: undefined, quantity: 3 },
      { type: "deleteFromBasket", itemId: "c" },
      { type: "buy", itemId: "d", orderId: "T_1", price: "2.50EUR", quantity: 2 },
      { type: "buy", itemId: "e", orderId: "T_1", user },
    );
    assert.ok(Math.abs(rows[3].at - at) < 50, `pushed at ${at}, stored with ${rows[3].at}`);
    assert.deepEqual(await warnings(page), []);
    const modules = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map(({ name }) => name)
        .filter((name) => name.includes(".wasm")),
    );
    assert.deepEqual(
      modules.map((name) => name.match(/[\w-]+\.wasm/)[0]),
      ["recobeacon-all.wasm"],
    );
  },
);

scenario(
  "without the option no entry is read and no layer is created",
  {
    site: {
      "index.html": tagged({
        head: `<script>${GTAG}</script>`,
        body: '<p data-reco="click" data-reco-item="a">Watched</p>',
      }),
      "none.html": tagged(),
    },
  },
  async ({ page, visit, collector }) => {
    await visit("/none.html");
    await ready(page);
    assert.equal(await page.evaluate(() => typeof window.dataLayer), "undefined");
    await visit();
    await ready(page);
    await collector.expectExactly({ itemId: "a" });
    await page.evaluate(`dataLayer.push(${viewItem("no")}); reco("click", { itemId: "b" })`);
    await flush(page);
    await collector.expectExactly({ itemId: "a" }, { itemId: "b" });
    assert.deepEqual(await warnings(page), []);
  },
);

/** The state of its layer as a page sees it, after all its operations on it. */
function doings() {
  const layer = window.dataLayer;
  const odd = {
    get event() {
      throw new Error("odd");
    },
  };
  const cyclic = { event: "purchase" };
  cyclic.ecommerce = cyclic;
  cyclic.items = [cyclic, document.body];
  const entries = [
    { ecommerce: null },
    { event: "view_item", ecommerce: { items: [{ item_id: "a" }] }, eventCallback() {} },
    null,
    undefined,
    7,
    "text",
    [1, 2],
    // An array instead of arguments has no meaning for Google either.
    ["event", "view_item", { items: [{ item_id: "no" }] }],
    () => {},
    document.body,
    window,
    odd,
    cyclic,
    Object.freeze({ event: "add_to_cart", items: Object.freeze([]) }),
    new Proxy(
      {},
      {
        get() {
          throw new Error("odd");
        },
      },
    ),
  ];
  const answers = entries.map((entry) => layer.push(entry));
  answers.push(
    layer.push(),
    layer.push({ a: 1 }, { b: 2 }),
    Array.prototype.push.call(layer, { c: 3 }),
    window.gtag("event", "view_item", { items: [] }),
  );
  const names = [];
  for (const name in layer) names.push(name);
  return {
    answers,
    names,
    same: entries.every((entry, place) => layer[layer.length - entries.length - 4 + place] === entry),
    json: JSON.stringify(layer.filter((entry) => !entries.slice(8).includes(entry))),
    keys: entries.slice(0, 2).map((entry) => Object.keys(entry)),
  };
}

scenario(
  "the page's layer is the same as without the tracker",
  {
    site: {
      ...site,
      "plain.html": `<!doctype html><title>A shop</title><link rel="icon" href="data:,"><script>${GTAG}</script>`,
    },
  },
  async ({ page, visit, collector }) => {
    await visit("/plain.html");
    const plain = await page.evaluate(doings);
    assert.ok(plain.same && plain.names.length > 19);
    await visit();
    await reading(page);
    assert.deepEqual(await page.evaluate(doings), plain);
    await flush(page);
    await collector.expectExactly({ type: "click", itemId: "a" });
  },
);

for (const [when, options, late] of [
  ["before the tracker", { head: `<script>${TAG_MANAGER}</script>` }],
  ["after the tracker", {}, TAG_MANAGER],
]) {
  scenario(
    `Tag Manager comes ${when}: each entry counts once for both`,
    { site: { "index.html": shop(options) } },
    async ({ page, visit, collector }) => {
      await visit();
      // If Tag Manager was first, the layer has its own push already, which the tracker then replaces.
      await ready(page);
      await page.waitForFunction(
        () =>
          window.dataLayer &&
          (!window.processed || !/processed/.test(window.dataLayer.push)) &&
          Object.hasOwn(window.dataLayer, "push"),
      );
      if (late) await page.evaluate(late);
      const { answers, processed } = await page.evaluate(() => {
        const view = (item_id) => ({ event: "view_item", ecommerce: { items: [{ item_id }] } });
        const answers = [window.dataLayer.push(view("a")), window.dataLayer.push({ event: "scroll" }, view("b"))];
        for (let n = 0; n < 400; n++) window.dataLayer.push({ n });
        answers.push(window.dataLayer.push(view("c")), window.dataLayer.length);
        return { answers, processed: window.processed.length };
      });
      assert.deepEqual(answers, [true, true, true, 300]);
      assert.equal(processed, 404);
      await flush(page);
      await collector.expectExactly({ itemId: "a" }, { itemId: "b" }, { itemId: "c" });
    },
  );
}

scenario(
  "a layer created later by Tag Manager is read, and one created by the tracker is used by Tag Manager",
  { site: { "index.html": shop() } },
  async ({ page, visit, collector }) => {
    await visit();
    await reading(page);
    assert.deepEqual(await page.evaluate(() => [Array.isArray(window.dataLayer), window.dataLayer.length]), [true, 0]);
    await page.evaluate(`${GTAG} gtag("event", "view_item", { items: [{ item_id: "a" }] })`);
    await flush(page);
    await collector.expectExactly({ itemId: "a" });
  },
);

/** The tracker's push cannot be removed from under this one. */
const UNDER_ANOTHER =
  "{ const below = dataLayer.push; dataLayer.push = function () { return below.apply(this, arguments); }; }";
scenario(
  "a page that replaces its layer while it loads",
  {
    site: {
      "index.html": shop({
        head: `<script>${GTAG} dataLayer.push(${viewItem("a")});</script>`,
        body: `<script src="/late.js"></script>`,
      }),
    },
  },
  async ({ page, visit, collector }) => {
    // The page's own script runs when its first layer is already being read.
    await page.route("**/late.js", async (route) => {
      await page.waitForFunction(() => Object.hasOwn(window.dataLayer, "push"));
      await route.fulfill({
        contentType: "text/javascript",
        body: `${UNDER_ANOTHER} window.old = dataLayer; dataLayer = [dataLayer[1], ${viewItem("b")}];`,
      });
    });
    await visit();
    await reading(page);
    await page.evaluate(`old.push(${viewItem("no")}); dataLayer.push(${viewItem("c")})`);
    await flush(page);
    await collector.expectExactly({ itemId: "a" }, { itemId: "b" }, { itemId: "c" });
  },
);

scenario("an entry counts with its content at the time of the push", { site }, async ({ page, visit, collector }) => {
  await visit();
  await reading(page);
  await page.evaluate(() => {
    const entry = { event: "view_item", ecommerce: { items: [{ item_id: "a" }] } };
    window.dataLayer.push(entry);
    entry.ecommerce.items[0].item_id = "b";
    // A second push of the same object is another event.
    window.dataLayer.push(entry);
    entry.ecommerce = null;
  });
  await flush(page);
  await collector.expectExactly({ itemId: "a" }, { itemId: "b" });
});

scenario(
  "a purchase on a page that is left at once is stored, and so are entries pushed on leaving",
  {
    site: {
      "index.html": shop({
        head: `<script>${GTAG} addEventListener("pagehide", () => dataLayer.push(${viewItem("last")}));</script>`,
        body: `<button onclick='gtag("event", "purchase", ${purchase("T_2", "a", "b")}); location.href = "/next.html"'>Buy</button>`,
      }),
      "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>",
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await reading(page);
    await page.getByRole("button").click();
    await page.waitForURL(/next/);
    await collector.expectStored(
      { type: "buy", itemId: "a" },
      { type: "buy", itemId: "b" },
      { type: "click", itemId: "last" },
    );
    assert.equal((await collector.stored()).length, 3);
  },
);

scenario(
  "a reloaded confirmation page counts as one order",
  {
    site: {
      "index.html": shop({
        head: `<script>${GTAG} gtag("event", "purchase", ${purchase("T_3", "a", "a", "b")});</script>`,
      }),
    },
  },
  async ({ page, visit, collector }) => {
    for (const told of [[], [{ code: "duplicate-order", field: "buy.orderId" }]]) {
      await visit();
      await reading(page);
      await page.evaluate(() => window.reco("page"));
      await flush(page);
      await until(async () => (await warnings(page)).length === told.length, "the warnings");
      assert.deepEqual(await warnings(page), told);
    }
    await collector.expectExactly({ itemId: "a" }, { itemId: "a" }, { itemId: "b" });
  },
);

scenario(
  "a page that returns from the back/forward cache reads no entry twice",
  { site: { ...site, "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>" } },
  async ({ page, visit, collector }) => {
    await visit();
    await reading(page);
    await page.evaluate(
      `addEventListener("pageshow", ({ persisted }) => { window.persisted = persisted; }); dataLayer.push(${viewItem("a")})`,
    );
    await visit("/next.html");
    await page.evaluate(() => history.back());
    await page.waitForFunction(() => window.persisted);
    await page.evaluate(`dataLayer.push(${viewItem("b")})`);
    await flush(page);
    await collector.expectExactly({ itemId: "a" }, { itemId: "b" });
  },
);

const LISTS = `autoTrack: { dataLayer: { name: "shopLayer", lists: { "Related products": "also_bought" } } }`;
scenario(
  "a layer of another name, and lists that are recommendations",
  { site: { "index.html": shop({ config: LISTS }) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.waitForFunction(() => window.shopLayer && Object.hasOwn(window.shopLayer, "push"));
    await page.evaluate(() => {
      const list = (event, item_list_name, ...ids) =>
        window.shopLayer.push({ event, ecommerce: { item_list_name, items: ids.map((item_id) => ({ item_id })) } });
      list("view_item_list", "Related products", "a", "b");
      list("view_item_list", "Shoes", "c", "d");
      list("select_item", "Shoes", "d");
      list("select_item", "Related products", "b");
    });
    await flush(page);
    await collector.expectExactly(
      {
        type: "rendered",
        scenario: "also_bought",
        items: [
          { itemId: "a", itemType: "1" },
          { itemId: "b", itemType: "1" },
        ],
      },
      { type: "clickRecommended", scenario: "also_bought", itemId: "b" },
    );
    assert.equal(await page.evaluate(() => typeof window.dataLayer), "undefined");
  },
);

scenario(
  "faults in an entry are reported with their path, and the rest of it counts",
  { site },
  async ({ page, visit, collector }) => {
    await visit();
    await reading(page);
    await page.evaluate(() =>
      window.gtag("event", "purchase", {
        transaction_id: "T_4",
        items: [{ item_id: "a", price: 1 }, { item_name: "no id" }, { item_id: "b", quantity: "many" }],
      }),
    );
    await flush(page);
    await collector.expectExactly({ itemId: "a", price: undefined }, { itemId: "b", quantity: undefined });
    assert.deepEqual(await warnings(page), [
      { code: "missing-field", field: "dataLayer.purchase.items[1].item_id" },
      { code: "missing-field", field: "dataLayer.purchase.currency" },
      { code: "bad-type", field: "dataLayer.purchase.items[2].quantity" },
    ]);
  },
);

for (const [how, under, left] of [
  ["restores the layer", "", false],
  ["stays under Tag Manager's without effect", TAG_MANAGER, true],
]) {
  scenario(`dispose: the tracker's push ${how}`, { site }, async ({ page, visit, collector }) => {
    await visit();
    await reading(page);
    await page.evaluate(
      `${under}; dataLayer.push(${viewItem("a")}); reco("ready", (tracker) => { tracker.flush().then(() => { tracker.dispose(); window.ended = true; }); })`,
    );
    await page.waitForFunction(() => window.ended);
    assert.equal(await page.evaluate(() => Object.hasOwn(window.dataLayer, "push")), left);
    await page.evaluate(`dataLayer.push(${viewItem("b")})`);
    assert.equal(await page.evaluate(() => window.dataLayer.filter(({ event }) => event === "view_item").length), 2);
    await collector.expectExactly({ itemId: "a" });
  });
}

scenario(
  "an unreadable layer gives one warning",
  { site: { "index.html": shop({ head: "<script>window.dataLayer = Object.freeze([]);</script>" }) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await until(async () => (await warnings(page)).length, "a warning");
    assert.deepEqual(
      (await warnings(page)).map(({ code }) => code),
      ["bad-type"],
    );
    await page.evaluate(() => window.reco("click", { itemId: "a" }));
    await flush(page);
    await collector.expectExactly({ itemId: "a" });
  },
);
