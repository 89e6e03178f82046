// Parked calls in the next page: their accounts, the calls that it must not take, and purchases.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { BATCH, call, EMPTY, IBEXA, kept, leave, MODULE, open, RAW, SCRIPT, settled, slow } from "./slow.mjs";

useBrowser();

const site = (pages) => ({
  ...Object.fromEntries(Object.entries(pages).map(([name, options]) => [`${name}.html`, tagged(options)])),
  "empty.html": EMPTY,
});
const click = (itemId) => `reco("click", { itemId: ${itemId} });`;
const user = (id) => `identity: { userId: ${id} }`;
const DAY_MS = 86_400_000;

/** Leaves pages before `held` has loaded, then stays on the last one. */
async function walk(t, { page, collector }, held, ...names) {
  const network = await slow(t, collector);
  network.hold(held);
  const last = names.pop();
  for (const name of names) {
    await open(page, `${network.url}/${name}.html`);
    await settled(page, held);
  }
  await leave(page, network);
  network.release();
  await open(page, `${network.url}/${last}.html`);
  await ready(page);
  await flush(page);
  return network;
}

for (const [what, held] of [
  ["the script", SCRIPT],
  ["the module", MODULE],
]) {
  scenario(
    `without ${what}: a visitor who logs in and leaves is logged in on the next page`,
    { site: site({ a: { script: `${click(1)} reco("login", "ada"); ${click(2)}` }, b: { script: click(3) } }) },
    async (s) => {
      await walk(s.t, s, held, "a", "b");
      const ada = s.hash("ada");
      const { hash } = await s.identity();
      const rows = await s.collector.expectExactly(
        { itemId: "1", user: undefined },
        { type: "login", user: ada },
        { itemId: "2", user: ada },
        { itemId: "3", user: ada },
      );
      assert.ok(rows.every(({ anonymous }) => anonymous === hash));
    },
  );

  const pages = {
    ada: { config: user('"ada"'), script: click(1), destinations: `[${BATCH}, ${IBEXA}]` },
    nobody: { config: user("null"), script: click(2), destinations: `[${BATCH}, ${IBEXA}]` },
  };
  scenario(
    `without ${what}: calls keep the account of their page, and the next page has its own`,
    { site: site(pages) },
    async (s) => {
      await walk(s.t, s, held, "ada", "nobody", "ada", "nobody");
      await s.collector.expectStored(
        { type: "login", source: "batch" },
        ...["1", "2", "1", "2"].map((itemId) => ({
          itemId,
          source: "batch",
          user: itemId === "1" ? s.hash("ada") : undefined,
        })),
      );
      assert.equal(
        await s.page.evaluate(() => new Promise((resolve) => window.reco("ready", ({ userId }) => resolve(userId)))),
        null,
      );
      assert.equal(
        (await s.collector.stored()).filter(({ type, source }) => type === "login" && source === "batch").length,
        1,
      );
    },
  );

  const graph = "const graph = {}; graph.graph = graph;";
  scenario(
    `without ${what}: an argument that cannot be written costs only its own call`,
    { site: site({ a: { script: `${graph} reco("click", graph); ${click(1)} reco("login", "ada");` }, b: {} }) },
    async (s) => {
      await walk(s.t, s, held, "a", "b");
      await s.collector.expectExactly({ type: "click", itemId: "1" }, { type: "login" });
    },
  );

  scenario(
    `without ${what}: a page with other destinations does not touch parked calls`,
    {
      site: site({
        a: {
          destinations: IBEXA,
          config: "itemType: 7",
          script:
            'reco("click", { itemId: 1, categoryPath: "a" }); reco("rendered", { items: [2, 3], scenario: "s" });',
        },
        b: {},
        c: { destinations: IBEXA, config: "itemType: 8" },
      }),
    },
    async (s) => {
      const network = await walk(s.t, s, held, "a", "b");
      assert.equal((await kept(s.page)).length, 1);
      assert.deepEqual(await s.collector.stored(), []);
      await open(s.page, `${network.url}/c.html`);
      await ready(s.page);
      await flush(s.page);
      await s.collector.expectStored(
        { type: "click", itemId: "1", itemType: "7", source: "ibexa" },
        { type: "rendered", source: "ibexa" },
      );
      // Beacons may arrive in another order.
      const rendered = (await s.collector.stored()).find(({ type }) => type === "rendered");
      assert.ok(rendered.items.every(({ itemType }) => itemType === "7"));
      assert.deepEqual([await kept(s.page), await warnings(s.page)], [[], []]);
    },
  );

  for (const [state, stays] of [
    ["pending", 1],
    ["denied", 0],
    ["anonymous", 0],
  ]) {
    scenario(
      `without ${what}: a page whose consent is ${state} does not execute parked calls, and ${stays ? "keeps them until it is granted" : "deletes them"}`,
      {
        site: site({
          a: { destinations: IBEXA, script: 'reco("click", { itemId: 1, categoryPath: "a" });' },
          b: { destinations: IBEXA, config: `consent: "${state}"` },
        }),
      },
      async (s) => {
        await walk(s.t, s, held, "a", "b");
        assert.equal((await kept(s.page)).length, stays);
        await call(s.page, ["consent", "granted"], ["click", { itemId: 2, categoryPath: "a" }]);
        await s.collector.expectStored({ itemId: "2" });
        if (stays) await s.collector.expectStored({ itemId: "1" });
        assert.deepEqual(await kept(s.page), []);
        assert.equal((await s.collector.stored()).length, 1 + stays);
      },
    );
  }
}

scenario(
  "damaged, oversized, old and foreign texts are deleted without harm",
  { site: site({ a: {} }) },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    await leave(page, network);
    await page.evaluate((day) => {
      const create = JSON.stringify([
        "create",
        [{ destinations: { protocol: "batch", endpoint: "/v1/events" } }],
        Date.now(),
      ]);
      const click = (itemId, at) => JSON.stringify(["click", [{ itemId }], at]);
      const texts = [
        "",
        "x",
        "\u0000\ud800",
        "null",
        "[",
        "1,2,",
        "null,[],{},",
        '["create"],',
        `["create",[null],${Date.now()}],${click("null", Date.now())},`,
        `${create}`.slice(0, -3),
        `${click("no create", Date.now())},`,
        `${create},${click("x".repeat(1_000_000), Date.now())},`,
        `${create.replace(/\d+]$/, `${Date.now() - 8 * day}]`)},${click("old create", Date.now())},`,
        `${create},${click("old", Date.now() - 8 * day)},["evil",[{}],${Date.now()}],["consent",["denied"],${Date.now()}],["dispose",[],${Date.now()}],["click",[{"itemId":"b\\\\ad"}],${Date.now()}],["click",{},${Date.now()}],["click",{"map":1},${Date.now()}],["click",[{"itemId":"no time"}]],${click("good", Date.now() - 6 * day)},`,
      ];
      texts.forEach((text, n) => localStorage.setItem(`reco_q${n}`, text));
      [
        "",
        "x",
        "[]",
        "null",
        '["a","http://127.0.0.1:1/","b"]',
        `["x","http://127.0.0.1:1/","b",${Date.now() - 8 * day}]`,
      ].forEach((text, n) => localStorage.setItem(`reco_raw_${n}`, text));
    }, DAY_MS);
    await open(page, `${network.url}/a.html`);
    await ready(page);
    await call(page, ["click", { itemId: "own" }]);
    await collector.expectExactly({ itemId: "good" }, { itemId: "own" });
    assert.deepEqual(await kept(page), []);
    assert.deepEqual([...new Set((await warnings(page)).map(({ code, field }) => `${code} ${field}`))].sort(), [
      "bad-character click.itemId",
      "damaged calls",
      "expired calls",
      "out-of-range click.itemId",
    ]);
  },
);

scenario(
  "with full storage or a thousand keys, leaving a page works as usual",
  { site: site({ a: { destinations: IBEXA, script: 'reco("click", { itemId: 1, categoryPath: "a" });' } }) },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    for (const [held, fill] of [
      [SCRIPT, false],
      [MODULE, false],
      [SCRIPT, true],
      [MODULE, true],
    ]) {
      network.hold(held);
      await leave(page, network);
      await page.evaluate((fill) => {
        localStorage.clear();
        if (!fill) for (let n = 0; n < 999; n++) localStorage[n] = 1;
        for (let size = 2 ** 22; fill && size >= 1; size /= 2) {
          try {
            localStorage[`full${size}`] = "x".repeat(size);
          } catch {
            // Half as much, then.
          }
        }
      }, fill);
      await open(page, `${network.url}/a.html`);
      await settled(page, held);
      await leave(page, network);
      assert.deepEqual(await kept(page), []);
    }
  },
);

scenario(
  "a denial in a page that is left is stored",
  { site: site({ a: { script: 'reco("consent", "denied");' }, b: { script: click(1) } }) },
  async (s) => {
    await walk(s.t, s, MODULE, "a", "b");
    assert.equal((await s.context.cookies()).find(({ name }) => name === "reco_off").value, "1");
    assert.deepEqual(await s.collector.stored(), []);
  },
);

const bought = (orderId) => `reco("buy", { itemId: 1, price: "1EUR", orderId: "${orderId}" });`;

/** Files that are not in the cache: from the same server under another name. */
const LATER = 'baseUrl: location.origin.replace("127.0.0.1", "localhost") + "/dist/"';

scenario(
  "a purchase sent in a raw batch does not count again when its page is reloaded, with or without module",
  { site: site({ thanks: { script: bought("o1") }, again: { script: bought("o1"), config: LATER } }) },
  async (s) => {
    const network = await walk(s.t, s, MODULE, "thanks", "thanks");
    await s.collector.expectExactly({ type: "buy", orderId: "o1" });
    assert.deepEqual(await warnings(s.page), [{ code: "duplicate-order", field: "buy.orderId" }]);
    network.hold(MODULE);
    await open(s.page, `${network.url}/again.html`);
    await settled(s.page, MODULE);
    await leave(s.page, network);
    await until(() => network.seen.filter((what) => RAW.test(what)).length === 2, "another raw batch");
    await until(
      async () => (await s.context.cookies()).filter(({ name }) => name.startsWith("reco_ack_")).length,
      "its answer",
    );
    assert.equal((await s.collector.stored()).length, 1);
  },
);

scenario(
  "a purchase sent by the tracker does not count again in a raw batch",
  {
    site: site({
      thanks: { script: bought("o2") },
      more: { script: `${bought("o2")} ${bought("o3")}`, config: LATER },
    }),
  },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    await open(page, `${network.url}/thanks.html`);
    await ready(page);
    await flush(page);
    network.hold(MODULE);
    await open(page, `${network.url}/more.html`);
    await settled(page, MODULE);
    await leave(page, network);
    await until(() => network.seen.filter((what) => RAW.test(what)).length === 2, "the raw batch");
    await collector.expectExactly({ type: "buy", orderId: "o2" }, { type: "buy", orderId: "o3" });
  },
);

scenario(
  "if the network loses the module, the calls wait for the next page",
  {
    site: site({ a: { destinations: IBEXA, script: 'reco("click", { itemId: 1, categoryPath: "a" });' } }),
    allow: [/ERR_EMPTY_RESPONSE|Failed to fetch/],
  },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    network.lose(MODULE);
    await open(page, `${network.url}/a.html`);
    await until(async () => (await warnings(page)).length > 0, "a warning");
    await leave(page, network);
    network.release();
    await open(page, `${network.url}/a.html`);
    await ready(page);
    await flush(page);
    await collector.expectStored({ itemId: "1" }, { itemId: "1" });
  },
);
