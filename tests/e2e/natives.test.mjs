// Shipped code uses no built-in function that libraries replace, and works in pages with these libraries.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import { clock, json, times } from "../../src/browser/host/env.js";
import { DIST, flush, ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";
import { DATEJS, HOSTILE, libraries, MOOTOOLS, OBJECTS, PROTOTYPE_16, serve, tags } from "./hostile.mjs";
import { EMPTY, kept, leave, open, SCRIPT, slow } from "./slow.mjs";
import { commands, loaded, requests, shop } from "./ycq.mjs";

useBrowser();

/** Built-in functions that a library replaces, and the alternative in shipped code. */
const REPLACED = [
  [/\bArray\.from\b/, "times() or [...list]: Prototype, MooTools"],
  [/\bDate\.now\b/, "clock(): Datejs"],
  [/\bJSON\.stringify\((?!\s*\w+,\s*(\/\*.*?\*\/\s*)?function)/, "json(): Array.prototype.toJSON of Prototype 1.6"],
  [/\bObject\.(keys|values)\b/, "Object.entries or getOwnPropertyNames: Prototype, MooTools"],
  [/\.(reduce|reduceRight)\(/, "a loop: Prototype 1.6"],
  [/\.(find|some|every|findIndex)\(/, "filter: those of Prototype throw where MooTools has replaced each"],
  [/\.bind\(/, "an arrow function: Prototype, MooTools"],
  [/\bfor ?\((const|let|var) \w+ in\b/, "Object.entries: whatever extends Object.prototype"],
  [/\bnew (Request|Cookie|Event|Element)\(|\bRequest\.prototype/, "MooTools has classes of these names"],
  [
    /\binstanceof (Element|HTMLElement|Node|Array|Event)\b/,
    "nodeType, Array.isArray: MooTools' Element, another frame's Array",
  ],
];

const sources = ["www", "www/consent", "www/measure", "www/recover", "www/ycq", "src/browser/host"].flatMap((folder) =>
  readdirSync(at(folder))
    .filter((name) => name.endsWith(".js"))
    .map((name) => at(folder, name)),
);
const built = readdirSync(DIST)
  .filter((name) => name.endsWith(".js"))
  .map((name) => join(DIST, name));
const withoutComments = (code) => code.replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

for (const file of [...sources, ...built]) {
  test(`${file.slice(at().length + 1)} uses nothing that a library replaces`, () => {
    const code = withoutComments(readFileSync(file, "utf8"));
    for (const [pattern, instead] of REPLACED) assert.doesNotMatch(code, pattern, `instead: ${instead}`);
  });
}

test("the three helpers do not use replaced functions", () => {
  const before = { from: Array.from, now: Date.now };
  const prototypes = [Array.prototype, Object.prototype, String.prototype];
  const wrong = () => assert.fail("a replaced function was used");
  try {
    Array.from = wrong;
    Date.now = wrong;
    for (const each of prototypes) each.toJSON = () => "wrong";
    assert.equal(
      json(["click", [{ itemId: 1, list: [["a"]], gone: undefined }], 5]),
      '["click",[{"itemId":1,"list":[["a"]]}],5]',
    );
    assert.deepEqual(
      times(3, (n) => n * 2),
      [0, 2, 4],
    );
    assert.ok(Math.abs(clock() - before.now()) < 1000);
  } finally {
    Object.assign(Array, { from: before.from });
    Object.assign(Date, { now: before.now });
    for (const each of prototypes) delete each.toJSON;
  }
});

const LIST = `<ul data-reco-scenario="s">${[1, 2].map((id) => `<li data-reco-item="${id}" style="height:40px"><a href="#">${id}</a></li>`).join("")}</ul>`;
const LIBRARIES = await libraries();
const ALL = Object.entries(HOSTILE);
for (const [name, source] of [...ALL, ["all of them", ALL.map(([, source]) => source).join("")]]) {
  // The scenarios share a collector, where an order counts once.
  const order = `o-${name}`;
  scenario(
    `${name}: calls, an order, viewed items, and earlier data layer entries`,
    {
      site: {
        "index.html": tagged({
          head: `<script>{${source}}</script>`,
          script: 'reco("click", { itemId: 1 });',
          body: `${LIST}<button id="b" data-reco="basket" data-reco-on="click" data-reco-item="3"></button>`,
        }),
      },
    },
    async ({ page, visit, collector }) => {
      await visit();
      await ready(page);
      // An item was viewed, so measure.js has loaded, which the click below needs.
      await collector.expectStored({
        type: "rendered",
        items: ["1", "2"].map((itemId) => ({ itemId, itemType: "1" })),
      });
      await page.locator("#b").click();
      await page.evaluate((orderId) => {
        window.reco("buy", [{ itemId: 4, quantity: 1, price: { amount: 1, currency: "EUR" }, orderId }]);
      }, order);
      await collector.expectStored(
        { type: "click", itemId: "1" },
        { type: "buy", itemId: "4", orderId: order },
        { type: "basket", itemId: "3" },
      );
      assert.deepEqual(await warnings(page), []);
    },
  );
}

scenario(
  "calls of a page that is left before reco.js has loaded are parked correctly and executed by the next one",
  {
    site: {
      "index.html": tagged({
        head: `<script>{${PROTOTYPE_16}${DATEJS}${OBJECTS}}</script>`,
        script:
          'reco("rendered", { scenario: "s", items: [{ itemId: 1 }, { itemId: 2 }] }); reco("click", { itemId: 5 });',
      }),
      "next.html": tagged(),
      "empty.html": EMPTY,
    },
  },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    network.hold(SCRIPT);
    await open(page, network.url);
    const at = await page.evaluate(() => performance.timeOrigin);
    await leave(page, network);
    assert.equal((await kept(page)).length, 1);
    network.release();
    await open(page, `${network.url}/next.html`);
    const [rendered] = await collector.expectExactly(
      { type: "rendered", scenario: "s" },
      { type: "click", itemId: "5" },
    );
    assert.ok(Math.abs(rendered.at - at) < 5000);
  },
);

scenario(
  "calls of a page that is left before the module has loaded are sent as a raw batch",
  {
    site: {
      "index.html": tagged({
        config: 'wasmUrl: "/dist/recobeacon.wasm?later",',
        head: `<script>{${PROTOTYPE_16}${DATEJS}${OBJECTS}}</script>`,
        script:
          'reco("rendered", { scenario: "s", items: [{ itemId: 1 }, { itemId: 2 }] }); reco("click", { itemId: 5 });',
      }),
      "empty.html": EMPTY,
    },
  },
  async ({ t, page, collector }) => {
    const network = await slow(t, collector);
    network.hold(/later/);
    await open(page, network.url);
    await page.waitForFunction(() => !Array.isArray(window.reco.q));
    await leave(page, network);
    await collector.expectExactly({ type: "rendered", scenario: "s" }, { type: "click", itemId: "5" });
  },
);

scenario(
  "the drop-in gives each visitor an id, and sends by fetch",
  {
    site: shop({
      head: `<script>{${PROTOTYPE_16}${MOOTOOLS}${DATEJS}${OBJECTS}}</script>`,
      script: commands(["_trackEvent", 1, "click", "5"]),
    }),
    allow: [/404/],
  },
  async ({ page, context, visit }) => {
    await visit();
    await loaded(page);
    const [request] = await requests(page, 1);
    assert.equal(request.by, "fetch");
    const { value } = (await context.cookies()).find(({ name }) => name === "YCID");
    assert.match(value, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(request.address, new RegExp(`/${value}/1/5$`));
  },
);

scenario(
  "a page with Prototype, MooTools, Datejs, jQuery and zone.js",
  {
    site: {
      "index.html": tagged({
        head: tags(LIBRARIES),
        body: LIST,
        script: 'reco("click", { itemId: 1 });',
      }),
    },
  },
  async ({ page, context, visit, collector }) => {
    await serve(context, LIBRARIES);
    await visit();
    await ready(page);
    assert.deepEqual(
      await page.evaluate(() => [
        ...[window.Prototype, window.MooTools, window.jQuery, window.Zone, Date.CultureInfo].map(Boolean),
        // Built-in functions that the libraries' ports to servers do not replace.
        ...[Array.from, Array.prototype.find, window.Event].map((each) => /native code/.test(String(each))),
      ]),
      [true, true, true, true, true, false, false, false],
    );
    // The viewed items are reported before everything is sent.
    await page.waitForTimeout(1500);
    await flush(page);
    await collector.expectStored({ type: "click", itemId: "1" }, { type: "rendered" });
    assert.deepEqual(await warnings(page), []);
  },
);
