// identity.hash: the collector and the vendors get the SHA-256 of an account's id, and nothing else ever gets the id.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { storesOf, withProfile } from "./profile.mjs";
import { BATCH, EMPTY, IBEXA, leave, MODULE, open, SCRIPT, settled, slow } from "./slow.mjs";

// The names of the hosts lead to this machine.
useBrowser({ args: ["--host-resolver-rules=MAP * 127.0.0.1"] });

const MAIL = " Jane.Doe@Shop.Example ";
const HEX = createHash("sha256").update("jane.doe@shop.example").digest("hex");
/** What must not be found anywhere. */
const SECRET = /jane|doe@|shop\.example/i;

const HASH = 'identity: { hash: "sha256" }';
/** The digest that Web Crypto makes takes this long. */
const slowly = (ms) => `<script>{
  const { digest } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.digest = async function (...args) {
    await new Promise((done) => setTimeout(done, ${ms}));
    return digest.apply(this, args);
  };
}</script>`;

/** Fails if the page's storage and cookies have the id. */
async function assertUnseen(page, context) {
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.doesNotMatch(stored, SECRET);
  assert.doesNotMatch(JSON.stringify(await context.cookies()), SECRET);
}

/** Notes each request of the pages, with its body. */
function requestsOf(context) {
  const seen = [];
  context.on("request", (request) => seen.push(`${request.url()} ${request.postData() ?? ""}`));
  return seen;
}

for (const [what, config, script] of [
  ["login()", HASH, `reco("login", "${MAIL}");`],
  ["identity.userId", `identity: { hash: "sha256", userId: "${MAIL}" }`, ""],
  ["a data layer", `${HASH}, autoTrack: { dataLayer: true }`, `window.dataLayer = [{ user_id: "${MAIL}" }];`],
  [
    "gtag()",
    `${HASH}, autoTrack: { dataLayer: true }`,
    `window.dataLayer = []; (function () { dataLayer.push(arguments); })("set", { user_id: "${MAIL}" });`,
  ],
])
  scenario(
    `${what}: collector and vendor get the hash, and nothing has the id`,
    {
      site: {
        "index.html": tagged({ destinations: `[${BATCH}, ${IBEXA}]`, config: `debug: true, ${config}`, script }),
      },
    },
    async ({ page, context, collector, hash, visit }) => {
      const seen = requestsOf(context);
      const said = [];
      page.on("console", (message) => said.push(message.text()));
      await visit();
      await ready(page);
      await page.waitForFunction((hex) => document.cookie.includes(hex), HEX);
      await page.evaluate(() => window.reco("buy", { itemId: 1, itemType: 1 }));
      await flush(page);
      const user = hash(HEX);
      const rows = await until(async () => {
        const rows = await collector.stored();
        return rows.length >= 4 && rows;
      }, "four rows");
      assert.deepEqual(rows.map((row) => `${row.type} ${row.user === user} ${row.source}`).sort(), [
        "buy true batch",
        "buy true ibexa",
        "login true batch",
        "login true ibexa",
      ]);
      await assertUnseen(page, context);
      assert.doesNotMatch(seen.filter((request) => !request.includes("index.html")).join("\n"), SECRET);
      assert.doesNotMatch(said.join("\n"), SECRET);
      for (const address of ["/v1/events", "/api/00000/buy"])
        assert.ok(
          seen.some((request) => request.includes(address) && request.includes(HEX)),
          address,
        );
      assert.deepEqual(await warnings(page), []);
      assert.equal(await page.evaluate(() => new Promise((done) => window.reco("ready", (t) => done(t.userId)))), HEX);
    },
  );

scenario(
  "calls behind a slow hash keep their order, their accounts and their times",
  {
    site: {
      "index.html": tagged({
        head: slowly(300),
        config: HASH,
        script: `
          reco("click", { itemId: 1 });
          reco("login", "${MAIL}");
          reco("click", { itemId: 2 });
          reco("logout");
          reco("click", { itemId: 3 });
          reco("login", "b@shop.example");
          reco("login", "undefined");
          reco("click", { itemId: 4 });
          window.said = Date.now();`,
      }),
    },
  },
  async ({ page, context, collector, hash, visit }) => {
    await visit();
    await ready(page);
    const last = createHash("sha256").update("b@shop.example").digest("hex");
    await page.waitForFunction((hex) => document.cookie.includes(hex), last);
    await flush(page);
    const [jane, other] = [hash(HEX), hash(last)];
    await collector.expectStored(
      { type: "click", itemId: "1", user: undefined },
      { type: "login", user: jane },
      { type: "click", itemId: "2", user: jane },
      { type: "click", itemId: "3", user: undefined },
      { type: "login", user: other },
      { type: "click", itemId: "4", user: other },
    );
    const said = await page.evaluate(() => window.said);
    for (const row of await collector.stored()) assert.ok(row.at <= said, `${row.type} has the time of its call`);
    assert.deepEqual(await warnings(page), [{ code: "out-of-range", field: "login.userId" }]);
    await assertUnseen(page, context);
  },
);

/** A page that logs in and buys, and is left in the same task. */
const LEFT = (config = HASH, head = "") => ({
  "index.html": tagged({ destinations: `[${BATCH}, ${IBEXA}]`, config, head }),
  "next.html": tagged({ destinations: `[${BATCH}, ${IBEXA}]`, config: HASH }),
  "empty.html": EMPTY,
});
const buyAndLeave = (page, url) =>
  page.evaluate(
    ([mail, url]) => {
      window.reco("login", mail);
      // The scenarios share a collector, which stores an order once.
      window.reco("buy", { itemId: 1, orderId: crypto.randomUUID() });
      location.href = url;
    },
    [MAIL, url],
  );

for (const [what, held] of [
  ["with the module", null],
  ["without the module", MODULE],
  ["without the script", SCRIPT],
])
  scenario(`${what}: a page that logs in, buys and is left at once`, { site: LEFT() }, async (test) => {
    const { t, page, context, collector, hash } = test;
    const seen = requestsOf(context);
    const network = await slow(t, collector);
    if (held) network.hold(held);
    await open(page, network.url);
    await (held ? settled(page, held) : ready(page));
    await buyAndLeave(page, "/empty.html");
    await page.waitForURL(/empty/);
    await assertUnseen(page, context);
    network.release();
    await open(page, `${network.url}/next.html`);
    await ready(page);
    await flush(page);
    const buys = await until(async () => {
      const rows = (await collector.stored()).filter(({ type }) => type === "buy");
      return rows.length === 2 && rows;
    }, "the purchase at both destinations");
    // The stub cannot hash. There the purchase belongs to the visitor, and the next login joins them to the account.
    const batch = buys.find(({ source }) => source === "batch");
    assert.equal(batch.user, held === SCRIPT ? undefined : hash(HEX));
    assert.ok(batch.anonymous);
    assert.doesNotMatch(seen.join("\n"), SECRET);
    await assertUnseen(page, context);
  });

for (const [what, held] of [
  ["with the module", null],
  ["without the module", MODULE],
])
  for (const [from, config, login] of [
    ["login()", HASH, true],
    ["identity.userId", `identity: { hash: "sha256", userId: "${MAIL}" }`, false],
  ])
    scenario(
      `${what}: a page that is left before ${from} is hashed loses no other call, and shows no id`,
      { site: LEFT(config, slowly(login || held ? 60_000 : 200)) },
      async ({ t, page, context, collector }) => {
        const seen = requestsOf(context);
        const network = await slow(t, collector);
        if (held) network.hold(held);
        await open(page, network.url);
        await (held ? settled(page, held) : ready(page));
        if (login) await buyAndLeave(page, "/empty.html");
        else {
          await page.evaluate(() => window.reco("buy", { itemId: 1, orderId: crypto.randomUUID() }));
          await leave(page, network);
        }
        await page.waitForURL(/empty/);
        await assertUnseen(page, context);
        network.release();
        await open(page, `${network.url}/next.html`);
        await ready(page);
        await flush(page);
        await until(async () => {
          const rows = (await collector.stored()).filter(({ type }) => type === "buy");
          return rows.length === 2;
        }, "the purchase at both destinations");
        assert.doesNotMatch(seen.join("\n"), SECRET);
        await assertUnseen(page, context);
      },
    );

for (const [field, config, script] of [
  ["login.userId", HASH, `reco("login", "${MAIL}");`],
  ["config.identity.userId", `identity: { hash: "sha256", userId: "${MAIL}" }`, ""],
  ["dataLayer.user_id", `${HASH}, autoTrack: { dataLayer: true }`, `window.dataLayer = [{ user_id: "${MAIL}" }];`],
])
  scenario(
    `without https nothing can be hashed: ${field} gives a warning, and the visitor is anonymous`,
    { site: { "index.html": tagged({ config, script: `${script} reco("click", { itemId: 1 });` }) } },
    async ({ page, context, url, collector }) => {
      const seen = requestsOf(context);
      await page.goto(`http://shop.test:${new URL(url).port}/`);
      assert.equal(await page.evaluate(() => window.isSecureContext), false);
      await ready(page);
      await until(async () => (await warnings(page)).length, "the warning");
      await flush(page);
      await collector.expectExactly({ type: "click", itemId: "1", user: undefined });
      assert.deepEqual(await warnings(page), [{ code: "personal-data", field }]);
      assert.doesNotMatch(seen.join("\n"), SECRET);
      await assertUnseen(page, context);
    },
  );

scenario(
  "texts that name no account are not hashed",
  { site: { "index.html": tagged({ config: HASH }) } },
  async ({ page, collector, visit }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      for (const id of ["", " ", "0", "Undefined", "(not set)", "{{ user.email }}", null, 12, {}])
        window.reco("login", id);
      window.reco("click", { itemId: 1 });
    });
    await flush(page);
    await collector.expectExactly({ type: "click", itemId: "1", user: undefined });
    assert.deepEqual([...new Set((await warnings(page)).map(({ field }) => field))], ["login.userId"]);
    assert.equal((await warnings(page)).length, 9);
  },
);

scenario(
  "any other hash is a wrong configuration, and the id is not stored",
  {
    site: {
      "index.html": tagged({
        config: `identity: { hash: "md5", userId: "${MAIL}" }`,
        script: 'reco("click", { itemId: 1 });',
      }),
      "empty.html": EMPTY,
    },
  },
  async ({ page, context, collector, visit }) => {
    await visit();
    await until(async () => (await warnings(page)).length, "the warning");
    assert.deepEqual(await warnings(page), [{ code: "config", field: "config.identity.hash" }]);
    await visit("/empty.html");
    await assertUnseen(page, context);
    assert.deepEqual(await collector.stored(), []);
  },
);

for (const [what, held] of [
  ["with the module", null],
  ["without the module", MODULE],
  ["without the script", SCRIPT],
]) {
  const { path: profile } = temporaryDirectory();
  scenario(
    `${what}: the profile on disk has no id, but the calls`,
    { site: LEFT(), openContext: withProfile(profile) },
    async ({ t, page, context, collector }) => {
      const network = await slow(t, collector);
      // The requests stay in the outbox.
      // A hash in the address of the module may contain "v1" too.
      network.hold(held ?? /\/(v1|api)\//);
      await open(page, network.url);
      await (held ? settled(page, held) : ready(page));
      await page.evaluate((mail) => {
        window.reco("click", { itemId: "a-lamp" });
        window.reco("login", mail);
      }, MAIL);
      // The browser writes to the disk later.
      await page.waitForTimeout(1_000);
      await leave(page, network);
      await page.waitForTimeout(3_000);
      await context.close();
      const stores = storesOf(profile);
      // Chromium stores a text in UTF-16 if it has a character beyond Latin-1.
      const text = stores.join("\n").replaceAll("\0", "");
      assert.doesNotMatch(text, SECRET);
      assert.match(text, /a-lamp/, "what the profile has of the page is read");
      if (held !== SCRIPT) assert.ok(text.includes(HEX));
    },
  );
}
