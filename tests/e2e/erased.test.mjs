// After a no, nothing of any page is left on the device, whichever scripts and destinations the pages have: only the
// decision.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer, kept } from "./banners/visitor.mjs";
import { ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { EMPTY, leave, MODULE, open, settled, slow } from "./slow.mjs";
import { loaded, shop as ycqShop } from "./ycq.mjs";

useBrowser();

/** The names in the tables of docs/reference/cookies-and-keys.md, with values for their placeholders. */
const [COOKIES, KEYS] = readFileSync(at("docs", "reference", "cookies-and-keys.md"), "utf8")
  .split("\n## ")
  .filter((part) => /^(Cookies|localStorage)\n/.test(part))
  .map((part) =>
    [...part.matchAll(/^\| `(reco_[^`]+)`/gm)].map(([, name]) =>
      name
        .replace("<stream>", "0123456789abcdefABCDEF")
        .replace("<seq>", "0")
        .replace("<page>", "0123456789abcdefABCDEF")
        .replace(/<\w+>/, "1"),
    ),
  );
const OF_OTHERS = ["shop", "recommendations"];

/** Writes every cookie and key, as pages with other destinations, other modules and the drop-in have left them. */
const plant = (page) =>
  page.evaluate(
    ([cookies, keys]) => {
      for (const name of cookies) document.cookie = `${name}=12345678; Path=/`;
      for (const name of keys) localStorage[name] = "[1]";
    },
    [
      [...COOKIES, "YCID", ...OF_OTHERS].filter((name) => name !== "reco_off"),
      [...KEYS, "reco_ycq 1 1000000 0.5", ...OF_OTHERS],
    ],
  );

async function left(page, context) {
  const cookies = (await context.cookies()).map(({ name }) => name);
  const keys = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  return [...cookies, ...keys].sort();
}
const expected = (off) => [...OF_OTHERS, ...OF_OTHERS, ...off].sort();
const gone = ({ page, context }, off = ["reco_off"]) =>
  until(async () => (await left(page, context)).join() === expected(off).join(), "only the decision is left").catch(
    async () => assert.deepEqual(await left(page, context), expected(off)),
  );

test("the reference names cookies and keys", () => {
  assert.ok(COOKIES.includes("reco_user") && COOKIES.length > 4, String(COOKIES));
  assert.ok(KEYS.includes("reco_session") && KEYS.length > 6, String(KEYS));
});

const IBEXA = '{ protocol: "ibexa", customerId: "00000", endpoint: location.origin }';
const FACTFINDER = '{ protocol: "factfinder", channel: "de", endpoint: location.origin }';
for (const [what, destinations] of [
  ["the smaller module", undefined],
  ["the smaller module and Ibexa", IBEXA],
  ["the larger module", FACTFINDER],
])
  for (const [state, off] of [
    ["denied", ["reco_off"]],
    ["anonymous", []],
  ])
    scenario(
      `consent("${state}") in a page with ${what}`,
      { site: { "index.html": tagged({ destinations, config: 'consent: "pending"' }) } },
      async (it) => {
        await it.visit();
        await ready(it.page);
        await plant(it.page);
        await it.page.evaluate((state) => window.reco("consent", state), state);
        await gone(it, off);
      },
    );

scenario(
  "Global Privacy Control",
  {
    site: {
      "empty.html": EMPTY,
      "index.html": tagged({
        head: '<script>Object.defineProperty(navigator, "globalPrivacyControl", { value: true })</script>',
      }),
    },
  },
  async (it) => {
    await it.visit("/empty.html");
    await plant(it.page);
    await it.visit();
    await ready(it.page);
    await gone(it, []);
  },
);

scenario(
  "a no in a page that is left before the module has loaded",
  { site: { "index.html": tagged({ config: 'consent: "pending"' }), "empty.html": EMPTY } },
  async (it) => {
    const network = await slow(it.t, it.collector);
    network.hold(MODULE);
    await open(it.page, network.url);
    await settled(it.page, MODULE);
    await plant(it.page);
    await it.page.evaluate(() => window.reco("consent", "denied"));
    await leave(it.page, network);
    await gone(it);
  },
);

scenario(
  "a no in the banner of the drop-in, ycq.js",
  {
    site: {
      ...ycqShop({ head: ASKS, attributes: `data-endpoint="/" data-consent-from="${BANNERS[0].source}"` }),
      "banner.js": BANNERS[0].script,
    },
  },
  async (it) => {
    await it.visit();
    await loaded(it.page);
    await plant(it.page);
    await answer(it.page, false);
    await gone(it);
  },
);

scenario(
  "a no in another tab: a page that is left before the script has loaded keeps no call",
  {
    site: {
      "index.html": tagged(),
      "early.html": tagged({ load: false, script: 'reco("click", { itemId: 1 })' }),
      "empty.html": EMPTY,
    },
  },
  async ({ page, context, visit, url }) => {
    await visit("/early.html");
    const other = await context.newPage();
    await other.goto(url);
    await ready(other);
    await other.evaluate(() => window.reco("consent", "denied"));
    await visit("/empty.html");
    assert.deepEqual(await kept(page, context), ["reco_off"]);
  },
);

scenario(
  "a no in a page whose module cannot be loaded takes effect at once",
  {
    site: {
      "index.html": tagged({ config: "batch: { maxWaitMs: 50 }" }),
      "without.html": tagged({
        head: `<script>WebAssembly.compile = () => Promise.reject(new Error("of the test"));</script>`,
      }),
    },
    wasm: true,
  },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 1 }));
    await collector.expectStored({ itemId: "1" });
    await visit("/without.html");
    await until(async () => (await warnings(page)).length > 0, "the warning");
    assert.ok((await kept(page, context)).includes("reco_id"));
    await page.evaluate(() => window.reco("consent", "denied"));
    assert.deepEqual(await kept(page, context), ["reco_off"]);
  },
);

scenario(
  "a no while a request is in flight: the cookie of its answer is deleted",
  { site: { "index.html": tagged() }, gated: true },
  async ({ page, context, visit, collector, gate }) => {
    let release;
    const released = new Promise((resolve) => (release = resolve));
    gate.fault = async ({ forward, answer }) => {
      const response = await forward();
      await released;
      answer(response);
    };
    await visit();
    await ready(page);
    await page.evaluate(() => {
      window.reco("click", { itemId: 1 });
      window.reco("flush");
    });
    await collector.expectStored({ itemId: "1" });
    await page.evaluate(() => window.reco("consent", "denied"));
    let wasThere = false;
    page.on("response", async (response) => {
      wasThere ||= (await response.headerValue("set-cookie"))?.startsWith("reco_ack_") ?? false;
    });
    release();
    await until(() => wasThere, "the answer with its cookie");
    await until(
      async () => (await context.cookies()).map(({ name }) => name).join() === "reco_off",
      "only the decision is left",
    );
  },
);
