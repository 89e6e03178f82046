// Tracking without code: pages with the stub, the script tag and data-reco-* attributes, without a script of their own.

import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { DEMO, DIST, flush, hide, ready, realTabs, scenario, snippet, tagged, until, useBrowser } from "./harness.mjs";
import { ownBuild } from "./own-build.mjs";

useBrowser();

const NEXT = "<!doctype html><title>next</title><link rel=icon href='data:,'>";
/** `window.warnings` has the complete warnings. */
const page = (body, { config = "", head = "" } = {}) => ({
  "index.html": tagged({
    body,
    head,
    config: `onWarning: ({ code, field, message }) => warnings.push({ code, field, message }), ${config}`,
  }),
  "next.html": NEXT,
});
const opened = async ({ page, visit }) => {
  await visit();
  await ready(page);
};
const warned = (page) => page.evaluate(() => window.warnings);
const loads = (page) =>
  page.evaluate(
    () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("measure.js")).length,
  );
/** All earlier events are stored before this click. */
const nothingMore = async ({ page, collector }, ...rows) => {
  await page.evaluate(() => window.reco("click", { itemId: "end" }));
  await flush(page);
  await collector.expectExactly(...rows, { type: "click", itemId: "end" });
};

const ITEM =
  'data-reco-item="128" data-reco-item-type="2" data-reco-category="Shoes/Children" data-reco-price="12.45EUR" data-reco-title="Boots" data-reco-master-id="120"';
const about = { itemId: "128", itemType: "2", categoryPath: "Shoes/Children", title: "Boots", masterId: "120" };
const METHODS = [
  ["click", "", about],
  ["consume", 'data-reco-percentage="40"', { ...about, percentage: 40 }],
  [
    "basket",
    'data-reco-quantity="2" data-reco-campaign="spring"',
    { ...about, quantity: 2, price: "12.45EUR", campaign: "spring" },
  ],
  ["deleteFromBasket", 'data-reco-quantity="1"', { ...about, quantity: 1 }],
  ["wishlist", "", { ...about, price: "12.45EUR" }],
  ["deleteFromWishlist", "", about],
  [
    "buy",
    'data-reco-quantity="3" data-reco-order-id="A-1"',
    { ...about, quantity: 3, price: "12.45EUR", orderId: "A-1" },
  ],
  ["rate", 'data-reco-rating="80"', { ...about, rating: 80 }],
  ["blacklist", "", about],
  [
    "clickRecommended",
    'data-reco-scenario="picks" data-reco-variant="B" data-reco-model-id="37" data-reco-main-id="7"',
    { ...about, scenario: "picks", variant: "B", modelId: "37", mainId: "7" },
  ],
  ["triggerOpened", 'data-reco-trigger-name="mail"', { triggerName: "mail" }],
  ["clickTriggered", 'data-reco-trigger-name="mail"', { ...about, triggerName: "mail" }],
  [
    "feedback",
    'data-reco-query="boots" data-reco-positive="true" data-reco-message="Good"',
    { query: "boots", positive: true, message: "Good" },
  ],
  ["landingPageClick", 'data-reco-campaign="c" data-reco-page-id="p"', { ...about, campaign: "c", pageId: "p" }],
  ["predictiveBasketClick", "", about],
];
const CACHE_HIT =
  'data-reco-query="q" data-reco-page="1" data-reco-page-size="6" data-reco-hit-count="5" data-reco-search-time-ms="3" data-reco-min-score="1.5" data-reco-max-score="99"';

scenario(
  "every method when its element appears, with own and inherited fields, without a warning",
  {
    site: page(`<main ${ITEM}>${METHODS.map(([method, attributes]) => `<i data-reco="${method}" ${attributes}></i>`).join("")}</main>
      <i data-reco="cacheHit" ${CACHE_HIT}></i>
      <i data-reco="click" data-reco-item="5" data-reco-query="q" data-reco-position="3" data-reco-page-size="12"></i>
      <ul data-reco="rendered" data-reco-scenario="picks"><li data-reco-item="11"><li data-reco-item="12"></ul>
      <i data-reco="login" data-reco-user="Ada"></i>`),
  },
  async (all) => {
    await opened(all);
    await all.collector.expectStored(
      ...METHODS.map(([type, , fields]) => ({ type, ...fields })),
      { type: "cacheHit", query: "q", page: 1, pageSize: 6, hitCount: 5, searchTimeMs: 3, minScore: 1.5, maxScore: 99 },
      { type: "click", itemId: "5", search: { query: "q", position: 3, pageSize: 12 } },
      {
        type: "rendered",
        scenario: "picks",
        items: [
          { itemId: "11", itemType: "1" },
          { itemId: "12", itemType: "1" },
        ],
      },
      { type: "login" },
    );
    assert.equal((await all.collector.stored()).length, METHODS.length + 4);
    assert.deepEqual(await warned(all.page), []);
  },
);

scenario(
  "a misspelt attribute gives a warning with its name and the element",
  { site: page('<button id="buy" data-reco="basket" data-reco-item="5" data-reco-qty="3">Buy</button>') },
  async (all) => {
    await opened(all);
    await all.collector.expectStored({ type: "basket", itemId: "5", quantity: undefined });
    const [{ field, message }, ...more] = await warned(all.page);
    assert.deepEqual([field, more], ["data-reco-qty", []]);
    assert.match(message, /^data-reco-qty is not known \(button#buy\)$/);
  },
);

scenario(
  "on click: by mouse and keyboard, once each, for the innermost element; and another type of event",
  {
    site: page(`<article data-reco-item="1" data-reco="click" data-reco-on="click"><p id="text">Text</p>
      <button data-reco="basket" data-reco-on="click" data-reco-quantity="1"><b>Buy</b></button></article>
      <form data-reco="feedback" data-reco-on="submit" data-reco-query="q" data-reco-positive="false" onsubmit="return false"><button id="send">Send</button></form>
      <template><i data-reco="click" data-reco-item="666"></i></template>`),
  },
  async (all) => {
    const { page } = all;
    await opened(all);
    await page.locator("button b").click();
    await page.locator("#text").click();
    await page.locator("#text").click({ button: "right" });
    await page.getByText("Buy").focus();
    await page.locator("#send").focus();
    await page.keyboard.press("Enter");
    await nothingMore(
      all,
      { type: "basket", itemId: "1", quantity: 1 },
      { type: "click", itemId: "1" },
      { type: "feedback", query: "q", positive: false },
    );
  },
);

scenario(
  "a link that leaves the page at once, and one that opens a tab",
  {
    site: page(
      '<a href="/next.html" data-reco="basket" data-reco-on="click" data-reco-item="5" data-reco-quantity="2">Buy</a>',
    ),
  },
  async (all) => {
    const { page, context, collector } = all;
    await opened(all);
    await page.waitForFunction(() =>
      performance.getEntriesByType("resource").some(({ name }) => name.includes("measure.js")),
    );
    await page.getByRole("link").click();
    await page.waitForURL(/next/);
    await collector.expectExactly({ type: "basket", itemId: "5", quantity: 2 });
    await opened(all);
    await Promise.all([context.waitForEvent("page"), page.getByRole("link").click({ button: "middle" })]);
    await collector.expectExactly({ type: "basket", itemId: "5" }, { type: "basket", itemId: "5" });
  },
);

scenario(
  "elements that are added, changed, moved and removed; two elements give two events",
  { site: page("<main></main>") },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    assert.equal(await loads(page), 0, "a page without such elements loads nothing for them");
    await page.evaluate(() => {
      const [one, two, shadow] = [1, 2, 9].map((id) => Object.assign(document.createElement("div"), { id: `n${id}` }));
      one.dataset.reco = two.dataset.reco = "click";
      document.querySelector("main").append(one, two, shadow);
      // Like frameworks, which set the other attributes afterwards.
      one.dataset.recoItem = two.dataset.recoItem = "1";
      shadow.attachShadow({ mode: "open" }).innerHTML = '<i data-reco="click" data-reco-item="667"></i>';
    });
    await collector.expectExactly({ type: "click", itemId: "1" }, { type: "click", itemId: "1" });
    assert.equal(await loads(page), 1);
    await page.evaluate(() => {
      const one = document.querySelector("#n1");
      document.body.append(one);
      one.className = "moved";
    });
    await page.evaluate(() => (document.querySelector("#n1").dataset.recoItem = "2"));
    // The nearest element upwards with the attribute counts, also after a change.
    await page.evaluate(() => {
      const main = document.querySelector("main");
      main.dataset.recoItem = "3";
      main.append(document.createElement("b"));
      main.lastChild.dataset.reco = "wishlist";
    });
    await page.evaluate(() => (document.querySelector("main").dataset.recoItem = "4"));
    await nothingMore(
      all,
      ...["1", "1"].map((itemId) => ({ type: "click", itemId })),
      { type: "click", itemId: "2" },
      { type: "wishlist", itemId: "3" },
      { type: "wishlist", itemId: "4" },
    );
  },
);

scenario(
  "attributes of one item do not apply to another item within it; empty attributes are ignored",
  {
    site: page(`
  <main data-reco-item="1" data-reco-price="99EUR" data-reco-category="A" data-reco-campaign="c" data-reco="basket">
    <i data-reco-item="2" data-reco="basket"></i><i data-reco="wishlist" data-reco-price=""></i></main>`),
  },
  async (all) => {
    await opened(all);
    await all.collector.expectExactly(
      { type: "basket", itemId: "1", price: "99EUR", categoryPath: "A" },
      { type: "basket", itemId: "2", price: undefined, categoryPath: undefined, campaign: "c" },
      { type: "wishlist", itemId: "1", price: undefined, categoryPath: "A" },
    );
  },
);

scenario(
  "each invalid attribute gives one warning with the element's name, and the others work",
  {
    site: page(`
  <i id="a" class="x y" data-reco="clack" data-reco-item="1"></i>
  <button id="b" data-reco="basket" data-reco-on="click" data-reco-item="1" data-reco-quantity="two" data-reco-price="free">Buy</button>
  <i id="c" data-reco="click" data-reco-on="hover" data-reco-item="1"></i>
  <p id="d" data-reco-consume="often" data-reco-item="1"></p><i id="e" data-reco="rate" data-reco-rating="120" data-reco-item="1"></i>
  <i data-reco="click" data-reco-item="7"></i>`),
  },
  async (all) => {
    const { page } = all;
    await opened(all);
    await page.getByRole("button").click();
    await page.getByRole("button").click();
    // An invalid quantity is left out, because it is optional.
    const basket = { type: "basket", itemId: "1" };
    await nothingMore(all, { type: "click", itemId: "7" }, basket, basket);
    const said = (await warned(page)).map(
      ({ code, field, message }) => `${code} ${field} ${message.match(/\((\S+)\)$/)?.[1]}`,
    );
    assert.deepEqual(said.sort(), [
      "bad-type basket.price button#b",
      "bad-type basket.quantity button#b",
      "bad-type data-reco i#a.x.y",
      "bad-type data-reco-consume p#d",
      "bad-type data-reco-on i#c",
      "out-of-range rate.rating i#e",
    ]);
  },
);

scenario(
  "timers by time and by scroll end with their element and restart with another item",
  {
    site: page(`<style>body { margin: 0 }</style>
  <article id="it" data-reco-item="1" data-reco-consume="scroll" style="height: 3000px"></article><p id="p" data-reco-item="2" data-reco-consume="time:3000">Text</p>`),
  },
  async (all) => {
    const { page, collector } = all;
    await page.setViewportSize({ width: 900, height: 600 });
    await opened(all);
    await collector.expectStored(
      { type: "consume", itemId: "1", percentage: 20 },
      { type: "consume", itemId: "2", percentage: 100 },
    );
    await page.evaluate(() => (document.querySelector("#it").dataset.recoItem = "3"));
    await page.evaluate(() => scrollTo(0, 900));
    await collector.expectStored({ type: "consume", itemId: "3", percentage: 50 });
    await page.evaluate(() => document.querySelector("#it").remove());
    await flush(page);
    const rows = (await collector.stored()).filter(({ itemId }) => itemId === "1");
    assert.deepEqual(rows.map((row) => row.percentage).at(-1), 20);
    assert.deepEqual(await warned(page), []);
  },
);

scenario(
  "containers: viewed items and clicks",
  {
    site: page(
      `<ul data-reco-scenario="picks" data-reco-variant="B" data-reco-item-type="3"><li data-reco-item="1"><a href="/next.html">One</a></li><li data-reco-item="2" data-reco-item-type="4">Two</li></ul>`,
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await collector.expectStored(
      { type: "rendered", scenario: "picks", variant: "B", items: [{ itemId: "1", itemType: "3" }] },
      { type: "rendered", scenario: "picks", variant: "B", items: [{ itemId: "2", itemType: "4" }] },
    );
    await page.getByRole("link").click();
    await page.waitForURL(/next/);
    await collector.expectStored({ type: "clickRecommended", itemId: "1", scenario: "picks", variant: "B" });
  },
);

const LD =
  '<script type="application/ld+json">{ "@context": "https://schema.org", "@graph": [{ "@type": "Product", "sku": "S-1", "category": "Shoes > Children", "offers": { "@type": "Offer", "price": "12.45", "priceCurrency": "EUR" } }] }</script>';
scenario(
  "with jsonLd, elements without an item get the page's product",
  {
    site: page(
      `<button data-reco="basket" data-reco-on="click">Buy</button><i data-reco="click"></i><i data-reco="wishlist" data-reco-item="2"></i>${LD}`,
      { config: "autoTrack: { attributes: true, jsonLd: true }" },
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await collector.expectExactly(
      { type: "click", itemId: "S-1", categoryPath: "Shoes/Children" },
      { type: "wishlist", itemId: "2", price: undefined },
    );
    await page.getByRole("button").click();
    await collector.expectStored({ type: "basket", itemId: "S-1", price: "12.45EUR", categoryPath: "Shoes/Children" });
    // Another product in the same page: elements without an item get the new one.
    await page.evaluate(() => {
      const script = document.querySelector('script[type="application/ld+json"]');
      script.textContent = script.textContent.replace("S-1", "S-2");
    });
    await collector.expectStored({ type: "click", itemId: "S-2" });
  },
);

scenario(
  "switched off: nothing is loaded and nothing is sent",
  { site: page('<i data-reco="click" data-reco-item="1"></i>', { config: "autoTrack: false" }) },
  async (all) => {
    await opened(all);
    await nothingMore(all);
    assert.equal(await loads(all.page), 0);
  },
);

scenario(
  "an unknown option gives a warning",
  { site: page("", { config: "autoTrack: { attribute: true }" }) },
  async (all) => {
    await opened(all);
    assert.deepEqual(
      (await warned(all.page)).map(({ code, field }) => [code, field]),
      [["unknown-option", "config.autoTrack.attribute"]],
    );
  },
);

const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-abc' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'">`;
scenario(
  "under a policy with only a nonce and trusted types",
  {
    site: {
      "index.html": tagged({
        head: POLICY,
        nonce: "abc",
        body: '<i data-reco="click" data-reco-item="5"></i>',
      }).replace("<script async", '<script nonce="abc" async'),
    },
  },
  async (all) => {
    await opened(all);
    await all.collector.expectExactly({ type: "click", itemId: "5" });
    assert.deepEqual(await warned(all.page), []);
  },
);

function withoutMeasure() {
  const { path: directory } = temporaryDirectory();
  cpSync(DIST, directory, { recursive: true });
  rmSync(join(directory, "measure.js"));
  return directory;
}
const BROKEN = "export const measure = () => { throw new Error('broken'); };";
for (const [how, dist] of [
  ["is missing", withoutMeasure()],
  ["is broken", ownBuild({ "measure.js": () => BROKEN })],
]) {
  scenario(
    `if measure.js ${how}, there is one warning and calls work`,
    { site: page('<i data-reco="click" data-reco-item="1"></i>'), dist, allow: [/404|integrity/] },
    async (all) => {
      const { page } = all;
      await opened(all);
      await page.evaluate(() =>
        window.reco("consumeTimer", { itemId: 2 }, { by: "scroll", element: document.body }).stop(),
      );
      await page.evaluate(() => window.reco("observeRecommendations", document.body, { scenario: "s" }).disconnect());
      await until(async () => (await warned(page)).length > 0, "a warning");
      await nothingMore(all);
      assert.deepEqual(
        (await warned(page)).map(({ code, field }) => [code, field]),
        [["internal", "measure"]],
      );
    },
  );
}

scenario(
  "a page with attributes only, in a tab opened in the background",
  {
    site: {
      "index.html": `<!doctype html><html lang="en"><head><title>A</title><link rel="icon" href="data:,"><script>${snippet()} reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } });</script><script async src="/dist/reco.js"></script></head><body data-reco="click" data-reco-item="1"></body></html>`,
    },
    openContext: realTabs,
  },
  async ({ page, visit, collector }) => {
    const back = await hide(page);
    await visit();
    await collector.expectExactly({ type: "click", itemId: "1" });
    await back();
  },
);

scenario(
  "the demo's page without code: every action on it is stored",
  { site: DEMO },
  async ({ page, visit, collector }) => {
    await visit("/attributes.html");
    await ready(page);
    const LANTERN = { itemId: "101", itemType: "1", categoryPath: "Light/Lanterns" };
    await collector.expectStored({ type: "click", ...LANTERN });
    for (const button of ["add-to-basket", "wishlist", "rate-4"]) await page.getByTestId(button).click();
    await page.getByTestId("recommendations").scrollIntoViewIfNeeded();
    await collector.expectStored(
      { type: "basket", ...LANTERN, quantity: 1, price: "48.90EUR" },
      { type: "wishlist", ...LANTERN, price: "48.90EUR" },
      { type: "rate", ...LANTERN, rating: 80 },
      { type: "rendered", scenario: "no-code-picks" },
    );
    await page.getByTestId("film").evaluate((video) => Object.assign(video, { playbackRate: 8 }).play());
    await page.getByTestId("story").evaluate((story) => scrollTo(0, story.getBoundingClientRect().bottom));
    await collector.expectStored(
      { type: "consume", itemId: "951", itemType: "3", percentage: 100 },
      { type: "consume", itemId: "902", itemType: "2", percentage: 100 },
    );
    await page.getByTestId("reco-502").getByRole("link").click();
    await page.waitForURL(/product/);
    await collector.expectStored({
      type: "clickRecommended",
      itemId: "502",
      categoryPath: "Away/On the way",
      scenario: "no-code-picks",
      mainId: "101",
    });
  },
);
