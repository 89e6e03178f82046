// Page views without page loads: single-page applications, the back/forward cache, prerendered pages. And the memory
// that many of them leave.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { flush, ready, realTabs, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { leavesNothing } from "./soak.mjs";

useBrowser();

const LIST = '<ul data-reco-scenario="picks"><li data-reco-item="1">One</li></ul>';
const ROUTES = "autoTrack: { attributes: true, routes: true }";
const page = (body, config = ROUTES) => ({
  "index.html": tagged({ body, config }),
  "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>",
});
const views = (collector) => async () => (await collector.stored()).filter(({ type }) => type === "rendered").length;
/** All items viewed so far are stored. */
const nothingNew = async (page) => {
  await pause(1500);
  await flush(page);
};
const opened = async ({ page, visit }) => {
  await visit();
  await ready(page);
};

for (const [how, before] of [
  ["the Navigation API", () => {}],
  ["the history alone", () => delete window.navigation],
]) {
  scenario(
    `routes by ${how}: a new address is a new page view, a position on the page is not`,
    { site: page(LIST) },
    async (all) => {
      const { page, collector } = all;
      const count = views(collector);
      await page.addInitScript(before);
      await opened(all);
      const original = await page.evaluate(() => typeof window.navigation === "object" || history.pushState.toString());
      await until(async () => (await count()) === 1, "seen on the first page");
      await page.evaluate(() => history.pushState({}, "", "/two?a=1"));
      await until(async () => (await count()) === 2, "seen on the second");
      await page.evaluate(() => {
        history.replaceState({ changed: true }, "");
        location.hash = "below";
        history.pushState({}, "", "#above");
      });
      await nothingNew(page);
      assert.equal(await count(), 2);
      await page.evaluate(() => history.go(-3));
      await until(async () => (await count()) === 3, "seen on the first again");
      await page.evaluate(() => history.replaceState({}, "", "/three"));
      await until(async () => (await count()) === 4, "seen on a third");
      if (original === true) return;
      await page.evaluate(() => window.reco("dispose"));
      assert.match(await page.evaluate(() => history.pushState.toString()), /native code/);
    },
  );
}

scenario(
  "without routes an address is not a page view, but page() is: views and remaining timers count again",
  { site: page(`${LIST}<p data-reco-item="5" data-reco-consume="time:2000">Text</p>`, "") },
  async (all) => {
    const { page, collector } = all;
    const count = views(collector);
    const read = () =>
      collector
        .stored()
        .then((rows) => rows.filter(({ type, percentage }) => type === "consume" && percentage === 100).length);
    await opened(all);
    await page.evaluate(() => history.pushState({}, "", "/two"));
    await until(async () => (await count()) === 1 && (await read()) === 1, "seen and read");
    await nothingNew(page);
    assert.equal(await count(), 1);
    await page.evaluate(() => window.reco("page"));
    await until(async () => (await count()) === 2 && (await read()) === 2, "seen and read again");
  },
);

scenario(
  "an element that is removed and added again in another page view counts there; one that stays does not",
  {
    site: page('<i data-reco="click" data-reco-item="1"></i><main><i data-reco="click" data-reco-item="2"></i></main>'),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    await page.evaluate(async () => {
      const kept = document.querySelector("main").firstChild;
      kept.remove();
      document.querySelector("main").append(kept);
      history.pushState({}, "", "/two");
      kept.remove();
      await new Promise((resolve) => setTimeout(resolve));
      history.pushState({}, "", "/three");
      document.querySelector("main").append(kept);
    });
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "2" });
  },
);

scenario(
  "after the back/forward cache a page continues without a new page view",
  {
    site: page(
      `<style>body { margin: 0 }</style><article data-reco-item="7" data-reco-consume="scroll" style="height: 3000px">${LIST}</article>`,
    ),
    openContext: realTabs,
  },
  async (all) => {
    const { page, collector } = all;
    const consumed = async () =>
      (await collector.stored()).filter(({ type }) => type === "consume").map(({ percentage }) => percentage);
    await opened(all);
    await until(
      async () => (await views(collector)()) === 1 && (await consumed()).length > 0,
      "seen, and read a little",
    );
    await page.evaluate(() => {
      window.addEventListener("pageshow", ({ persisted }) => (window.persisted = persisted));
      window.kept = true;
    });
    await page.evaluate(() => location.assign("/next.html"));
    await page.waitForURL(/next/);
    await page.evaluate(() => void setTimeout(() => history.back()));
    await page.waitForFunction(() => window.kept && window.persisted);
    await nothingNew(page);
    assert.equal(await views(collector)(), 1, "seen once");
    await page.evaluate(() => scrollTo(0, 9999));
    await until(async () => (await consumed()).at(-1) === 100, "read to the end");
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "a prerendered page loads, measures and sends nothing",
  { site: page(`${LIST}<i data-reco="click" data-reco-item="3"></i>`) },
  async (all) => {
    const { page, visit, collector } = all;
    // Chromium under test does not prerender, so its behaviour is simulated here.
    await page.addInitScript(() =>
      Object.defineProperty(document, "prerendering", { value: true, configurable: true }),
    );
    await visit();
    await pause(1500);
    assert.deepEqual(
      await page.evaluate(() =>
        performance
          .getEntriesByType("resource")
          .map(({ name }) => name)
          .filter((name) => /measure|wasm/.test(name)),
      ),
      [],
    );
    await page.evaluate(() => {
      delete document.prerendering;
      document.dispatchEvent(new Event("prerenderingchange"));
    });
    await ready(page);
    await collector.expectStored({ type: "click", itemId: "3" }, { type: "rendered", scenario: "picks" });
  },
);

scenario(
  "five hundred page views leave no listener, observer, timer or memory page",
  { site: page("<main></main>"), wasm: true },
  (all) => leavesNothing(all, 500),
);
