// Pages whose module could not be loaded: they keep what happens for the next page.

import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

scenario(
  "clicks after the module could not be loaded wait for the next page, as calls do",
  {
    site: {
      "index.html": tagged({
        config: 'wasmUrl: "/none.wasm"',
        body: '<button data-reco="basket" data-reco-item="7" data-reco-on="click">Buy</button>',
      }),
      "next.html": tagged(),
    },
    allow: [/404|integrity/],
    wasm: true,
  },
  async ({ page, visit, collector }) => {
    await visit();
    await until(async () => (await warnings(page)).length > 0, "the warning");
    await page.click("button");
    await page.evaluate(() => window.reco("click", { itemId: "8" }));
    await visit("/next.html");
    await ready(page);
    await flush(page);
    await collector.expectStored({ type: "basket", itemId: "7" }, { type: "click", itemId: "8" });
  },
);
