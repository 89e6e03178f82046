// The visitor's identity: cookies, login, logout, consent.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

const SHOP = "www.shop.example";
// A shop's host name that resolves to this machine.
useBrowser({ args: [`--host-resolver-rules=MAP *.shop.example 127.0.0.1, MAP shop.example 127.0.0.1`] });

const DAY_S = 86_400;
const site = { "index.html": tagged(), "other.html": tagged() };
const withConfig = (config) => ({ "index.html": tagged({ config }) });
const click = (page, itemId) => page.evaluate((id) => window.reco("click", { itemId: id }), itemId);
const cookieNames = async (context) =>
  (await context.cookies())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("reco_ack_"))
    .sort();

scenario(
  "the cookie is 22 letters or digits, first-party, for 90 days",
  { site },
  async ({ page, context, visit, collector, identity }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    const { id, hash } = await identity();
    assert.match(id, /^[0-9A-Za-z]{22}$/);
    await collector.expectExactly({ itemId: "1", anonymous: hash, key: 1, user: undefined });

    const cookies = await context.cookies();
    const cookie = cookies.find(({ name }) => name === "reco_id");
    assert.equal(cookie.path, "/");
    assert.equal(cookie.sameSite, "Lax");
    assert.equal(cookie.httpOnly, false);
    assert.equal(cookie.secure, false, "the page is not served by https");
    assert.equal(cookie.domain, "127.0.0.1");
    const days = (cookie.expires - Date.now() / 1000) / DAY_S;
    assert.ok(days > 89.9 && days <= 90.01, `90 days, not ${days}`);
    assert.match(cookies.find(({ name }) => name === "reco_id_at").value, /^\d{10}\.c$/);
  },
);

scenario(
  "on a shop's host the cookie is for the registrable domain, so that all subdomains share the visitor",
  { site },
  async ({ page, context, url, collector, hash }) => {
    const { port } = new URL(url);
    await page.goto(`http://${SHOP}:${port}/`);
    await ready(page);
    await click(page, 1);
    const cookies = await context.cookies();
    const cookie = cookies.find(({ name }) => name === "reco_id");
    assert.equal(cookie.domain, ".shop.example");
    assert.deepEqual(
      cookies.filter(({ name }) => name === "reco_probe"),
      [],
      "the test cookie was deleted",
    );

    await page.goto(`http://blog.shop.example:${port}/`);
    await ready(page);
    await click(page, 2);
    await collector.expectStored(
      { itemId: "1", anonymous: hash(cookie.value) },
      { itemId: "2", anonymous: hash(cookie.value) },
    );
  },
);

scenario(
  "the visitor stays the same across pages and reloads",
  { site },
  async ({ page, visit, collector, identity }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    const { id, hash } = await identity();
    await visit("/other.html");
    await ready(page);
    await click(page, 2);
    await page.reload();
    await ready(page);
    await click(page, 3);
    assert.equal((await identity()).id, id);
    const rows = await collector.expectStored(
      { itemId: "1", anonymous: hash },
      { itemId: "2", anonymous: hash },
      { itemId: "3", anonymous: hash },
    );
    assert.equal(new Set(rows.map((row) => row.stream)).size, 3, "one stream for each page instance");
    for (const row of rows) assert.equal(row.seq, 0, "seq starts at 0 in each stream");
  },
);

scenario("the tracker returns the visitor's ids", { site }, async ({ page, visit, identity }) => {
  await visit();
  const told = await page.evaluate(
    () =>
      new Promise((resolve) =>
        window.reco("ready", (tracker) => {
          const before = { user: tracker.userId, anonymous: tracker.anonymousId };
          tracker.login("ada");
          resolve({ before, after: tracker.userId });
        }),
      ),
  );
  assert.deepEqual(told, { before: { user: null, anonymous: (await identity()).id }, after: "ada" });
});

scenario(
  "login is sent once for each pair, across calls and pages; user ids may have any letters",
  { site },
  async ({ page, context, visit, collector, identity, hash }) => {
    const user = "Ådä Ловлас 王 @home/1";
    await visit();
    await ready(page);
    const { hash: visitor } = await identity();
    await page.evaluate((id) => {
      window.reco("login", id);
      window.reco("login", id);
    }, user);
    await click(page, 1);
    await visit("/other.html");
    await ready(page);
    await page.evaluate((id) => window.reco("login", id), user);
    await click(page, 2);
    await collector.expectStored({ itemId: "2", user: hash(user) });
    const rows = await collector.stored();
    assert.deepEqual(
      rows.map(({ type, itemId, user: who, anonymous }) => [type, itemId, who, anonymous]),
      [
        ["login", undefined, hash(user), visitor],
        ["click", "1", hash(user), visitor],
        ["click", "2", hash(user), visitor],
      ],
    );
    assert.ok((await cookieNames(context)).includes("reco_user"));
    // Only hashes are stored, both of the visitor's id and of the account.
    const text = JSON.stringify(rows);
    assert.ok(!text.includes("Ådä") && !text.includes((await identity()).id));
  },
);

scenario(
  "user ids are case sensitive, and another account is another login of the same visitor",
  { site },
  async ({ page, visit, collector, identity, hash }) => {
    await visit();
    await ready(page);
    const { hash: visitor } = await identity();
    await page.evaluate(() => {
      window.reco("login", "Ada");
      window.reco("login", "ada");
    });
    await collector.expectExactly(
      { type: "login", user: hash("Ada"), anonymous: visitor },
      { type: "login", user: hash("ada"), anonymous: visitor },
    );
  },
);

scenario(
  "logout returns to the anonymous visitor; with forget to a new one",
  { site },
  async ({ page, context, visit, collector, identity, hash }) => {
    await visit();
    await ready(page);
    const first = await identity();
    await page.evaluate(() => {
      window.reco("login", "ada");
      window.reco("click", { itemId: 1 });
      window.reco("logout");
      window.reco("click", { itemId: 2 });
      window.reco("logout", { forget: true });
      window.reco("click", { itemId: 3 });
    });
    const second = await identity();
    assert.notEqual(second.id, first.id);
    await collector.expectExactly(
      { type: "login" },
      { itemId: "1", anonymous: first.hash, user: hash("ada") },
      { itemId: "2", anonymous: first.hash, user: undefined },
      { itemId: "3", anonymous: second.hash, user: undefined },
    );
    assert.ok(!(await cookieNames(context)).includes("reco_user"));
  },
);

scenario(
  "a page rendered for an account logs in once by itself",
  { site: { "index.html": tagged({ config: 'identity: { userId: "ada" }' }) } },
  async ({ page, visit, collector, hash }) => {
    for (const itemId of [1, 2]) {
      await visit();
      await ready(page);
      await click(page, itemId);
      await flush(page);
    }
    await collector.expectStored({ itemId: "2", user: hash("ada") });
    assert.deepEqual(
      (await collector.stored()).map(({ type }) => type),
      ["login", "click", "click"],
    );
  },
);

scenario(
  'storage "memory" stores nothing on the device',
  { site: withConfig('identity: { storage: "memory" }') },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      window.reco("login", "ada");
      window.reco("buy", { itemId: 1, orderId: "o" });
    });
    await collector.expectExactly({ type: "login" }, { type: "buy", anonymous: /^[0-9a-f]{32}$/ });
    assert.deepEqual(await cookieNames(context), []);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
  },
);

scenario(
  'storage "memory" respects an earlier denial, and keeps it',
  { site: withConfig('identity: { storage: "memory" }') },
  async ({ page, context, visit, collector, url }) => {
    await context.addCookies([{ name: "reco_off", value: "1", url }]);
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    await page.evaluate(() => window.reco("consent", "denied"));
    await flush(page);
    assert.deepEqual(await collector.stored(), []);
    assert.deepEqual(await cookieNames(context), ["reco_off"]);
    await page.evaluate(() => window.reco("consent", "granted"));
    await click(page, 2);
    await flush(page);
    await collector.expectExactly({ type: "click", itemId: "2" });
    assert.deepEqual(await cookieNames(context), []);
  },
);

scenario(
  "consent pending: events are kept in memory, and nothing is stored or sent until it is granted",
  { site: withConfig('consent: "pending"') },
  async ({ page, context, visit, collector, identity }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    assert.deepEqual(await collector.stored(), []);
    assert.deepEqual(await context.cookies(), []);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    const asked = await page.evaluate(() => Date.now());
    await until(async () => (await page.evaluate(() => Date.now())) > asked + 20, "a later moment");

    await page.evaluate(() => window.reco("consent", "granted"));
    const { hash } = await identity();
    const [row] = await collector.expectExactly({ itemId: "1", anonymous: hash });
    assert.ok(row.at <= asked, "with the time of the call");
  },
);

scenario(
  "with consentFrom the tracker waits for consent",
  { site: withConfig("consentFrom: (set) => { window.decide = set; }") },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    assert.deepEqual(await context.cookies(), []);
    await page.evaluate(() => window.decide("granted"));
    await collector.expectExactly({ itemId: "1" });
  },
);

scenario(
  "consent anonymous: events are sent without identity, and nothing is stored",
  { site: withConfig('consent: "anonymous"') },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      window.reco("login", "ada");
      window.reco("click", { itemId: 1 });
    });
    await collector.expectExactly({ type: "click", itemId: "1", anonymous: undefined, user: undefined });
    assert.deepEqual(await context.cookies(), [], "no cookie, not even an acknowledgement");
    assert.equal(await page.evaluate(() => localStorage.length), 0);
  },
);

scenario(
  "consent denied by the page: nothing is stored or sent",
  { site: withConfig('consent: "denied"') },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await flush(page);
    assert.deepEqual(await context.cookies(), []);
    await page.evaluate(() => window.reco("consent", "granted"));
    await click(page, 2);
    await collector.expectExactly({ itemId: "2" });
  },
);

scenario(
  "a visitor who denies consent is forgotten, also on later pages, until consent is granted",
  { site },
  async ({ page, context, visit, collector, identity }) => {
    await visit();
    await ready(page);
    const before = await identity();
    await page.evaluate(() => window.reco("login", "ada"));
    await flush(page);
    await collector.expectExactly({ type: "login" });

    await page.evaluate(() => window.reco("consent", "denied"));
    await click(page, "denied");
    assert.deepEqual(await cookieNames(context), ["reco_off"]);
    await visit("/other.html");
    await ready(page);
    await click(page, "denied on the next page");
    await flush(page);
    assert.deepEqual(await cookieNames(context), ["reco_off"]);

    await page.evaluate(() => window.reco("consent", "granted"));
    await click(page, "granted");
    await collector.expectStored({ itemId: "granted", user: undefined });
    assert.deepEqual(
      (await collector.stored()).map(({ itemId }) => itemId),
      [undefined, "granted"],
    );
    const after = await identity();
    assert.match(after.id, /^[0-9A-Za-z]{22}$/);
    assert.notEqual(after.id, before.id, "the visitor is a new one");
  },
);

scenario(
  "a damaged identity cookie is replaced",
  { site },
  async ({ page, context, url, visit, collector, identity }) => {
    await context.addCookies([{ name: "reco_id", value: "a%20b", url }]);
    await visit();
    await ready(page);
    await click(page, 1);
    const { id, hash } = await identity();
    assert.match(id, /^[0-9A-Za-z]{22}$/);
    await collector.expectExactly({ itemId: "1", anonymous: hash });
    assert.deepEqual(await warnings(page), []);
  },
);
