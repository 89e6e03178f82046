// Decisions of the visitor after dispose(): later pages must follow them.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { kept, QUIET_MS } from "./banners/visitor.mjs";
import { flush, ready, scenario, tagged, useBrowser } from "./harness.mjs";

useBrowser();

const CLICK = 'reco("click", { itemId: 1 });';
const SITE = {
  "loaded.html": tagged({ script: CLICK }),
  "loading.html": tagged({ script: `${CLICK} reco("dispose"); reco("consent", "denied");` }),
  "next.html": tagged({ script: 'reco("click", { itemId: 2 });' }),
};

/** The next page's click is stored, or not. */
async function expectNext({ page, visit, collector }, ...items) {
  await visit("/next.html");
  await ready(page);
  await flush(page);
  await pause(QUIET_MS);
  await collector.expectExactly(...items.map((itemId) => ({ itemId })));
}

for (const state of ["denied", "anonymous"])
  scenario(`consent ${state} after dispose(): what is stored is deleted`, { site: SITE }, async (given) => {
    const { page, context, visit, collector } = given;
    await visit("/loaded.html");
    await ready(page);
    await page.evaluate(() => window.reco("dispose"));
    await collector.expectStored({ itemId: "1" });
    assert.ok((await kept(page, context)).includes("reco_id"));
    await page.evaluate((state) => window.reco("consent", state), state);
    assert.deepEqual(await kept(page, context), state === "denied" ? ["reco_off"] : []);
    await expectNext(given, "1", ...(state === "denied" ? [] : ["2"]));
  });

scenario("a yes after dispose() ends an earlier no", { site: SITE }, async (given) => {
  const { page, context, visit, collector } = given;
  await visit("/loaded.html");
  await ready(page);
  await collector.expectStored({ itemId: "1" });
  await page.evaluate(() => {
    window.reco("consent", "denied");
    window.reco("dispose");
  });
  assert.deepEqual(await kept(page, context), ["reco_off"]);
  await page.evaluate(() => window.reco("consent", "granted"));
  assert.deepEqual(await kept(page, context), []);
  await expectNext(given, "1", "2");
});

scenario("a no after dispose() and before the module has loaded: it is remembered", { site: SITE }, async (given) => {
  const { page, context, visit } = given;
  await visit("/loading.html");
  await page.waitForLoadState("networkidle");
  assert.deepEqual(await kept(page, context), ["reco_off"]);
  await expectNext(given);
});
