// A visitor uses the demo shop; the collector's rows show what was tracked.

import assert from "node:assert/strict";
import { flush, ready, scenario, until, useBrowser } from "./harness.mjs";

useBrowser();

const LANTERN = { itemId: "101", itemType: "1", categoryPath: "Light/Lanterns" };
const product = (page, test) => page.locator("#product").getByTestId(test);
const openProduct = async (visit, page, id) => {
  await visit(`/product.html?id=${id}`);
  await product(page, "add-to-basket").waitFor();
  // The visitor stays longer than loading takes. loading.test.mjs tests leaving earlier.
  await ready(page);
};

scenario(
  "a recommendation is viewed, clicked and leads to its product",
  {},
  async ({ page, visit, collector, identity }) => {
    await visit("/");
    await ready(page);
    const box = page.getByTestId("recommendations");
    await box.scrollIntoViewIfNeeded();
    const shown = await box
      .getByRole("listitem")
      .evaluateAll((items) => items.map((item) => item.dataset.testid.replace("reco-", "")));
    assert.ok(shown.length > 0);
    await collector.expectStored({
      type: "rendered",
      scenario: "home-picks",
      items: shown.map((itemId) => ({ itemId, itemType: "1" })),
    });

    await box.getByTestId(`reco-${shown[1]}`).getByRole("link").click();
    await page.waitForURL(/product\.html/);
    await ready(page);
    const { hash } = await identity();
    await collector.expectStored(
      { type: "clickRecommended", itemId: shown[1], scenario: "home-picks", anonymous: hash, user: undefined },
      { type: "click", itemId: shown[1], anonymous: hash, categoryPath: /^\w+\/\w/ },
    );

    // A visitor who returns has an id, and takes part in the test of two headlines.
    await visit("/");
    await ready(page);
    await box.scrollIntoViewIfNeeded();
    await collector.expectStored({ type: "rendered", scenario: "home-picks", variant: /^[AB]$/, anonymous: hash });
  },
);

scenario(
  "basket, checkout and confirmation: a reload is not a second purchase",
  {},
  async ({ page, visit, collector }) => {
    await openProduct(visit, page, 101);
    await product(page, "more").click();
    await product(page, "add-to-basket").click();
    await collector.expectStored(
      { type: "click", ...LANTERN },
      { type: "basket", ...LANTERN, quantity: 2, price: "48.90EUR" },
    );

    await openProduct(visit, page, 202);
    await product(page, "add-to-basket").click();
    await page.getByTestId("nav-basket").click();
    await page.waitForURL(/basket\.html/);
    await ready(page);
    await page.getByTestId("less-101").click();
    await page.getByTestId("remove-202").click();
    await collector.expectStored(
      { type: "basket", itemId: "202", quantity: 1, price: "12.50EUR" },
      { type: "deleteFromBasket", ...LANTERN, quantity: 1 },
      { type: "deleteFromBasket", itemId: "202", quantity: 1 },
    );

    await page.getByTestId("checkout").click();
    await page.getByTestId("place-order").click();
    const orderId = await page.getByTestId("order-id").innerText();
    const [bought] = await collector.expectStored({ type: "buy", ...LANTERN, quantity: 1, price: "48.90EUR", orderId });
    assert.ok(bought);

    for (let reload = 0; reload < 2; reload++) {
      await page.reload();
      await page.getByTestId("order-id").waitFor();
      await flush(page);
    }
    // A later event is stored, so a second purchase would have been stored as well.
    await openProduct(visit, page, 303);
    await collector.expectStored({ type: "click", itemId: "303" });
    const purchases = (await collector.stored()).filter((row) => row.type === "buy");
    assert.equal(purchases.length, 1, "one purchase after several loads of its page");
  },
);

scenario(
  "login joins the visitor to the account once; logout returns to the anonymous visitor",
  {},
  async ({ page, visit, collector, identity, hash }) => {
    await openProduct(visit, page, 101);
    await page.getByTestId("nav-login").click();
    await page.waitForURL(/login\.html/);
    await ready(page);
    await page.getByTestId("login-name").fill("Ada Lovelace 10042");
    await page.getByTestId("login-submit").click();
    await page.getByTestId("account-name").waitFor();
    await ready(page);
    const { hash: visitor } = await identity();
    const account = hash("Ada Lovelace 10042");
    await collector.expectStored(
      { type: "click", itemId: "101", anonymous: visitor, user: undefined },
      { type: "login", anonymous: visitor, user: account },
    );

    await openProduct(visit, page, 202);
    await collector.expectStored({ type: "click", itemId: "202", anonymous: visitor, user: account });

    await visit("/account.html");
    await ready(page);
    await page.getByTestId("logout").click();
    await page.waitForURL(/login\.html/);
    await ready(page);
    await openProduct(visit, page, 303);
    await collector.expectStored({ type: "click", itemId: "303", anonymous: visitor, user: undefined });
    assert.equal((await collector.stored()).filter((row) => row.type === "login").length, 1);
  },
);

scenario("rating, wishlist and rejected recommendations", {}, async ({ page, visit, collector }) => {
  await openProduct(visit, page, 101);
  await product(page, "rate-4").click();
  await product(page, "wishlist").click();
  await product(page, "wishlist").click();
  await product(page, "not-interested").click();
  await collector.expectStored(
    { type: "rate", ...LANTERN, rating: 80 },
    { type: "wishlist", ...LANTERN, price: "48.90EUR" },
    { type: "deleteFromWishlist", ...LANTERN },
    { type: "blacklist", ...LANTERN },
  );
});

scenario(
  "an article reports how far it was read, also when it is left in the middle",
  {},
  async ({ page, visit, collector }) => {
    // 20 seconds of reading with a simulated clock.
    await page.clock.install();
    await visit("/article.html");
    await ready(page);
    const consumed = async () =>
      (await collector.stored()).filter((row) => row.type === "consume").map((row) => row.percentage);

    await page.clock.runFor(6_000);
    await collector.expectStored(
      { type: "click", itemId: "901", itemType: "2", categoryPath: "Journal/Light" },
      { type: "consume", itemId: "901", itemType: "2", percentage: 20 },
    );
    await page.clock.runFor(3_000);
    // The clock stops two seconds later, so that the test's own time from here to the end of the page does not count as reading.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 2_000));
    const shown = Number.parseInt(await page.getByTestId("read").innerText(), 10);
    assert.ok(shown >= 50 && shown < 80, `11 of 20 seconds, and the test's own time: ${shown}`);
    await visit("/");
    await page.clock.resume();
    const step = Math.floor(shown / 10) * 10;
    const steps = await until(async () => {
      const percentages = await consumed();
      return percentages.at(-1) >= step && percentages;
    }, "the step that was reached when the page was left");
    assert.ok(steps.at(-1) <= step + 10, `not more than the read part: ${steps}`);
    assert.deepEqual(
      steps,
      [...new Set(steps)].sort((a, b) => a - b),
      "rising, no step twice",
    );
    assert.ok(
      steps.slice(0, -1).every((each) => each % 10 === 0),
      `whole steps until the page was left: ${steps}`,
    );
  },
);

scenario("an article read to its end reports 100 % once", {}, async ({ page, visit, collector }) => {
  await page.clock.install();
  await visit("/article.html");
  await ready(page);
  // In parts, so that the steps between occur.
  for (let piece = 0; piece < 10; piece++) await page.clock.runFor(2_500);
  await collector.expectStored({ type: "consume", itemId: "901", percentage: 100 });
  await page.clock.runFor(30_000);
  await visit("/");
  await openProduct(visit, page, 101);
  await collector.expectStored({ type: "click", itemId: "101" });
  assert.equal((await collector.stored()).filter((row) => row.percentage === 100).length, 1);
});

scenario(
  "an article measured by scrolling reports 100 % when its end was reached",
  {},
  async ({ page, visit, collector }) => {
    await visit("/article.html");
    await page.getByTestId("by-scroll").click();
    await page.waitForURL(/by=scroll/);
    await ready(page);
    await page.locator("#text").evaluate((text) => scrollBy(0, text.getBoundingClientRect().bottom));
    await page.waitForFunction(() => document.querySelector("[data-testid=read]").textContent === "100 %");
    await collector.expectStored({ type: "consume", itemId: "901", itemType: "2", percentage: 100 });
  },
);

scenario("a film reports how far it was played", {}, async ({ page, visit, collector }) => {
  await visit("/video.html");
  await ready(page);
  const film = page.getByTestId("film");
  await film.evaluate(async (video) => {
    video.playbackRate = 8;
    await video.play();
    if (!video.ended) await new Promise((resolve) => video.addEventListener("ended", resolve, { once: true }));
  });
  await collector.expectStored(
    { type: "click", itemId: "951", itemType: "3" },
    { type: "consume", itemId: "951", itemType: "3", percentage: 100 },
  );
});

scenario(
  "the inspector shows a stored event, on a wide screen and on a phone",
  {},
  async ({ page, visit, collector }) => {
    await openProduct(visit, page, 101);
    await product(page, "add-to-basket").click();
    const [row] = await collector.expectStored({ type: "basket", itemId: "101" });
    const shown = page.locator(`[data-testid=inspector-event][data-row="${row.row}"]`);
    await shown.waitFor();
    assert.equal(await shown.getAttribute("data-type"), "basket");

    await page.setViewportSize({ width: 360, height: 740 });
    await visit("/");
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0, "no horizontal overflow on a phone");
    await page.getByTestId("inspector-toggle").click();
    await page.locator("[data-testid=inspector-event]").first().waitFor();
  },
);
