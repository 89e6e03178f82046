// Pages with the vendors' destinations: several at once, keys across origins, refusals with the vendor's message,
// ready-made links, sessions. The collector replaces the vendors; a second one, of another origin, those with keys.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { freePort, startTemporary } from "../../scripts/lib/collector.mjs";
import { flush, ready, scenario, tagged, until, useBrowser } from "./harness.mjs";
import { witness } from "./witness.mjs";

useBrowser();

const KEY = "a-key-that-every-page-shows";
const INTEMPT_KEY = "identifier.secret";
const KEYED = `[factfinder]\nkeys = ["${KEY}"]\n[[factfinder.channels]]\nname = "de"\ncurrency = "EUR"\n[intempt]\nkeys = ["${INTEMPT_KEY}"]\n`;

/** The page's address has the address of the other collector. */
const OTHER = 'new URLSearchParams(location.search).get("other")';
const BATCH = '{ protocol: "batch", endpoint: "/v1/events" }';
const IBEXA = '{ protocol: "ibexa", customerId: "00000", endpoint: location.origin }';
const factfinder = (endpoint, more = "") =>
  `{ protocol: "factfinder", channel: "de", currency: "EUR", endpoint: ${endpoint}${more} }`;
const intempt = (endpoint, more = "") =>
  `{ protocol: "intempt", organization: "o", project: "p", source: "9007199254740993123", endpoint: ${endpoint}${more} }`;

/** A page that keeps the messages and the number of its warnings. */
const pageOf = (destinations, more = {}) =>
  tagged({ destinations, ...more }).replace(
    "onWarning: ({ code, field }) => warnings.push({ code, field })",
    "onWarning: ({ code, field, message }) => warnings.push({ code, field, message })",
  );
const site = (destinations, more) => ({ "index.html": pageOf(destinations, more) });
const said = (page) => page.evaluate(() => window.warnings);
const call = (page, ...calls) => page.evaluate((calls) => calls.forEach((call) => window.reco(...call)), calls);
const ask = (page, name) =>
  page.evaluate(
    (name) =>
      new Promise((resolve) =>
        window.reco("ready", (tracker) =>
          resolve(typeof tracker[name] === "function" ? tracker[name]() : tracker[name]),
        ),
      ),
    name,
  );

/** Runs with a second collector of another origin. */
async function elsewhere(config, run) {
  const other = await startTemporary({ config });
  try {
    await run(witness(other), other.url);
  } finally {
    await other.stop();
  }
}

const BUY = ["buy", { itemId: 100, quantity: 2, price: "12.45EUR" }];
const CLICK = ["click", { itemId: 7, categoryPath: "a", search: { query: "q", position: 1 } }];

// Not batch and Intempt for the same collector: both send the event's id, and the collector stores each event once.
const DEAD = `{ protocol: "yoochoose", customerId: "1", endpoint: ${OTHER} }, ${factfinder(OTHER, `, version: "v4", apiKey: "${KEY}"`)}`;
const ALL = site(`[${DEAD}, ${IBEXA}, ${BATCH}, ${factfinder("location.origin")}]`);
const SOURCES = ["ibexa", "batch", "factfinder"];

async function othersGetTheirs({ page, visit, collector }, port) {
  await page.clock.install();
  await visit(`/?other=http://127.0.0.1:${port}`);
  await ready(page);
  // The page's clock stops before the two seconds end after which a batch is sent, so nothing waits for that or for an attempt of another destination.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 2_000));
  await call(page, CLICK, BUY);
  await page.clock.runFor(1_500);
  await collector.expectStored(...SOURCES.map((source) => ({ type: "buy", itemId: "100", source })));
  await page.clock.resume();
  await collector.expectStored(...SOURCES.map((source) => ({ type: "click", itemId: "7", source })));
  return (await ask(page, "stats")).destinations;
}

scenario(
  "two of five destinations are unavailable: the others get everything at once",
  { site: ALL, allow: [/ERR_CONNECTION_REFUSED/] },
  async (given) => {
    const { page } = given;
    await othersGetTheirs(given, await freePort(18_800));
    await flush(page);
    const lost = (await said(page)).filter(({ code }) => code !== "unsupported-event");
    assert.deepEqual([...new Set(lost.map(({ code }) => code))], ["unreachable"]);
    assert.ok(
      lost.every(({ field }) => /^factfinder de/.test(field)),
      JSON.stringify(lost),
    );
  },
);

scenario(
  "two of five destinations accept connections and never answer: the others get everything at once",
  { site: ALL, allow: [/ERR_(EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_REFUSED)/] },
  async (given) => {
    const sockets = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      const destinations = await othersGetTheirs(given, silent.address().port);
      assert.deepEqual(
        (await said(given.page)).filter(({ code }) => code === "unreachable"),
        [],
        "no outcome is known yet",
      );
      assert.ok(
        Object.entries(destinations).some(([name, { queued }]) => name.startsWith("factfinder de") && queued > 0),
        JSON.stringify(destinations),
      );
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  },
);

for (const [name, destination, key, source] of [
  ["FACT-Finder, X-FF-API-Key", (key) => factfinder(OTHER, `, apiKey: "${key}"`), KEY, "factfinder"],
  ["FACT-Finder 7, X-FF-API-Key", (key) => factfinder(OTHER, `, version: "7", apiKey: "${key}"`), KEY, "factfinder"],
  ["Intempt, Basic", (key) => intempt(OTHER, `, apiKey: "${key}"`), INTEMPT_KEY, "intempt"],
]) {
  scenario(`a key across origins: ${name}`, { site: site(destination(key)) }, async ({ page, visit, collector }) => {
    await elsewhere(KEYED, async (other, url) => {
      await visit(`/?other=${url}`);
      await ready(page);
      await call(page, BUY);
      await flush(page);
      await other.expectExactly({ type: "buy", itemId: "100", quantity: 2, source });
      const { sent, acknowledged } = await ask(page, "stats");
      assert.deepEqual({ sent, acknowledged }, { sent: 0, acknowledged: 1 }, "the response could be read");
      assert.deepEqual(await said(page), []);
      assert.deepEqual(await collector.stored(), []);
    });
  });

  scenario(
    `a wrong key gives a warning with the vendor's message: ${name}`,
    { site: site(destination("wrong.key")), allow: [/401/] },
    async ({ page, visit }) => {
      await elsewhere(KEYED, async (other, url) => {
        await visit(`/?other=${url}`);
        await ready(page);
        await call(page, BUY);
        await flush(page);
        const [warning, ...more] = await said(page);
        assert.deepEqual(more, []);
        assert.equal(warning.code, "refused");
        assert.match(warning.field, source === "intempt" ? /^intempt 9007199254740993123$/ : /^factfinder de$/);
        assert.match(
          warning.message,
          source === "intempt" ? /a known API key must be sent/ : /the header X-FF-API-Key must have a known key/,
        );
        assert.equal((await ask(page, "stats")).dropped, 1);
        assert.deepEqual(await other.stored(), []);
      });
    },
  );
}

scenario(
  "the warning quotes a readable 400, and its events are not sent again",
  { site: site(`[${factfinder(OTHER, `, apiKey: "${KEY}"`)}, ${BATCH}]`), allow: [/400/] },
  async ({ page, visit, collector }) => {
    let asked = 0;
    // FACT-Finder's documented format of a refusal.
    const vendor = createHttpServer((request, response) => {
      const cors = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "content-type, x-ff-api-key" };
      if (request.method === "OPTIONS") return response.writeHead(204, cors).end();
      asked += 1;
      response
        .writeHead(400, { ...cors, "Content-Type": "application/json" })
        .end('{"error":"Bad Request","errorDescription":"[1].count: must be positive","stacktrace":[]}');
    }).listen(0, "127.0.0.1");
    await once(vendor, "listening");
    try {
      await visit(`/?other=http://127.0.0.1:${vendor.address().port}`);
      await ready(page);
      await call(page, BUY, BUY);
      await flush(page);
      await flush(page);
      const [{ code, field, message }, ...more] = await said(page);
      assert.deepEqual({ code, field }, { code: "refused", field: "factfinder de" });
      assert.match(message, /\[1\]\.count: must be positive/);
      assert.deepEqual({ more, asked }, { more: [], asked: 1 });
      assert.equal((await ask(page, "stats")).destinations["factfinder de"].dropped, 2);
      await collector.expectExactly({ type: "buy", source: "batch" }, { type: "buy", source: "batch" });
    } finally {
      vendor.closeAllConnections();
      vendor.close();
    }
  },
);

scenario(
  "a batch refused with 413 is halved until it fits",
  {
    site: site(factfinder("location.origin", ', apiKey: "any"')),
    config: "[limits]\nbatch_events = 2\n",
    allow: [/413/],
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await call(page, ["buy", [1, 2, 3, 4, 5].map((itemId) => ({ itemId }))]);
    await flush(page);
    const rows = await collector.expectStored(...["1", "2", "3", "4", "5"].map((itemId) => ({ type: "buy", itemId })));
    assert.equal((await collector.stored()).length, rows.length);
    const statuses = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(({ name }) => name.endsWith("/checkout"))
        .map(({ responseStatus }) => responseStatus),
    );
    assert.deepEqual(statuses.sort(), [200, 200, 200, 413, 413], "5 events are too many, 3 as well");
    assert.deepEqual(await said(page), []);
  },
);

const links = (...list) => list.map((link) => ["followLink", link]);

scenario(
  "ready-made links are requested unchanged, and only to a destination's host",
  { site: site(`[${IBEXA}, { protocol: "yoochoose", customerId: "00000", endpoint: location.origin }]`) },
  async ({ page, visit, collector, hash, url }) => {
    await elsewhere("", async (other, foreign) => {
      const { host } = new URL(url);
      const link = (item, user = "u1") =>
        `//${host}/api/00000/clickrecommended/${user}/1/${item}?scenario=landing_page&modelid=5768`;
      await visit();
      await ready(page);
      await call(
        page,
        ...links(
          link(555),
          `${new URL(url).protocol}${link(556)}`,
          link(557, "%C3%A5%2F%E7%8E%8B"),
          `//${host}/api/00000/triggeropened/u1?triggername=t`,
        ),
      );
      await call(
        page,
        ...links(
          `//${new URL(foreign).host}/api/00000/clickrecommended/u1/1/1?scenario=s`,
          "javascript:alert(1)",
          "/api/00000/click/u1/1/2",
        ),
      );
      await flush(page);
      const wanted = [
        {
          type: "clickRecommended",
          itemId: "555",
          scenario: "landing_page",
          modelId: "5768",
          user: hash("u1"),
          source: "ibexa",
        },
        { type: "clickRecommended", itemId: "556", scenario: "landing_page", modelId: "5768" },
        { type: "clickRecommended", itemId: "557", user: hash("å/王") },
        { type: "triggerOpened", triggerName: "t" },
      ];
      await collector.expectStored(...wanted);
      const warnings = await said(page);
      assert.deepEqual(
        warnings.map(({ field }) => field),
        ["followLink", "followLink", "followLink"],
      );
      assert.ok(
        warnings.every(({ code }) => code === "out-of-range"),
        JSON.stringify(warnings),
      );
      assert.deepEqual(await other.stored(), [], "the foreign host got no request");
    });
  },
);

scenario(
  "links have a user id, so none is followed without consent",
  { site: site(IBEXA, { config: 'consent: "anonymous"' }) },
  async ({ page, visit, collector, url }) => {
    await visit();
    await ready(page);
    await call(page, ...links(`//${new URL(url).host}/api/00000/clickrecommended/u1/1/1?scenario=s`), [
      "click",
      { itemId: 2, categoryPath: "a" },
    ]);
    await flush(page);
    await collector.expectExactly({ type: "click", itemId: "2", user: undefined });
    assert.deepEqual(
      (await said(page)).map(({ code, field }) => `${code} ${field}`),
      ["refused followLink"],
    );
  },
);

const files = (page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => /core|\.wasm/.test(path))
      .sort(),
  );

scenario(
  "two trackers on one page each load the module they need",
  {
    site: {
      "index.html": `<!doctype html><html lang="en"><head><title>Two</title><link rel="icon" href="data:,"><script type="module">
        import { createTracker } from "/dist/index.js";
        window.warnings = [];
        const onWarning = ({ code, field }) => warnings.push(code + " " + field);
        window.trackers = [createTracker({ destinations: ${IBEXA}, onWarning }), createTracker({ destinations: ${factfinder("location.origin")}, onWarning })];
        for (const [place, tracker] of trackers.entries()) tracker.buy({ itemId: place + 1, price: "2.50EUR" });
      </script></head><body></body></html>`,
    },
  },
  async ({ page, visit, collector, hash }) => {
    await visit();
    await page.waitForFunction(() => window.trackers);
    await page.evaluate(() => Promise.all(window.trackers.map((tracker) => tracker.ready.then(() => tracker.flush()))));
    const [visitor, other, session] = await page.evaluate(() => [
      window.trackers[0].anonymousId,
      window.trackers[1].anonymousId,
      window.trackers[1].sessionId,
    ]);
    const rows = await collector.expectStored(
      { type: "buy", itemId: "1", source: "ibexa", user: hash(visitor) },
      { type: "buy", itemId: "2", source: "factfinder", anonymous: hash(session) },
    );
    assert.equal((await collector.stored()).length, rows.length);
    assert.deepEqual(await files(page), ["/dist/core-all.js", "/dist/core.js"]);
    assert.equal(visitor, other, "one visitor");
    assert.deepEqual(await page.evaluate(() => window.warnings), []);
  },
);

for (const [name, destination, file] of [
  ["Ibexa", IBEXA, "recobeacon.wasm"],
  ["FACT-Finder", factfinder("location.origin"), "recobeacon-all.wasm"],
  ["batch and Intempt", `[${BATCH}, ${intempt("location.origin")}]`, "recobeacon-all.wasm"],
]) {
  scenario(`the tag loads one module: ${name}`, { site: site(destination), wasm: true }, async ({ page, visit }) => {
    await visit();
    await ready(page);
    assert.deepEqual(await files(page), [`/dist/${file}`]);
  });
}

const OWN = "Ab0".repeat(10);
scenario(
  "a session is the same on every page and renewed after a day; the shop's own is used",
  {
    site: {
      ...site(factfinder("location.origin")),
      "own.html": pageOf(factfinder("location.origin"), { config: `identity: { sessionId: "${OWN}" }` }),
      "short.html": pageOf(factfinder("location.origin"), { config: 'identity: { sessionId: "short" }' }),
    },
  },
  async ({ page, visit, collector, hash }) => {
    const bought = async (path, itemId) => {
      await visit(path);
      await ready(page);
      const session = await ask(page, "sessionId");
      await call(page, ["buy", { itemId }]);
      await collector.expectStored({ type: "buy", itemId, anonymous: hash(session) });
      return session;
    };
    const first = await bought("/", "1");
    assert.match(first, /^[A-Za-z0-9]{30}$/);
    assert.equal(await bought("/?again", "2"), first);
    await page.evaluate(() => {
      const [id, at] = localStorage.getItem("reco_session").split(".");
      localStorage.setItem("reco_session", `${id}.${at - 86_400_001}`);
    });
    const later = await bought("/", "3");
    assert.match(later, /^[A-Za-z0-9]{30}$/);
    assert.notEqual(later, first, "idle for longer than a day");
    assert.equal(await bought("/own.html", "4"), OWN);
    assert.equal(await bought("/", "5"), later, "the shop's own session is not stored");
    await visit("/short.html");
    await ready(page);
    const [{ code, field }] = await until(async () => {
      const all = await said(page);
      return all.length > 0 && all;
    }, "a session id of another length gives a warning");
    assert.deepEqual({ code, field }, { code: "out-of-range", field: "config.identity.sessionId" });
    assert.equal(await ask(page, "sessionId"), later, "and the tracker uses its own");
  },
);
