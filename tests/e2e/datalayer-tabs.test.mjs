// autoTrack.dataLayer in two tabs of a visitor.

import assert from "node:assert/strict";
import { ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const LAYER = "<script>window.dataLayer = [];</script>";
const site = { "index.html": tagged({ head: LAYER, config: "autoTrack: { dataLayer: true }" }) };
const PURCHASE =
  'dataLayer.push({ event: "purchase", ecommerce: { transaction_id: "T_0", currency: "EUR", value: 5, items: [{ item_id: "a", price: 5 }] } })';

/** Resolves when the page's pushes are read. */
const reading = async (page) => {
  await ready(page);
  await page.waitForFunction(() => Object.hasOwn(window.dataLayer, "push"));
};

scenario(
  "a purchase that another tab has sent meanwhile is not sent again",
  { site },
  async ({ page, context, visit, collector, url }) => {
    await visit();
    await reading(page);
    const other = await context.newPage();
    await other.goto(url);
    await reading(other);
    await other.evaluate(PURCHASE);
    await collector.expectStored({ type: "buy", itemId: "a" });
    await page.evaluate(PURCHASE);
    await until(async () => (await warnings(page)).length > 0, "the warning");
    assert.deepEqual(
      (await warnings(page)).map(({ code }) => code),
      ["duplicate-order"],
    );
    const { sent, queued } = await page.evaluate(() => window.reco("stats"));
    assert.deepEqual({ sent, queued }, { sent: 0, queued: 0 });
  },
);
