// An older version left events, calls, orders, a session and cookies: this version takes them over, and delivers each event once.
//
// tests/vectors/outbox-4a0c6fb.json is from that version itself, by scripts/older-version.mjs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { at } from "../../scripts/lib/project.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { BATCH, EMPTY } from "./slow.mjs";

useBrowser();

/** `{ start, cookies, texts, events, denied }`: `start` is the time of the first call, and `events` have to be delivered. */
const left = JSON.parse(readFileSync(at("tests", "vectors", "outbox-4a0c6fb.json"), "utf8"));
const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;

const BOTH = `[${BATCH}, { protocol: "ibexa", customerId: "00000", endpoint: "/" }]`;
const FACTFINDER = '{ protocol: "factfinder", version: "v5", channel: "de", endpoint: "/" }';
const SITE = {
  "batch.html": tagged(),
  "both.html": tagged({ destinations: BOTH }),
  "factfinder.html": tagged({ destinations: FACTFINDER }),
  "empty.html": EMPTY,
};

/** Runs in the page before its scripts: its clock is wrong by so many milliseconds. */
function shiftClock(offset) {
  const { now } = Date;
  window.Date = new Proxy(Date, {
    construct: (Native, args, target) => Reflect.construct(Native, args.length ? args : [now() + offset], target),
    get: (Native, name) => (name === "now" ? () => now() + offset : Native[name]),
  });
}

/** Puts the cookies and the texts into the new profile. The pages' clock is so much later than the first call. */
async function restore({ page, context, url, visit }, { later, cookies = left.cookies }) {
  await context.addInitScript(shiftClock, left.start + later - Date.now());
  await context.addCookies(cookies.map(([name, value]) => ({ name, value, url })));
  await visit("/empty.html");
  const texts = left.texts.map(([key, text]) => [key, text.replaceAll("{origin}", url)]);
  await page.evaluate((texts) => texts.forEach(([key, text]) => localStorage.setItem(key, text)), texts);
}

const keys = (page, pattern) =>
  page.evaluate((source) => Object.keys(localStorage).filter((key) => new RegExp(source).test(key)), pattern.source);
/** Events, calls and raw batches. */
const UNDELIVERED = /^reco_(o_|l_|q|raw_)/;
const nothingLeft = (page) =>
  until(async () => (await keys(page, UNDELIVERED)).length === 0, "a storage without undelivered events", 60_000);
const stats = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats()))));
/** The stream of an event in the outbox, and the number of its batch if that was made. */
function batchOf(id) {
  const text = id && left.texts.map(([, text]) => text).find((text) => text.includes(id));
  const [, , stream, seq, madeAt] = text ? text.split(" ") : [];
  return { stream, seq: madeAt > 0 ? Number(seq) : undefined };
}
/** Events of pages without Ibexa. */
const isBatchOnly = ({ itemId }) => /^(10.|40[123])$/.test(itemId ?? "");

scenario(
  "each event is stored once, with its own time, id, visitor and order, and known orders are not sent again",
  { site: SITE },
  async (s) => {
    const { page, context, visit, collector, hash } = s;
    await restore(s, { later: HOUR_MS });

    await visit("/batch.html");
    await ready(page);
    await page.evaluate(() => {
      window.reco("login", "ada");
      for (const [itemId, orderId] of [
        [601, "o1"],
        [302, "o2"],
        [402, "o3"],
      ])
        window.reco("buy", { itemId, categoryPath: "a", price: "100EUR", orderId });
    });
    assert.deepEqual(
      await warnings(page),
      ["o1", "o2", "o3"].map(() => ({ code: "duplicate-order", field: "buy.orderId" })),
    );
    await flush(page);
    await collector.expectStored(...left.events.filter(isBatchOnly).map(({ type, itemId }) => ({ type, itemId })));

    await visit("/both.html");
    await ready(page);
    await flush(page);
    await nothingLeft(page);
    assert.deepEqual(await warnings(page), []);

    // A vendor's request leaves the outbox before its response.
    const rows = await until(async () => {
      const rows = await collector.stored();
      return rows.length >= left.events.length && rows;
    }, `${left.events.length} rows`);
    const anonymous = hash(Object.fromEntries(left.cookies).reco_id);
    for (const { source, type, itemId, orderId, at, id, user } of left.events) {
      // A request to Ibexa has none of these.
      const exact = source === "batch" ? { at, orderId, user: hash(user), anonymous, id, ...batchOf(id) } : {};
      const wanted = Object.entries({ source, type, itemId, ...exact }).filter(([, value]) => value !== undefined);
      const found = rows.filter((row) => wanted.every(([name, value]) => row[name] === value));
      assert.equal(found.length, 1, `${JSON.stringify(Object.fromEntries(wanted))} in ${JSON.stringify(rows)}`);
    }
    assert.equal(rows.length, left.events.length, JSON.stringify(rows));
    // Rows are in the order of streams, and of batches and events in each.
    const batch = rows.filter(({ source }) => source === "batch");
    for (const [place, row] of batch.entries()) {
      const before = batch[place - 1];
      assert.ok(before?.stream !== row.stream || before.at < row.at, `${before?.itemId} comes before ${row.itemId}`);
    }
    const [acknowledgement] = left.cookies.map(([name]) => name).filter((name) => name.startsWith("reco_ack_"));
    assert.ok(acknowledgement && !(await context.cookies()).some(({ name }) => name === acknowledgement));
  },
);

scenario("FACT-Finder's session goes on, and the visitor and the account are known", { site: SITE }, async (s) => {
  const { page, visit, collector } = s;
  await restore(s, { later: HOUR_MS });
  await visit("/factfinder.html");
  await ready(page);
  const known = await page.evaluate(
    () =>
      new Promise((resolve) =>
        window.reco("ready", ({ sessionId, anonymousId, userId }) => resolve({ sessionId, anonymousId, userId })),
      ),
  );
  const { reco_id: anonymousId, reco_user: userId } = Object.fromEntries(left.cookies);
  const [sessionId] = Object.fromEntries(left.texts).reco_session.split(".");
  assert.deepEqual(known, { sessionId, anonymousId, userId });
  const kept = await keys(page, UNDELIVERED);
  const others = left.texts.map(([key]) => key).filter((key) => UNDELIVERED.test(key));
  assert.deepEqual(
    others.filter((key) => !kept.includes(key)),
    [],
    "events for other destinations stay",
  );
  assert.deepEqual(await collector.stored(), []);
});

scenario("a visitor who refused tracking: nothing is sent, and everything is deleted", { site: SITE }, async (s) => {
  const { page, context, visit, collector } = s;
  await restore(s, { later: HOUR_MS, cookies: [...left.cookies, ...left.denied.cookies] });
  // FACT-Finder's session is deleted by a page that has this destination.
  for (const path of ["/batch.html", "/factfinder.html"]) {
    await visit(path);
    await ready(page);
    await flush(page);
  }
  assert.deepEqual(await keys(page, /^reco_/), []);
  assert.deepEqual(
    (await context.cookies()).map(({ name }) => name),
    ["reco_off"],
  );
  assert.deepEqual(await collector.stored(), []);
});

scenario("after more than a week nothing is sent, and everything is deleted", { site: SITE }, async (s) => {
  const { page, visit, collector } = s;
  await restore(s, { later: WEEK_MS + HOUR_MS });
  await visit("/both.html");
  await ready(page);
  await nothingLeft(page);
  await flush(page);
  assert.deepEqual(await collector.stored(), []);
  const { accepted, dropped, acknowledged } = await stats(page);
  assert.deepEqual([dropped, acknowledged], [accepted - 1, 1], "all are counted, and one has its acknowledgement");
});
