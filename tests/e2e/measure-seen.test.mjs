// observeRecommendations: viewed recommendations and clicks on them, in every situation.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { flush, hide, ready, realTabs, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const VIEW = { width: 1000, height: 800 };
/** Longer than an item must be in view. */
const LONG_MS = 1500;
const OBSERVE =
  'reco("ready", (tracker) => { window.box = tracker.observeRecommendations(document.getElementById("box"), { scenario: "picks" }); });';
const NEXT = { "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>" };
const page = (body, style = "", script = OBSERVE) => ({
  "index.html": tagged({
    head: `<style>body { margin: 0 } li { display: block; height: 200px; width: 300px; outline: 1px solid }${style}</style>`,
    body: `${body}<script>${script}</script>`,
  }),
  ...NEXT,
});
const li = (id, more = "") => `<li data-reco-item="${id}" id="i${id}" ${more}><a href="/next.html">Item ${id}</a></li>`;
const gap = (height) => `<div style="height: ${height}px"></div>`;
/** All items viewed so far are stored. */
const looking = async (page) => {
  await pause(LONG_MS);
  await flush(page);
};
const opened = async ({ page, visit }) => {
  await page.setViewportSize(VIEW);
  await visit();
  await ready(page);
};
/** The ids of all rendered items, in order. */
const rendered = async (collector) =>
  (await collector.stored())
    .filter((row) => row.type === "rendered")
    .flatMap((row) => row.items.map((item) => item.itemId));
const sees = (collector, ...ids) =>
  until(
    async () => JSON.stringify((await rendered(collector)).sort()) === JSON.stringify(ids.map(String).sort()),
    `rendered ${ids}`,
  );

scenario(
  "items at least half in view for a second are reported once in one event; others are not",
  {
    site: page(
      `${gap(740)}<ul id="box" style="margin: 0">${li(1)}${li(2)}${li(3, 'data-reco-item-type="5"')}</ul>${gap(3000)}`,
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await looking(page);
    assert.deepEqual(await rendered(collector), [], "60 of 200 pixels");
    await page.mouse.wheel(0, 100);
    await sees(collector, 1);
    // 2 and 3 come into view; 1 stays in view.
    await page.mouse.wheel(0, 400);
    await sees(collector, 1, 2, 3);
    const [, second] = await collector.expectStored(
      { type: "rendered", scenario: "picks", items: [{ itemId: "1", itemType: "1" }] },
      { type: "rendered", scenario: "picks", items: [{ itemId: "2", itemType: "1" }] },
    );
    assert.ok(second);
    await collector.expectStored({ type: "rendered", items: [{ itemId: "3", itemType: "5" }] });
    await page.mouse.wheel(0, 2000);
    await page.mouse.wheel(0, -2000);
    await looking(page);
    await sees(collector, 1, 2, 3);
  },
);

scenario(
  "items in view for less than a second do not count",
  { site: page(`${gap(2000)}<ul id="box">${li(1)}</ul>${gap(3000)}`) },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await page.evaluate(() => scrollTo(0, 1600));
    await pause(300);
    await page.evaluate(() => scrollTo(0, 0));
    await pause(LONG_MS);
    await page.evaluate(() => window.reco("click", { itemId: 99 }));
    await collector.expectExactly({ type: "click", itemId: "99" });
  },
);

scenario(
  "for an item larger than the window, half the window suffices",
  { site: page(`${gap(700)}<ul id="box" style="margin: 0">${li(1)}</ul>`, " #i1 { height: 9000px; width: auto }") },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await page.evaluate(() => scrollTo(0, 250));
    await looking(page);
    assert.deepEqual(await rendered(collector), [], "350 of 800 pixels");
    await page.evaluate(() => scrollTo(0, 350));
    await sees(collector, 1);
  },
);

scenario(
  "a carousel reports its visible items, a growing list its new items, a reused element its new item",
  {
    site: page(
      `<div id="box"><ul id="carousel" style="display: flex; overflow-x: auto; width: 620px; padding: 0; margin: 0">${[1, 2, 3, 4].map((id) => li(id, 'style="flex: none"')).join("")}</ul><ul id="list"></ul></div>`,
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await sees(collector, 1, 2);
    await page.evaluate(() => (document.getElementById("carousel").scrollLeft = 9999));
    await sees(collector, 1, 2, 3, 4);
    await page.evaluate(() => {
      const item = document.createElement("li");
      item.dataset.recoItem = "5";
      const gone = document.createElement("li");
      gone.dataset.recoItem = "6";
      document.getElementById("list").append(item, gone);
      setTimeout(() => gone.remove(), 300);
    });
    await sees(collector, 1, 2, 3, 4, 5);
    await page.evaluate(() => document.querySelector("[data-reco-item='5']").setAttribute("data-reco-item", "7"));
    await sees(collector, 1, 2, 3, 4, 5, 7);
  },
);

scenario(
  "infinite scroll: each page is reported when it is reached",
  {
    site: page(
      `<ul id="box" style="margin: 0"></ul><div id="end">…</div>`,
      "",
      `${OBSERVE}
  let next = 1;
  const more = () => { for (let n = 0; n < 4; n++) { const item = document.createElement("li"); item.dataset.recoItem = next++; item.style.height = "400px"; box.append(item); } };
  const box = document.getElementById("box");
  new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && more()).observe(document.getElementById("end"));`,
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await sees(collector, 1, 2);
    await page.evaluate(() => scrollTo(0, 800));
    await sees(collector, 1, 2, 3, 4);
    await page.evaluate(() => scrollTo(0, 1600));
    await sees(collector, 1, 2, 3, 4, 5, 6);
  },
);

scenario(
  "a hidden tab reports nothing",
  { site: page(`<ul id="box">${li(1)}</ul>`, "", ""), openContext: realTabs },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    const back = await hide(page);
    await page.evaluate(OBSERVE);
    await pause(LONG_MS);
    await page.evaluate(() => window.reco("click", { itemId: 99 }));
    await collector.expectExactly({ type: "click", itemId: "99" });
    await back();
    await sees(collector, 1);
  },
);

const CLICKS = page(
  `<ul id="box">${li(1)}${li(2, 'data-reco-main-id="77" data-reco-item-type="4"')}<li data-reco-item="3"><span id="text">No link</span><button data-reco="wishlist" data-reco-on="click">♥</button></li><li data-reco-item="4" data-reco="clickRecommended" data-reco-on="click" data-reco-scenario="own" id="own">Own</li></ul>`,
);
scenario(
  "every kind of click is a clickRecommended, and is sent before the page is left",
  { site: CLICKS, context: { hasTouch: true } },
  async (all) => {
    const { page, context, collector } = all;
    const clicks = async () =>
      (await collector.stored()).filter((row) => row.type !== "rendered").map((row) => `${row.type} ${row.itemId}`);
    const expectClicks = (...wanted) =>
      until(async () => JSON.stringify(await clicks()) === JSON.stringify(wanted), `${wanted}`);
    const first = "clickRecommended 1";
    await opened(all);
    await page.locator("#i1 a").click();
    await page.waitForURL(/next/);
    await expectClicks(first);
    await collector.expectStored({ type: "clickRecommended", itemId: "1", scenario: "picks" });

    await opened(all);
    await page.locator("#i2 a").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/next/);
    await collector.expectStored({
      type: "clickRecommended",
      itemId: "2",
      itemType: "4",
      scenario: "picks",
      mainId: "77",
    });
    await expectClicks(first, "clickRecommended 2");

    await opened(all);
    const [tab] = await Promise.all([context.waitForEvent("page"), page.locator("#i1 a").click({ button: "middle" })]);
    await tab.close();
    await expectClicks(first, "clickRecommended 2", first);
    await page.locator("#i1 a").click({ button: "right" });
    await page.keyboard.press("Escape");
    await page.locator("#text").click({ button: "middle" });
    await page.locator("#i1 a").tap();
    await page.waitForURL(/next/);
    await expectClicks(first, "clickRecommended 2", first, first);

    await opened(all);
    await page.locator("#text").click();
    await expectClicks(first, "clickRecommended 2", first, first, "clickRecommended 3");
    // An element with its own event is not a click on the recommendation.
    await page.locator("button").click();
    await expectClicks(first, "clickRecommended 2", first, first, "clickRecommended 3", "wishlist 3");
    await page.locator("#own").click();
    await expectClicks(
      first,
      "clickRecommended 2",
      first,
      first,
      "clickRecommended 3",
      "wishlist 3",
      "clickRecommended 4",
    );
    await collector.expectStored({ type: "clickRecommended", itemId: "4", scenario: "own" });
  },
);

scenario(
  "after disconnect neither views nor clicks are reported",
  { site: page(`${gap(700)}<ul id="box">${li(1)}</ul>${gap(900)}`) },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await page.evaluate(() => {
      window.box.disconnect();
      window.box.disconnect();
      scrollTo(0, 400);
      document.getElementById("box").append(document.getElementById("i1").cloneNode(true));
    });
    await pause(LONG_MS);
    await page.locator("#i1 a").first().click();
    await page.waitForURL(/next/);
    assert.deepEqual(await collector.stored(), []);
  },
);

scenario(
  "an invalid container gives a warning and has no other effect",
  {
    site: page(
      "",
      "",
      'reco("ready", (tracker) => tracker.observeRecommendations(null, { scenario: "s" }).disconnect()); reco("ready", (tracker) => tracker.observeRecommendations(document.body, {}));',
    ),
  },
  async (all) => {
    await opened(all);
    await until(async () => (await warnings(all.page)).length > 1, "warnings");
    assert.deepEqual(await warnings(all.page), [
      { code: "missing-field", field: "observeRecommendations.scenario" },
      { code: "bad-type", field: "observeRecommendations.container" },
    ]);
  },
);
