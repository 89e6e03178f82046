// The demo shop's recommendation boxes, filled by the collector's feeds: what is seen, clicked and bought there is stored
// with the feed's scenario.

import assert from "node:assert/strict";
import { sendClicks } from "../../scripts/feeds/collector.mjs";
import { flush, ready, scenario, until, useBrowser } from "./harness.mjs";

useBrowser();

// The scenarios share a collector, and so its model. Each uses products of its own, or a customer.
const config = '[feeds]\n[ibexa]\ncustomers = ["00000"]';

/** Other visitors' visits: the products of each text, in this order. */
async function visits(url, ...texts) {
  const at = Date.now() - 60_000;
  const clicks = texts.flatMap((text, visitor) =>
    text.split(" ").map((item, place) => ({ visitor: `${text}-${visitor}`, item, at: at + place * 1000 })),
  );
  await sendClicks(url, clicks);
}

const asked = async (url, target) => {
  const answer = await fetch(new URL(`/v1/recommendations/${target}`, url));
  return (await answer.json()).recommendationItems.map(({ itemId }) => String(itemId));
};

const shownIn = (list) =>
  list.getByRole("listitem").evaluateAll((items) => items.map((item) => item.dataset.testid.replace("reco-", "")));

scenario(
  "a product page shows what was also viewed, and the collector learns what becomes of it",
  { config },
  async ({ page, url, visit, collector, identity }) => {
    await visits(url, "301 302 303", "302 301", "301 302");
    await until(async () => (await asked(url, "also_viewed?contextitems=301")).length === 2);

    await visit("/product.html?id=301");
    await ready(page);
    const list = page.getByTestId("recommendations");
    await list.scrollIntoViewIfNeeded();
    assert.deepEqual(await shownIn(list), ["302", "303"]);
    assert.equal(await list.getAttribute("data-scenario"), "also_viewed");
    const items = ["302", "303"].map((itemId) => ({ itemId, itemType: "1" }));
    await collector.expectStored({ type: "rendered", scenario: "also_viewed", items });

    await list.getByTestId("reco-302").getByRole("link").click();
    await page.waitForURL(/id=302/);
    await ready(page);
    await page.locator("#product").getByTestId("add-to-basket").click();
    await flush(page);
    const { hash, id } = await identity();
    await collector.expectStored(
      { type: "clickRecommended", itemId: "302", scenario: "also_viewed", anonymous: hash },
      { type: "basket", itemId: "302", anonymous: hash },
    );
    // The visitor's own feeds know it at once.
    assert.deepEqual(await asked(url, `recently_viewed?userid=${id}`), ["302", "301"]);
    assert.deepEqual(await asked(url, `recently_added_to_cart?userid=${id}`), ["302"]);

    // The same host's page gets them by its cookie, and shows them.
    await visit("/");
    await page.getByTestId("recent").waitFor();
    assert.deepEqual(await shownIn(page.getByTestId("recent")), ["302", "301"]);
  },
);

scenario(
  "with Ibexa's protocol the answer's links are called, with the scenario",
  { config },
  async ({ page, url, visit, collector, hash }) => {
    const event = (user, item) => fetch(new URL(`/api/00000/click/${user}/1/${item}?categorypath=a`, url));
    for (const item of [401, 402, 403]) await event("u1", item);
    await until(async () => (await asked(url, "also_viewed?contextitems=401&customerid=00000")).length === 2);

    await visit("/product.html?id=401&protocol=ibexa");
    await ready(page);
    // The first page makes the visitor's id, and the links need one.
    await visit("/product.html?id=401");
    await ready(page);
    const list = page.getByTestId("recommendations");
    await list.scrollIntoViewIfNeeded();
    assert.deepEqual((await shownIn(list)).sort(), ["402", "403"]);
    const { value } = (await page.context().cookies()).find(({ name }) => name === "reco_id");
    const seen = (itemId) => ({
      type: "rendered",
      source: "ibexa",
      customer: "00000",
      user: hash(value),
      scenario: "also_viewed",
      // The links of the shop's own choice have a model.
      modelId: undefined,
      items: [{ itemId, itemType: "1" }],
    });
    await collector.expectStored(seen("402"), seen("403"));
    await list.getByTestId("reco-403").getByRole("link").click();
    await page.waitForURL(/id=403/);
    await collector.expectStored({
      type: "clickRecommended",
      source: "ibexa",
      itemId: "403",
      scenario: "also_viewed",
      modelId: undefined,
      user: hash(value),
    });
  },
);

scenario(
  "while the feeds know nothing, and for a visitor who refused, the shop shows its own choice",
  { config },
  async ({ page, visit }) => {
    await visit("/product.html?id=201");
    const list = page.getByTestId("recommendations");
    await list.waitFor();
    assert.equal(await list.getAttribute("data-scenario"), "product-similar");
    assert.equal((await shownIn(list)).length, 4);
    await ready(page);
    await page.evaluate(() => window.reco("consent", "denied"));
    await visit("/");
    await page.getByTestId("recommendations").waitFor();
    assert.equal(await page.getByTestId("recent").count(), 0);
  },
);
