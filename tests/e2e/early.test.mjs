// Pages that are left before the module has loaded: the collector gets each call once, with its time and its visitor.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { BATCH, back, call, EMPTY, IBEXA, kept, leave, MODULE, open, RAW, SCRIPT, settled, slow } from "./slow.mjs";

// playwright-core starts Chromium without the back/forward cache.
useBrowser({ full: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] });

/** Clicks the items in its address, records the time of each call, and leaves at once if the address says so. */
const SCRIPTED = `
  const asked = new URLSearchParams(location.search);
  for (const item of asked.getAll("click")) {
    const before = Date.now();
    reco("click", { itemId: Number(item), categoryPath: "a" });
    sessionStorage["at" + item] = JSON.stringify([before, Date.now()]);
  }
  if (asked.has("leave")) addEventListener("DOMContentLoaded", () => location.replace("/empty.html"));
`;
const shop = (options = {}) => ({ "index.html": tagged({ script: SCRIPTED, ...options }), "empty.html": EMPTY });
/** The kind of early page: without the script, or without the module. */
const STAGES = [
  ["the script", SCRIPT],
  ["the module", MODULE],
];

for (const [what, held] of STAGES) {
  scenario(
    `a hundred pages left right after a click, without ${what}: the next page sends all clicks`,
    { site: shop({ destinations: `[${BATCH}, ${IBEXA}]`, config: "itemType: 3" }) },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      network.hold(held);
      for (let n = 1; n <= 100; n++) {
        await open(page, `${network.url}/?click=${n}${held === SCRIPT ? "&leave" : ""}`);
        await (held === SCRIPT ? page.waitForURL(/empty/) : settled(page, held));
      }
      await leave(page, network);
      assert.equal((await kept(page)).length, 100);
      assert.deepEqual(await collector.stored(), []);
      network.release();
      await open(page, `${network.url}/?click=101`);
      await ready(page);
      const items = [...Array.from({ length: 100 }, (_, n) => String(n + 1)), "101"];
      const rows = await until(
        async () => {
          const rows = await collector.stored();
          return rows.length >= 202 && rows;
        },
        "202 rows",
        60_000,
      );
      const at = await page.evaluate(() => ({ ...sessionStorage }));
      const batch = rows.filter(({ source }) => source === "batch");
      assert.deepEqual(
        batch.map(({ itemId }) => itemId),
        items,
      );
      for (const row of batch) {
        const [before, after] = JSON.parse(at[`at${row.itemId}`]);
        assert.ok(before <= row.at && row.at <= after, `${row.itemId} keeps its time`);
      }
      assert.equal(new Set(batch.map(({ anonymous }) => anonymous)).size, 1);
      assert.deepEqual(
        rows
          .filter(({ source }) => source === "ibexa")
          .map(({ itemId }) => itemId)
          .sort(),
        [...items].sort(),
      );
      assert.ok(rows.every(({ itemType }) => itemType === "3"));
      assert.deepEqual(await kept(page), []);
      assert.deepEqual(await warnings(page), []);
    },
  );
}

scenario(
  "acknowledgement cookies that no page reads stay few",
  { site: shop() },
  async ({ t, page, context, collector }) => {
    const network = await slow(t, collector);
    network.hold(MODULE);
    const acknowledgements = async () =>
      (await context.cookies()).filter(({ name }) => name.startsWith("reco_ack_")).length;
    for (let n = 1; n <= 30; n++) {
      await open(page, `${network.url}/?click=${n}`);
      await settled(page, MODULE);
      // A page counts the cookies that are there. That of the page before comes with the answer to its beacon.
      await until(async () => (await collector.stored()).length === n - 1, `${n - 1} raw calls`);
      await until(async () => (await acknowledgements()) === Math.min(n - 1, 20), `the cookies of ${n - 1} pages`);
    }
    await leave(page, network);
    await until(async () => (await collector.stored()).length === 30, "thirty raw calls");
    assert.equal(await acknowledgements(), 20);
    network.release();
    await open(page, `${network.url}/?click=31`);
    await ready(page);
    // The others are sent to the collector again after 15 seconds.
    await until(async () => (await kept(page)).length === 0, "nothing is kept", 40_000);
    assert.equal((await collector.stored()).length, 31);
    // The cookie of this page itself may come after its last check.
    assert.ok((await acknowledgements()) <= 1, `${await acknowledgements()} are left`);
  },
);

for (const [what, id] of [
  ["@", "jane@shop.example"],
  ["%40", "jane%40shop.example"],
  ["a full-width at sign", "jane\uff20shop.example"],
])
  scenario(
    `an e-mail address as an id does not leave the page: with ${what}`,
    {
      site: shop({
        head: "<script>WebAssembly.compile = () => new Promise(() => {});</script>",
        config: `identity: { userId: "${id}", anonymousId: "${id}" }`,
      }),
      gated: true,
      wasm: true,
    },
    async ({ page, visit, gate, collector }) => {
      await visit("/?click=1");
      await settled(page);
      await visit("/empty.html");
      await collector.expectExactly({ itemId: "1", user: undefined });
      assert.equal(gate.log.length, 1);
      assert.doesNotMatch(JSON.stringify(gate.log), /jane/);
    },
  );

scenario(
  "a visit of one page, without the module: its event is stored at once and belongs to the returning visitor",
  { site: shop() },
  async ({ t, page, context, collector, identity }) => {
    const network = await slow(t, collector);
    network.hold(MODULE);
    await open(page, `${network.url}/?click=1`);
    await settled(page);
    await page.close();
    const { id, hash } = await until(async () => {
      const visitor = await identity();
      return visitor.id && visitor;
    }, "the visitor's cookie");
    assert.match(id, /^[0-9A-Za-z]{22}$/);
    await collector.expectExactly({
      type: "click",
      itemId: "1",
      anonymous: hash,
      stream: /^[0-9A-Za-z]{22}$/,
      seq: 0,
      place: 0,
    });
    network.release();
    const later = await context.newPage();
    await open(later, `${network.url}/?click=2`);
    await ready(later);
    await collector.expectExactly({ itemId: "1", anonymous: hash }, { itemId: "2", anonymous: hash });
    assert.equal((await identity()).id, id);
  },
);

/** Leaves a page with a click before its module has loaded. The raw batch does not arrive. Returns the network. */
async function leaveWithLostBatch(t, page, collector) {
  const network = await slow(t, collector);
  network.hold(MODULE);
  network.lose(RAW);
  await open(page, `${network.url}/?click=1`);
  await settled(page);
  await leave(page, network);
  return network;
}

scenario(
  "a raw batch has the ids of the configuration, without those that may be e-mail addresses",
  {
    site: shop({
      config: 'identity: { anonymousId: "v-1", sessionId: "s-1", accountId: "a-1", purchaserId: "ada@example.com" }',
    }),
  },
  async ({ t, page, collector }) => {
    await leaveWithLostBatch(t, page, collector);
    const [[, , body]] = await page.evaluate(() =>
      Object.keys(localStorage)
        .filter((key) => key.startsWith("reco_raw_"))
        .map((key) => JSON.parse(localStorage[key])),
    );
    assert.deepEqual(JSON.parse(body).config.identity, { anonymousId: "v-1", sessionId: "s-1", accountId: "a-1" });
  },
);

scenario(
  "a raw batch that did not arrive is sent again by the next page",
  { site: shop() },
  async ({ t, page, collector }) => {
    const network = await leaveWithLostBatch(t, page, collector);
    await until(() => network.seen.some((what) => RAW.test(what)), "the beacon");
    assert.deepEqual(await collector.stored(), []);
    // Fifteen seconds later.
    await page.evaluate(() => {
      for (const [key, text] of Object.entries(localStorage))
        if (key.startsWith("reco_raw_"))
          localStorage[key] = text.replace(/\d+]$/, (at) => `${parseInt(at, 10) - 15_000}]`);
    });
    network.release();
    await open(page, `${network.url}/?click=2`);
    await ready(page);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    await until(async () => (await kept(page)).length === 0, "the answer");
    assert.equal((await collector.stored()).length, 2);
  },
);

scenario(
  "a raw batch whose acknowledgement was lost is sent again and counts once",
  { site: shop() },
  async ({ t, page, context, collector }) => {
    const network = await slow(t, collector);
    network.hold(MODULE);
    await open(page, `${network.url}/?click=1`);
    await settled(page);
    await leave(page, network);
    await collector.expectExactly({ itemId: "1" });
    const acknowledged = await until(
      async () => (await context.cookies()).find(({ name }) => name.startsWith("reco_ack_")),
      "the acknowledgement",
    );
    assert.deepEqual(await kept(page), [acknowledged.name.replace("reco_ack_", "reco_raw_").replace(/\.0$/, "")]);
    await context.clearCookies({ name: acknowledged.name });
    await page.evaluate(() => {
      for (const [key, text] of Object.entries(localStorage))
        localStorage[key] = text.replace(/\d+]$/, (at) => `${parseInt(at, 10) - 15_000}]`);
    });
    network.release();
    await open(page, `${network.url}/`);
    await ready(page);
    await until(async () => (await kept(page)).length === 0, "the answer");
    await collector.expectExactly({ itemId: "1" });
    assert.equal((await collector.batches())[0].copies, 1);
  },
);

const GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })";
const DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { value: '1' })";
const NO = [
  ["consent pending", 'consent: "pending"'],
  ["consent anonymous", 'consent: "anonymous"'],
  ["consent denied", 'consent: "denied"'],
  ["consent from a function", "consentFrom: () => {}"],
  ["denied by a call", "", 'reco("consent", "denied");'],
  ["anonymous by a call", "", 'reco("consent", "anonymous");'],
  ["identity.storage memory", 'identity: { storage: "memory" }'],
  ["memory, and granted by a call", 'identity: { storage: "memory" }', 'reco("consent", "granted");'],
  ["Global Privacy Control", "", "", GPC],
  ["Do Not Track, respected", "respect: { dnt: true }", "", DNT],
  ["a stored denial", "", "", "document.cookie = 'reco_off=1; Path=/'"],
];

for (const [what, held] of STAGES) {
  for (const [why, config, said = "", before = ""] of NO) {
    scenario(
      `without ${what}, ${why}: nothing is stored and nothing sent`,
      { site: shop({ config, head: `<script>${before}</script>`, script: `${said} reco("click", { itemId: 1 });` }) },
      async ({ t, page, context, collector }) => {
        const network = await slow(t, collector);
        network.hold(held);
        await open(page, network.url);
        await settled(page, held);
        await leave(page, network);
        assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
        assert.deepEqual(
          network.seen.filter((what) => RAW.test(what)),
          [],
        );
        assert.deepEqual(
          (await context.cookies()).filter(({ name }) => name !== "reco_off"),
          [],
        );
      },
    );
  }

  for (const [why, config, said, before = ""] of [
    ["pending, then granted", 'consent: "pending"', 'reco("consent", "granted");'],
    ["GPC that is not respected", "respect: { gpc: false }", "", GPC],
    ["GPC, and granted by a call", "", 'reco("consent", "granted");', GPC],
    ["Do Not Track that is not respected", "", "", DNT],
  ]) {
    const site = shop({
      destinations: `[${BATCH}, ${IBEXA}]`,
      config,
      head: `<script>${before}</script>`,
      script: `${said} reco("click", { itemId: 1 });`,
    });
    scenario(`without ${what}, ${why}: parked`, { site }, async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      network.hold(held);
      await open(page, network.url);
      await settled(page, held);
      await leave(page, network);
      assert.equal((await kept(page)).length, 1);
    });
  }

  scenario(
    `without ${what}, with queue.persist false nothing is stored`,
    { site: shop({ destinations: IBEXA, config: "queue: { persist: false }" }) },
    async ({ t, page, collector }) => {
      const network = await slow(t, collector);
      network.hold(held);
      await open(page, `${network.url}/?click=1`);
      await settled(page, held);
      await leave(page, network);
      assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    },
  );

  scenario(
    `without ${what}: ten tabs that open at once execute parked calls once`,
    { site: shop({ destinations: `[${BATCH}, ${IBEXA}]` }) },
    async ({ t, page, context, collector }) => {
      const network = await slow(t, collector);
      network.hold(held);
      for (let n = 1; n <= 20; n++) {
        await open(page, `${network.url}/?click=${n}`);
        await settled(page, held);
      }
      await leave(page, network);
      assert.equal((await kept(page)).length, 20);
      network.release();
      const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
      await Promise.all(tabs.map((tab) => open(tab, network.url)));
      await Promise.all(tabs.map(ready));
      await Promise.all(tabs.map(flush));
      await collector.expectStored(
        ...Array.from({ length: 20 }, (_, n) => ({ itemId: String(n + 1), source: "batch" })),
      );
      await Promise.all(tabs.map((tab) => tab.close()));
      const rows = await until(async () => {
        const rows = await collector.stored();
        return rows.length >= 40 && rows;
      }, "forty rows");
      assert.equal(rows.length, 40);
      assert.equal(
        new Set(rows.map(({ stream, source }) => source === "batch" && stream)).size,
        2,
        "one of the tabs did it",
      );
    },
  );

  for (const destinations of [BATCH, IBEXA]) {
    scenario(
      `without ${what}: a page that comes back sends its calls once (${destinations.match(/"(\w+)"/)[1]})`,
      {
        site: shop({
          destinations,
          script: `${SCRIPTED} addEventListener("pageshow", ({ persisted }) => (window.persisted = persisted)); reco("consent", "granted");`,
        }),
      },
      async ({ t, page, collector }) => {
        const network = await slow(t, collector);
        network.hold(held);
        await open(page, `${network.url}/?click=1`);
        await settled(page, held);
        await leave(page, network);
        await back(page);
        assert.equal(await page.evaluate(() => window.persisted), true, "it was in the back/forward cache");
        await call(page, ["click", { itemId: 2 }]);
        await leave(page, network);
        await back(page);
        assert.equal(await page.evaluate(() => window.persisted), true);
        await call(page, ["click", { itemId: 3 }]);
        network.release();
        await ready(page);
        await flush(page);
        await collector.expectStored({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
        await leave(page, network);
        await open(page, network.url);
        await ready(page);
        await flush(page);
        assert.equal((await collector.stored()).length, 3);
      },
    );
  }
}
