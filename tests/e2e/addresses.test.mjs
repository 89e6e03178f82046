// The tracker reads neither the page's address nor its forms: no request, cookie or key has a mark from there, whatever
// is tracked and wherever the events go. (The browser's own header Referer is the page's policy.)

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { shop as ycqShop } from "./ycq.mjs";

useBrowser();

const MARK = "m4rk";
const SITE = "location.origin";
const VENDORS = `[
  { protocol: "batch", endpoint: "/v1/events" },
  { protocol: "ibexa", customerId: "00000", endpoint: ${SITE} },
  { protocol: "yoochoose", customerId: "00001", endpoint: ${SITE} },
  { protocol: "factfinder", channel: "de", currency: "EUR", endpoint: ${SITE} },
  { protocol: "factfinder", version: "7", channel: "de", currency: "EUR", endpoint: "/ff7" },
  { protocol: "intempt", organization: "o", project: "p", source: "1", endpoint: ${SITE} },
]`;
const CHANNEL = '[[factfinder.channels]]\nname = "de"\ncurrency = "EUR"\n';
const ALL = "autoTrack: { attributes: true, jsonLd: true, routes: true, dataLayer: { lists: true } }";

const FORM = `
  <form data-reco="feedback" data-reco-on="submit" data-reco-query="lamp" data-reco-positive="true" novalidate onsubmit="return false">
    <input id="text" name="q" data-reco-item="1"><input id="mail" type="email"><input id="pass" type="password">
    <input type="hidden" value="${MARK}"><textarea id="area"></textarea>
    <select id="select"><option></option><option value="${MARK}">${MARK}</option></select>
    <button id="send" data-reco="basket" data-reco-on="click" data-reco-item="2">Send</button>
  </form>
  <p id="editable" contenteditable>.</p>`;
const BODY = `
  ${FORM}
  <article data-reco-consume="scroll" data-reco-item="3">A text.</article>
  <div data-reco-scenario="s"><a href="#${MARK}" data-reco-item="4">four</a></div>
  <i data-reco="click" data-reco-search="lamp"></i>`;
const HEAD = `<script type="application/ld+json">{ "@type": "Product", "sku": "S-1", "url": "?${MARK}" }</script>
  <link rel="canonical" href="/?${MARK}"><meta property="og:url" content="/?${MARK}">`;
const SCRIPT = `
  window.dataLayer = [{ event: "view_item", page_location: location.href, ecommerce: { items: [{ item_id: "5" }] } }];
  reco("click", { itemId: 6, categoryPath: "a", search: { query: "q", position: 1 } });
  reco("login", "customer-1");`;

/** Types the mark into everything that takes text. */
async function type(page) {
  for (const field of ["text", "mail", "pass", "area", "editable"]) {
    await page.click(`#${field}`);
    await page.keyboard.type(MARK);
  }
  await page.selectOption("#select", MARK);
}

/** Notes everything that is sent, except the pages' own addresses and Referer. */
function listen(context) {
  const sent = [];
  context.on("request", async (request) => {
    if (request.isNavigationRequest()) return;
    const { referer, ...headers } = request.headers();
    sent.push(`${request.url()} ${request.postData() ?? ""} ${JSON.stringify(headers)}`);
  });
  return sent;
}

async function assertUnmarked({ page, context, collector }, sent) {
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  const cookies = JSON.stringify(await context.cookies());
  const rows = JSON.stringify(await collector.stored());
  for (const text of [kept, cookies, rows, ...sent]) assert.ok(!text.includes(MARK), text);
}

scenario(
  "with all vendors and all ways of tracking, addresses and form fields stay in the page",
  {
    site: { "shop.html": tagged({ destinations: VENDORS, config: ALL, head: HEAD, script: SCRIPT, body: BODY }) },
    config: CHANNEL,
    allow: [/404/],
  },
  async (test) => {
    const { page, context, visit, collector } = test;
    const sent = listen(context);
    await visit(`/shop.html?q=${MARK}&token=${MARK}#${MARK}`);
    await ready(page);
    await type(page);
    await page.click("#send");
    await page.evaluate((mark) => history.pushState({}, "", `/${mark}?${mark}#${mark}`), MARK);
    await page.evaluate(() => window.reco("click", { itemId: 7, search: { query: "q", position: 1 } }));
    await flush(page);
    // Each kind of tracking has made its event. (The collector stores an event of several destinations with the same id once.)
    await collector.expectStored(
      ...["2", "5", "6", "7", "S-1"].map((itemId) => ({ source: "ibexa", itemId })),
      { source: "ibexa", type: "consume", itemId: "3" },
      { source: "ibexa", type: "rendered" },
      { source: "factfinder", type: "feedback" },
    );
    for (const path of ["/v1/events", "/api/", "/ebl/", "/rest/v5/", "/ff7", "/v1/o/"])
      assert.ok(sent.filter((request) => request.includes(path)).length, path);
    await assertUnmarked(test, sent);
    assert.deepEqual(
      (await warnings(page)).filter(({ code }) => code === "personal-data"),
      [],
    );
  },
);

scenario(
  "a page that is left before the module has loaded keeps and sends neither",
  {
    site: {
      "shop.html": tagged({ script: SCRIPT.replace(/reco\("login.*/, ""), body: FORM, load: false }),
      "next.html": tagged(),
    },
  },
  async (test) => {
    const { page, context, visit, collector } = test;
    const sent = listen(context);
    await visit(`/shop.html?q=${MARK}#${MARK}`);
    await type(page);
    await visit("/next.html");
    await ready(page);
    await flush(page);
    await collector.expectStored({ itemId: "6" });
    await assertUnmarked(test, sent);
  },
);

scenario(
  "the drop-in reads nothing of a form, and of the address only the parameters of the vendor's links",
  { site: ycqShop({ script: '_ycq.push(["_trackEvent", "1", "click", "8"]);' }) },
  async (test) => {
    const { context, visit, collector } = test;
    const sent = listen(context);
    await visit(`/?q=${MARK}#${MARK}`);
    await until(async () => (await collector.stored()).length, "the click");
    await assertUnmarked(test, sent);
  },
);
