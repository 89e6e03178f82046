// The demo shop in every protocol that it supports: every kind of event is made once by clicking, and the collector's
// rows are compared with the fields that each vendor supports. Nothing else may be stored, and each unsupported event
// gives one warning on its page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { at } from "../../scripts/lib/project.mjs";
import { flush, scenario, useBrowser } from "./harness.mjs";
import { gatherWarnings, MADE, made, rowOf, tour } from "./tour.mjs";

useBrowser();

// Without feeds, because the tour clicks the shop's own choice, which does not depend on earlier tours.
const config = readFileSync(at("collector", "demo.toml"), "utf8").replace("[feeds]\n", "");
const ITEM = ["itemId", "itemType"];
const TITLED = [...ITEM, "title"];

/** The fields that each vendor supports, by kind of event. A kind that is missing here is not supported. */
const IBEXA_BASE = {
  click: [...ITEM, "categoryPath"],
  consume: [...ITEM, "percentage"],
  basket: ITEM,
  deleteFromBasket: ITEM,
  buy: [...ITEM, "quantity", "price"],
  rate: [...ITEM, "rating"],
  blacklist: ITEM,
  rendered: ["itemType", "items", "scenario", "modelId"],
  clickRecommended: [...ITEM, "scenario", "modelId"],
  login: [],
};
const FACTFINDER_BASE = {
  click: [...TITLED, "search"],
  basket: [...TITLED, "quantity", "price"],
  buy: [...ITEM, "quantity", "price"],
  login: [],
  clickRecommended: [...TITLED, "mainId"],
  feedback: ["query", "positive", "message"],
  cacheHit: ["query", "page", "pageSize", "hitCount", "searchTimeMs", "minScore", "maxScore"],
};
const ROOM = {
  ibexa: {
    ...IBEXA_BASE,
    wishlist: [...ITEM, "price"],
    deleteFromWishlist: ITEM,
    triggerOpened: ["triggerName"],
    clickTriggered: [...ITEM, "triggerName"],
  },
  yoochoose: { ...IBEXA_BASE, basket: [...ITEM, "categoryPath"], deleteFromBasket: undefined },
  factfinder: {
    ...FACTFINDER_BASE,
    landingPageClick: [...TITLED, "campaign", "pageId"],
    predictiveBasketClick: TITLED,
  },
  factfinder7: FACTFINDER_BASE,
  intempt: {
    click: ITEM,
    basket: [...ITEM, "quantity"],
    deleteFromBasket: [...ITEM, "quantity"],
    buy: [...ITEM, "quantity"],
    login: [],
  },
};

const pick = (event, names) =>
  Object.fromEntries(["type", ...names].filter((name) => name in event).map((name) => [name, event[name]]));

/** The rows expected for MADE. Recommendations of Ibexa and YOOCHOOSE use links: one for each item, with the model. */
function expected(protocol, more) {
  const room = ROOM[protocol];
  if (!room) return made(more);
  return made(more)
    .filter(({ type }) => room[type])
    .flatMap((event) => {
      if (!room.rendered) return [pick(event, room[event.type])];
      if (event.type === "rendered")
        return event.items.map((item) => pick({ ...event, items: [item], modelId: "37" }, room.rendered));
      return [pick(event.type === "clickRecommended" ? { ...event, modelId: "37" } : event, room[event.type])];
    });
}

/** The users of the rows before and after the login. */
function people(protocol, visitor, account, session) {
  if (protocol === "batch" || protocol === "intempt")
    return {
      before: { anonymous: visitor },
      login: { anonymous: visitor, user: account },
      after: { anonymous: visitor, user: account },
    };
  if (protocol.startsWith("factfinder"))
    return {
      before: { anonymous: session },
      login: { anonymous: session, user: account },
      after: { anonymous: session, user: account },
    };
  return { before: { user: visitor }, login: { anonymous: visitor, user: account }, after: { user: account } };
}

const CUSTOMER = {
  batch: undefined,
  ibexa: "00000",
  yoochoose: "00000",
  factfinder: "demo",
  factfinder7: "demo",
  intempt: "lumen-loam/shop/1",
};

for (const protocol of ["batch", ...Object.keys(ROOM)]) {
  scenario(
    `the shop speaks ${protocol}: every kind of event, by clicking`,
    { config },
    async ({ page, context, visit, collector, identity, hash }) => {
      const warnings = await gatherWarnings(context);
      const { account, more } = await tour(page, visit, protocol);
      await flush(page);
      const session = await page.evaluate(
        () => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.sessionId))),
      );
      const { hash: visitor } = await identity();
      const who = people(protocol, visitor, hash(account), session && hash(session));

      const wanted = expected(protocol, more);
      await collector.expectStored(...wanted);
      const rows = await collector.stored();
      for (const event of wanted) {
        const { user, anonymous, source, customer } = rowOf(rows, event);
        const person =
          event.type === "login" ? who.login : event.type === "predictiveBasketClick" ? who.after : who.before;
        assert.deepEqual({ user, anonymous }, { user: undefined, anonymous: undefined, ...person }, event.type);
        assert.deepEqual(
          { source, customer },
          { source: protocol.replace("7", ""), customer: CUSTOMER[protocol] },
          event.type,
        );
      }

      const said = new Set(wanted.map(({ type }) => type));
      assert.deepEqual(
        [...new Set(rows.map(({ type }) => type))].sort(),
        [...said].sort(),
        "no unsupported kind is stored",
      );
      const silent = MADE.map(({ type }) => type).filter((type) => !said.has(type));
      const unsupported = warnings.filter(({ code }) => code === "unsupported-event");
      assert.deepEqual(
        [...new Set(unsupported.map(({ field }) => field))].sort(),
        silent.sort(),
        "each of them gives a warning",
      );
      const once = new Set(unsupported.map(({ page, field }) => `${page} ${field}`));
      assert.equal(unsupported.length, once.size, "one warning on a page for each kind");
      // A rule of FACT-Finder: a product page that was not opened from a result list is no click.
      const others = warnings
        .filter(({ code }) => code !== "unsupported-event")
        .map(({ code, field }) => `${code} ${field}`);
      assert.deepEqual([...new Set(others)], protocol.startsWith("factfinder") ? ["missing-field click.search"] : []);

      // The inspector shows the stored events of every protocol.
      const last = rows.reduce((a, b) => (a.row > b.row ? a : b));
      await page.locator(`[data-testid=inspector-event][data-row="${last.row}"]`).waitFor();
    },
  );
}

scenario(
  "FACT-Finder's session: the search page shows it, every page keeps it, every event has it",
  { config },
  async ({ page, visit, collector, hash }) => {
    const shown = async () => {
      await visit("/search.html?q=coffee&protocol=factfinder");
      return page.getByTestId("session").innerText();
    };
    const session = await shown();
    assert.match(session, /^[A-Za-z0-9]{30}$/);
    await page.getByTestId("result-201").getByRole("link").click();
    await page.waitForURL(/product/);
    await page.locator("#product").getByTestId("add-to-basket").click();
    await collector.expectStored(
      { type: "click", itemId: "201", anonymous: hash(session) },
      { type: "basket", itemId: "201", anonymous: hash(session) },
    );
    assert.equal(await shown(), session, "the same on the next page");
    assert.equal(await page.evaluate(() => localStorage.getItem("reco_session").split(".")[0]), session);
  },
);
