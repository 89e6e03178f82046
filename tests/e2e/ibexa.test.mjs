// A shop with Ibexa's protocol. The collector takes Ibexa's place.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const destinations = (more = "") => `{ protocol: "ibexa", customerId: "00000", endpoint: location.origin${more} }`;
const site = { "index.html": tagged({ destinations: destinations() }) };

const everyEvent = (page) =>
  page.evaluate(() => {
    const reco = window.reco;
    reco("click", { itemId: 100, categoryPath: "Shoes/Children" });
    reco("consume", { itemId: 100, percentage: 40 });
    reco("rendered", { items: [1, 2, 3], scenario: "home" });
    reco("clickRecommended", { itemId: 2, scenario: "home", modelId: 37 });
    reco("basket", { itemId: 100, categoryPath: "Shoes/Children" });
    reco("deleteFromBasket", { itemId: 100 });
    reco("rate", { itemId: 100, rating: 80 });
    reco("blacklist", { itemId: 7 });
    reco("wishlist", { itemId: 5, price: "2.50EUR" });
    reco("deleteFromWishlist", { itemId: 5 });
    reco("buy", [
      { itemId: 100, quantity: 2, price: "12.45EUR" },
      { itemId: 101, quantity: 1, price: { amount: 5, currency: "EUR" } },
    ]);
  });

// The fields that Ibexa supports: a category only on click, a scenario only on clickrecommended.
const EXPECTED = [
  { type: "click", itemId: "100", categoryPath: "Shoes/Children" },
  { type: "consume", itemId: "100", percentage: 40 },
  { type: "rendered", items: ["1", "2", "3"].map((itemId) => ({ itemId, itemType: "1" })) },
  { type: "clickRecommended", itemId: "2", scenario: "home", modelId: "37" },
  { type: "basket", itemId: "100" },
  { type: "deleteFromBasket", itemId: "100" },
  { type: "rate", itemId: "100", rating: 80 },
  { type: "blacklist", itemId: "7" },
  { type: "wishlist", itemId: "5", price: "2.50EUR" },
  { type: "deleteFromWishlist", itemId: "5" },
  { type: "buy", itemId: "100", quantity: 2, price: "12.45EUR" },
  { type: "buy", itemId: "101", price: "5EUR" },
];

for (const [name, options] of [
  ["beacons", ""],
  ["GET", ', method: "GET"'],
  ["POST by fetch", ', transport: "fetch"'],
]) {
  scenario(
    `every event, by ${name}`,
    { site: { "index.html": tagged({ destinations: destinations(options) }) } },
    async ({ page, visit, collector, identity }) => {
      await visit();
      await ready(page);
      const { hash } = await identity();
      await everyEvent(page);
      await flush(page);
      const rows = await collector.expectStored(
        ...EXPECTED.map((event) => ({ ...event, source: "ibexa", customer: "00000", user: hash, itemType: "1" })),
      );
      assert.equal((await collector.stored()).length, rows.length, "one row for each event");
      assert.deepEqual(await warnings(page), []);
    },
  );
}

scenario(
  "login names the visitor and the account, and the account is used from then on",
  { site },
  async ({ page, visit, collector, identity, hash }) => {
    await visit();
    await ready(page);
    const { hash: visitor } = await identity();
    await page.evaluate(() => {
      window.reco("login", "Ådä/王 1");
      window.reco("click", { itemId: 1, categoryPath: "a" });
    });
    await collector.expectStored(
      { type: "login", anonymous: visitor, user: hash("Ådä/王 1") },
      { type: "click", itemId: "1", user: hash("Ådä/王 1") },
    );
  },
);

scenario(
  "with anonymous consent the user is not_defined, and no id is stored",
  { site: { "index.html": tagged({ destinations: destinations(), config: 'consent: "anonymous"' }) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 1, categoryPath: "a" }));
    await collector.expectExactly({ type: "click", itemId: "1", user: undefined, anonymous: undefined });
  },
);

scenario(
  "a batch collector and Ibexa both get every event, each in its own format",
  {
    site: {
      "index.html": tagged({ destinations: `[${destinations()}, { protocol: "batch", endpoint: "/v1/events" }]` }),
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await everyEvent(page);
    await page.evaluate(() => window.reco("feedback", { query: "shoes", positive: true }));
    await flush(page);
    await collector.expectStored(
      ...EXPECTED.map((event) => ({ ...event, source: "ibexa" })),
      ...EXPECTED.filter(({ type }) => type !== "basket").map((event) => ({ ...event, source: "batch" })),
      { type: "basket", itemId: "100", categoryPath: "Shoes/Children", source: "batch" },
      { type: "feedback", query: "shoes", source: "batch" },
    );
    const told = await warnings(page);
    assert.deepEqual(
      told.map(({ code }) => code),
      ["unsupported-event"],
      "Ibexa does not support feedback",
    );
  },
);

scenario("leaving the page sends pending events", { site }, async ({ page, visit, collector }) => {
  await visit();
  await ready(page);
  await page.evaluate(() => {
    for (let itemId = 1; itemId <= 60; itemId++) window.reco("click", { itemId, categoryPath: "a" });
  });
  await page.goto("about:blank");
  const rows = await collector.expectStored(
    ...Array.from({ length: 60 }, (_, i) => ({ type: "click", itemId: String(i + 1) })),
  );
  assert.equal((await collector.stored()).length, rows.length);
});
