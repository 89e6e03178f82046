// How often tracking without code reads the page's data: pages are large, and scans are many.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const PRODUCT = '<script type="application/ld+json">{ "@type": "Product", "sku": "S-1" }</script>';
const ELEMENTS = 50;
/** None of them names an item, so they get the page's product. Their attributes differ, so that each is an event. */
const elements = (from) =>
  Array.from({ length: ELEMENTS }, (_, n) => `<i data-reco="basket" data-reco-quantity="${from + n}"></i>`).join("");

scenario(
  "JSON-LD is parsed once for each scan, for any number of elements",
  {
    site: {
      "index.html": tagged({ body: PRODUCT + elements(1), config: "autoTrack: { attributes: true, jsonLd: true }" }),
    },
  },
  async ({ page, visit, collector }) => {
    await page.addInitScript(() => {
      window.parsed = 0;
      const parse = JSON.parse;
      JSON.parse = (text, ...more) => {
        if (/"Product"/.test(text)) window.parsed++;
        return parse(text, ...more);
      };
    });
    const stored = async (last) => {
      await flush(page);
      await collector.expectStored({ type: "basket", itemId: "S-1", quantity: last });
      return { parsed: await page.evaluate(() => window.parsed), rows: (await collector.stored()).length };
    };
    await visit();
    await ready(page);
    assert.deepEqual(await stored(ELEMENTS), { parsed: 1, rows: ELEMENTS });
    await page.evaluate((html) => document.body.insertAdjacentHTML("beforeend", html), elements(ELEMENTS + 1));
    assert.deepEqual(await stored(2 * ELEMENTS), { parsed: 2, rows: 2 * ELEMENTS });
    assert.deepEqual(await warnings(page), []);
  },
);
