// Invalid input of every kind gives one warning with code and field. Nothing invalid is stored, and later calls work.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser();

/** Name, source of the call, code, field. */
const REFUSED = [
  ["no argument", 'reco("click")', "missing-field", "click"],
  ["not an object", 'reco("click", 12)', "bad-type", "click"],
  ["a missing item", 'reco("click", {})', "missing-field", "click.itemId"],
  ["null as an item", 'reco("click", { itemId: null })', "missing-field", "click.itemId"],
  ["an object as an item", 'reco("click", { itemId: {} })', "bad-type", "click.itemId"],
  ["NaN as an item", 'reco("click", { itemId: NaN })', "bad-type", "click.itemId"],
  ["a negative item", 'reco("click", { itemId: -1 })', "out-of-range", "click.itemId"],
  ["an empty item", 'reco("click", { itemId: "" })', "out-of-range", "click.itemId"],
  ["a backslash", 'reco("click", { itemId: "a\\\\b" })', "bad-character", "click.itemId"],
  ["two dots as an item", 'reco("click", { itemId: ".." })', "bad-character", "click.itemId"],
  ["ten megabytes", 'reco("click", { itemId: "x".repeat(10_000_000) })', "out-of-range", "click.itemId"],
  [
    "a million values",
    'reco("click", { itemId: 1, rest: Array(1001).fill(Array(1001).fill(1)) })',
    "bad-type",
    "click",
  ],
  ["a gigabyte", 'reco("buy", Array(999).fill({ itemId: 1, title: "x".repeat(1e6) }))', "bad-type", "buy"],
  ["a missing rating", 'reco("rate", { itemId: 1 })', "missing-field", "rate.rating"],
  ["half a rating", 'reco("rate", { itemId: 1, rating: 50.5 })', "bad-type", "rate.rating"],
  ["an empty purchase", 'reco("buy", [])', "out-of-range", "buy"],
  ["nothing rendered", 'reco("rendered", { items: [] })', "out-of-range", "rendered.items"],
  ["one wrong among the rendered", 'reco("rendered", { items: [1, 2, true] })', "bad-type", "rendered.items[2]"],
  ["an e-mail address as a user", 'reco("login", "ada@example.com")', "personal-data", "login.userId"],
  ["an empty user", 'reco("login", "")', "out-of-range", "login.userId"],
  ["an unknown consent", 'reco("consent", "maybe")', "out-of-range", "consent"],
  ["an unknown event", 'reco("clack", { itemId: 1 })', "unknown-event", "clack"],
];

/** The same for optional fields: the event is stored without the field. */
const LEFT_OUT = [
  [
    "a slash in a category",
    'reco("click", { itemId: 1, categoryPath: ["a/b"] })',
    "bad-character",
    "click.categoryPath",
  ],
  [
    "ten megabytes of title",
    'reco("click", { itemId: 1, title: "x".repeat(10_000_000) })',
    "out-of-range",
    "click.title",
  ],
  ["101 %", 'reco("consume", { itemId: 1, percentage: 101 })', "out-of-range", "consume.percentage"],
  ["a negative percentage", 'reco("consume", { itemId: 1, percentage: -1 })', "out-of-range", "consume.percentage"],
  ["NaN %", 'reco("consume", { itemId: 1, percentage: NaN })', "bad-type", "consume.percentage"],
  ["text as a percentage", 'reco("consume", { itemId: 1, percentage: "half" })', "bad-type", "consume.percentage"],
  ["a quantity of nothing", 'reco("basket", { itemId: 1, quantity: 0 })', "out-of-range", "basket.quantity"],
  ["a million and one", 'reco("basket", { itemId: 1, quantity: 1_000_001 })', "out-of-range", "basket.quantity"],
  ["a price without a currency", 'reco("buy", { itemId: 1, price: "12.45" })', "bad-type", "buy.price"],
  [
    "a negative price",
    'reco("buy", { itemId: 1, price: { amount: -1, currency: "EUR" } })',
    "out-of-range",
    "buy.price",
  ],
  ["NaN as an amount", 'reco("buy", { itemId: 1, price: { amount: NaN, currency: "EUR" } })', "bad-type", "buy.price"],
  [
    "the second line of a purchase",
    'reco("buy", [{ itemId: 1 }, { itemId: 2, quantity: -3 }])',
    "out-of-range",
    "buy[1].quantity",
  ],
];

const site = { "index.html": tagged() };

for (const [name, call, code, field] of REFUSED) {
  scenario(`refused: ${name}`, { site }, async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    const result = await page.evaluate(call);
    assert.equal(result, undefined, "a call returns nothing and throws nothing");
    await page.evaluate(() => window.reco("click", { itemId: "good" }));
    await flush(page);
    await collector.expectExactly({ type: "click", itemId: "good" });
    assert.deepEqual(await warnings(page), [{ code, field }]);
  });
}

for (const [name, call, code, field] of LEFT_OUT) {
  scenario(`left out: ${name}`, { site }, async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(call);
    await flush(page);
    await collector.expectStored({ itemId: "1", [field.split(".").pop()]: undefined });
    assert.deepEqual(await warnings(page), [{ code, field }]);
  });
}

scenario(
  "an unknown field gives a warning, and the event is stored without it",
  { site },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 1, colour: "red" }));
    await collector.expectExactly({ type: "click", itemId: "1", colour: undefined });
    assert.deepEqual(await warnings(page), [{ code: "unknown-option", field: "click.colour" }]);
  },
);

scenario(
  "an unknown option gives a warning and is ignored",
  { site: { "index.html": tagged({ config: "colour: 1, batch: { maxEvents: 5, every: 3 }" }) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 1 }));
    await collector.expectExactly({ type: "click", itemId: "1" });
    const told = await warnings(page);
    assert.deepEqual(told.map(({ field }) => field).sort(), ["config.batch.every", "config.colour"]);
    assert.ok(told.every(({ code }) => code === "unknown-option"));
  },
);

scenario(
  "arguments that throw, are cyclic or are no data break nothing",
  { site },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    const results = await page.evaluate(() => {
      const circle = { itemId: 1 };
      circle.itemId = circle;
      const throwing = {
        get itemId() {
          throw new Error("a getter of the page");
        },
      };
      const proxy = new Proxy(
        {},
        {
          ownKeys() {
            throw new Error("a trap of the page");
          },
        },
      );
      const odd = [
        circle,
        throwing,
        proxy,
        document.body,
        window,
        () => {},
        Symbol("s"),
        10n,
        new Map([[{}, 1]]),
        "\ud800",
        [[[[[[[[[]]]]]]]]],
      ];
      return odd.map((value) => {
        try {
          window.reco("click", value);
          return "quiet";
        } catch (error) {
          return String(error);
        }
      });
    });
    assert.deepEqual([...new Set(results)], ["quiet"]);
    await page.evaluate(() => window.reco("click", { itemId: "good" }));
    await collector.expectExactly({ type: "click", itemId: "good" });
    assert.equal((await warnings(page)).length, results.length, "one warning for each");
  },
);

scenario(
  "a listener that throws or calls the tracker breaks nothing",
  { site, allow: [/a listener of the page/] },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() =>
      window.reco("ready", (tracker) => {
        tracker.on("warning", () => {
          throw new Error("a listener of the page");
        });
        tracker.on("warning", () => tracker.click({ itemId: "from a listener" }));
        tracker.click({});
        tracker.click({ itemId: "good" });
      }),
    );
    await flush(page);
    await collector.expectStored({ itemId: "from a listener" }, { itemId: "good" });
    assert.equal((await collector.stored()).length, 2);
  },
);
