// FACT-Finder's Web Components from a checkout of the vendor's repository: the bundle that shops use. The page has
// another origin than the collector, so the browser sends preflights as in a shop.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { browserSteps, launch } from "../../scripts/lib/browser.mjs";

const SID = "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw";
const PAGE = '<!doctype html><title>shop</title><script src="/bundle.js"></script>';

const product = { id: "456", masterId: "450", title: "Shoe" };
const who = { anonymous: SID, user: "account", purchaser: "buyer" };
const about = { ...who, itemType: "1", itemId: "456", masterId: "450", title: "Shoe" };

const CALLS = [
  {
    call: "click",
    events: [{ ...product, query: "bag", pos: 2, page: 1, pageSize: 12, campaign: "sale" }],
    rows: [{ type: "click", ...about, search: { query: "bag", position: 2, page: 1, pageSize: 12, campaign: "sale" } }],
  },
  {
    call: "cart",
    events: [{ ...product, count: 3, price: 9.99, campaign: "sale" }],
    rows: [{ type: "basket", ...about, quantity: 3, price: "9.99EUR", campaign: "sale" }],
  },
  {
    call: "checkout",
    events: [
      { ...product, count: 2, price: 12.5 },
      { ...product, id: "457", count: 1 },
    ],
    rows: [
      { type: "buy", ...about, quantity: 2, price: "12.5EUR" },
      { type: "buy", ...about, itemId: "457", quantity: 1 },
    ],
  },
  { call: "login", events: [{}], rows: [{ type: "login", ...who }] },
  {
    call: "recommendationClick",
    events: [{ ...product, mainId: "7" }],
    rows: [{ type: "clickRecommended", ...about, mainId: "7" }],
  },
  {
    call: "landingPageClick",
    events: [{ ...product, campaign: "sale", pageId: "summer" }],
    rows: [{ type: "landingPageClick", ...about, campaign: "sale", pageId: "summer" }],
  },
  { call: "predbasketClick", events: [product], rows: [{ type: "predictiveBasketClick", ...about }] },
];

export const factfinder = (folder) => {
  const bundle = readFileSync(join(folder, "dist", "bundle.js"));
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  let page;
  return {
    name: `FACT-Finder Web Components ${version}`,
    from: "checkout",
    config: '[[factfinder.channels]]\nname = "de"\ncurrency = "EUR"\n',
    steps: () => browserSteps({ driver: false }),
    open: async ({ host }) => {
      const server = createServer((request, response) => {
        const script = request.url === "/bundle.js";
        response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
        response.end(script ? bundle : PAGE);
      });
      await new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(undefined)));
      const browser = await launch();
      page = await browser.newPage();
      await page.addInitScript(
        ({ url, sid }) => {
          document.addEventListener("ffCoreReady", (/** @type {any} */ { init }) =>
            init({
              ff: { url, channel: "de", apiKey: "public-key" },
              ffParams: { sid, userId: "account", purchaserId: "buyer" },
            }),
          );
        },
        { url: `http://${host}`, sid: SID },
      );
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.waitForFunction(() => /** @type {any} */ (window).factfinder?.tracking);
      return async () => {
        await browser.close();
        server.close().closeAllConnections();
      };
    },
    cases: CALLS.map(({ call, events, rows }) => ({
      call,
      rows,
      run: () =>
        page.evaluate(([verb, given]) => /** @type {any} */ (window).factfinder.tracking[verb](given), [call, events]),
    })),
  };
};
