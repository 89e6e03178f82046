// The build of the plain stable toolchain works in a browser, with the script tag and as a package.

import assert from "node:assert/strict";
import { STABLE_DIST } from "../../scripts/build.mjs";
import { ready, scenario, tagged, useBrowser, warnings } from "../e2e/harness.mjs";

useBrowser();

scenario(
  "the stable build works with the script tag",
  { dist: STABLE_DIST, site: { "index.html": tagged() } },
  async ({ page, visit, collector, identity }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      window.reco("click", { itemId: 1 });
      window.reco("buy", { itemId: 2, price: { amount: 12.45, currency: "EUR" } });
    });
    const { hash } = await identity();
    await collector.expectExactly(
      { type: "click", itemId: "1", anonymous: hash },
      { type: "buy", itemId: "2", price: "12.45EUR", anonymous: hash },
    );
    assert.deepEqual(await warnings(page), []);
  },
);

const application = `<!doctype html><title>An application</title><link rel="icon" href="data:,"><script type="module">
  import { createTracker } from "/dist/index.js";
  createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } }).click({ itemId: 3 });
</script>`;

scenario(
  "the stable build works as a package",
  { dist: STABLE_DIST, site: { "index.html": application } },
  async ({ visit, collector }) => {
    await visit();
    await collector.expectExactly({ type: "click", itemId: "3" });
  },
);
