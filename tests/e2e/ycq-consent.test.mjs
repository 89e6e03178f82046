// The drop-in with data-consent-from: nothing is stored or sent before the banner's answer, or after a no.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer, expectNothing, GPC, kept, QUIET_MS } from "./banners/visitor.mjs";
import { scenario, until, useBrowser } from "./harness.mjs";
import { loaded, shop, warned } from "./ycq.mjs";

useBrowser();

const attributes = (source) => `data-endpoint="/" data-consent-from="${source}"`;
const track = (id) => `_ycq.push(["_trackEvent", "1", "click", "${id}"]);`;

const siteOf = ({ source, script }, options) => ({
  ...shop({ head: ASKS, script: track(1), attributes: attributes(source), ...options }),
  "banner.js": script,
});
const push = (page, id) => page.evaluate((code) => new Function(code)(), track(id));

for (const banner of BANNERS) {
  const { source } = banner;
  scenario(
    `data-consent-from="${source}": events wait for a yes, and go in their order`,
    { site: siteOf(banner) },
    async ({ page, context, visit, collector }) => {
      await visit();
      await loaded(page);
      await push(page, 2);
      await expectNothing({ page, context, collector });
      await answer(page, true);
      await collector.expectStored({ itemId: "1" }, { itemId: "2" });
      assert.deepEqual(await kept(page, context), ["YCID"]);
    },
  );

  scenario(
    `data-consent-from="${source}": after a no nothing is sent, and nothing stays`,
    { site: siteOf(banner) },
    async ({ page, context, visit, collector }) => {
      await visit();
      await loaded(page);
      await answer(page, true);
      await collector.expectStored({ itemId: "1" });
      await page.evaluate(() => localStorage.setItem("reco_ycq 1 1000000 0.5", "/api/00000/click/u/1/9"));
      await answer(page, false);
      await until(async () => (await kept(page, context)).join() === "reco_off", "everything is deleted");
      await push(page, 2);
      await pause(QUIET_MS);
      assert.equal((await collector.stored()).length, 1);
    },
  );
}

const [tcf] = BANNERS;
const WITH_GPC = `<script>${GPC}</script>`;

scenario(
  "data-consent-from: Global Privacy Control is a no, until the banner says yes",
  { site: siteOf(tcf, { head: WITH_GPC + ASKS }) },
  async ({ page, context, visit, collector }) => {
    await visit();
    await loaded(page);
    await push(page, 2);
    // A signal is no decision to remember.
    await expectNothing({ page, context, collector });
    await answer(page, true);
    await push(page, 3);
    await collector.expectExactly({ itemId: "3" });
  },
);

scenario(
  "a page without data-consent-from ignores Global Privacy Control, as the vendor's script",
  { site: siteOf(tcf, { head: WITH_GPC, attributes: 'data-endpoint="/"' }) },
  async ({ page, visit, collector }) => {
    await visit();
    await collector.expectExactly({ itemId: "1" });
    assert.equal(await page.evaluate(() => document.querySelectorAll("script[src*=consent]").length), 0);
  },
);

scenario(
  "data-consent-from with a name that is no banner sends nothing, and says so",
  { site: siteOf(tcf, { attributes: attributes("cookiebot") }) },
  async ({ page, visit, collector }) => {
    const texts = warned(page);
    await visit();
    await until(() => texts.some((text) => text.includes("data-consent-from")), "a warning");
    await pause(QUIET_MS);
    assert.deepEqual(await collector.stored(), []);
  },
);

scenario(
  "an empty data-consent-from, as a template leaves it, sends nothing",
  { site: siteOf(tcf, { attributes: 'data-endpoint="/" data-consent-from=""' }) },
  async ({ page, context, visit, collector }) => {
    const texts = warned(page);
    await visit();
    await until(() => texts.some((text) => text.includes("data-consent-from")), "a warning");
    await expectNothing({ page, context, collector });
  },
);
