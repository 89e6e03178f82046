// A visitor's tour of the demo shop that makes every kind of event once by clicking.

import assert from "node:assert/strict";
import { flush, ready } from "./harness.mjs";

const ACCOUNT = "10042";
const SEEN_MS = 1500;

const LANTERN = { itemId: "101", itemType: "1", categoryPath: "Light/Lanterns", title: "Storm lantern" };
const GLOBE = { itemId: "102", itemType: "1", categoryPath: "Light/Hanging lamps", title: "Paper globe lamp" };
const MUG = { itemId: "202", itemType: "1", categoryPath: "Kitchen/Coffee and tea" };
const LAMP = { itemId: "103", itemType: "1", categoryPath: "Light/Table lamps", title: "Reading lamp" };
const CANDLES = { itemId: "104", itemType: "1", categoryPath: "Light/Candles", title: "Beeswax candles" };

/**
 * One neutral event of each kind, as the shop makes them on the tour. `tour` adds values that are known only during the
 * tour.
 */
export const MADE = [
  { type: "click", ...LANTERN, search: { query: "light", position: 2, page: 1, pageSize: 6, score: 60 } },
  { type: "basket", ...LANTERN, quantity: 1, price: "48.90EUR" },
  { type: "wishlist", ...LANTERN, price: "48.90EUR" },
  { type: "deleteFromWishlist", ...LANTERN },
  { type: "rate", ...LANTERN, rating: 80 },
  { type: "blacklist", ...LANTERN },
  {
    type: "rendered",
    items: ["105", "103", "104", "102"].map((itemId) => ({ itemId, itemType: "1" })),
    scenario: "product-similar",
  },
  {
    type: "clickRecommended",
    itemId: "105",
    itemType: "1",
    categoryPath: "Light/Lanterns",
    title: "Harbour string lights",
    scenario: "product-similar",
    mainId: "101",
  },
  { type: "cacheHit", query: "light", page: 1, pageSize: 6, hitCount: 5, minScore: 60, maxScore: 100, filters: [] },
  { type: "feedback", query: "light", positive: false, message: "No torches" },
  { type: "landingPageClick", ...GLOBE, campaign: "long-evenings", pageId: "evenings" },
  { type: "triggerOpened", triggerName: "price-drop" },
  { type: "clickTriggered", ...LAMP, triggerName: "price-drop" },
  { type: "deleteFromBasket", ...LANTERN, quantity: 1 },
  { type: "buy", ...MUG, quantity: 1, price: "12.50EUR" },
  { type: "consume", itemId: "951", itemType: "3" },
  { type: "login" },
  { type: "predictiveBasketClick", ...CANDLES },
];

/** The same events with the result of `tour`, as the collector stores them. */
export const made = (more) =>
  MADE.map((event) => ({ ...event, ...more[event.type] })).map((event) =>
    event.type === "rendered" ? { ...event, itemType: "1" } : event,
  );

/** Columns that are not fields of the event. */
const ENVELOPE = new Set(
  "row id at sentAt receivedAt client key source customer stream seq place user anonymous".split(" "),
);
const own = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => !ENVELOPE.has(name)));
/** The event with its fields ordered by name. */
const sorted = (event) => Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The row of this event: exactly one, with exactly these fields. */
export function rowOf(rows, event) {
  const found = rows.filter(
    (row) =>
      row.type === event.type &&
      row.itemId === event.itemId &&
      row.rating === event.rating &&
      (!event.items || row.scenario === event.scenario),
  );
  const same = found.filter((row) => JSON.stringify(sorted(own(row))) === JSON.stringify(sorted(event)));
  assert.equal(
    same.length,
    1,
    `exactly once, with exactly these fields: ${JSON.stringify(event)}\n${JSON.stringify(found.map(own), null, 1)}`,
  );
  return same[0];
}

/**
 * Makes the tour. `page` is Playwright's, or has the methods used here. `protocol` is selected in the page's head and
 * must stay selected until the end. Returns the account, and by kind the fields that are not known before.
 */
export async function tour(page, visit, protocol) {
  const on = async (path) => {
    await page.waitForURL(path);
    await ready(page);
  };
  const click = (test, within = page) => within.getByTestId(test).click();
  const open = (test, within = page) => within.getByTestId(test).locator("a").click();
  const home = async () => {
    await page.locator(".brand").click();
    await on(/\/(\?protocol=\w+)?$/);
  };

  await visit("/");
  await click("protocol");
  await click(`protocol-${protocol}`);
  await on(/protocol=/);

  await page.getByTestId("search-input").fill("light");
  await click("search-submit");
  await on(/search\.html/);
  await open("result-101");
  await on(/product\.html\?id=101/);
  const product = page.locator("#product");
  await click("add-to-basket", product);
  await click("wishlist", product);
  await click("wishlist", product);
  // Twice, so that a vendor that does not support it must give only one warning.
  await click("rate-5", product);
  await click("rate-4", product);
  await click("not-interested", product);
  await page.getByTestId("recommendations").scrollIntoViewIfNeeded();
  // An item counts as viewed after a second.
  await page.waitForTimeout(SEEN_MS);
  await open("reco-105");
  await on(/id=105/);

  await visit("/search.html");
  await click("search-light");
  await on(/q=light/);
  await page.getByTestId("feedback-message").fill("No torches");
  await click("feedback-no");
  const searchTimeMs = Number(await page.getByTestId("search-time").innerText());

  await home();
  await click("promo-landing");
  await on(/evenings/);
  await click("add-to-basket", page.getByTestId("pick-202"));
  await open("pick-102");
  await on(/id=102/);

  await home();
  await click("promo-mail");
  await on(/mail/);
  await page.getByTestId("letter-price-drop").locator("summary").click();
  await open("letter-item-price-drop");
  await on(/id=103/);

  await click("nav-basket");
  await on(/basket/);
  await click("remove-101");
  await click("checkout");
  await on(/checkout/);
  await click("place-order");
  await on(/thanks/);
  const orderId = await page.getByTestId("order-id").innerText();

  await page.locator('.site-nav [href="/video.html"]').click();
  await on(/video/);
  await click("film");
  await page.waitForFunction(() => Number.parseInt(document.querySelector("[data-testid=seen]").textContent, 10) >= 10);
  await click("film");
  // The page renders from time to time. Firefox does not begin with the first frame.
  await page.waitForFunction(() => {
    const film = document.querySelector("[data-testid=film]");
    return (
      film.paused &&
      Number.parseInt(document.querySelector("[data-testid=seen]").textContent, 10) ===
        Math.floor((100 * (film.played.end(0) - film.played.start(0))) / film.duration)
    );
  });
  const seen = Number.parseInt(await page.getByTestId("seen").innerText(), 10);

  await click("nav-login");
  await on(/login/);
  await page.getByTestId("login-name").fill(ACCOUNT);
  await click("login-submit");
  await on(/account/);
  await open("predicted-104");
  await on(/id=104/);
  return { account: ACCOUNT, more: { buy: { orderId }, consume: { percentage: seen }, cacheHit: { searchTimeMs } } };
}

/** Collects the warnings of the trackers on all the visitor's pages from the start, each with its page. */
export async function gatherWarnings(context) {
  const warnings = [];
  await context.exposeBinding("told", (_, warning) => void warnings.push(warning));
  await context.addInitScript(() => {
    let reco;
    const page = `${location.pathname} ${performance.timeOrigin}`;
    Object.defineProperty(window, "reco", {
      configurable: true,
      get: () => reco,
      set(value) {
        const first = !reco;
        reco = value;
        if (first) value("on", "warning", ({ code, field, message }) => window.told({ page, code, field, message }));
      },
    });
  });
  return warnings;
}

/** Makes the tour, and checks that the collector has each of its events once, and no others. */
export async function tourIsStored(page, visit, collector) {
  const { more } = await tour(page, visit, "batch");
  await flush(page);
  const wanted = made(more);
  await collector.expectStored(...wanted);
  const rows = await collector.stored();
  for (const event of wanted) rowOf(rows, event);
  const kinds = (events) => [...new Set(events.map(({ type }) => type))].sort();
  assert.deepEqual(kinds(rows), kinds(wanted));
}
