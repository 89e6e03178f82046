// Warnings on the console without a listener, and the effect of a second call for the same destinations.

import assert from "node:assert/strict";
import { GPC } from "./banners/visitor.mjs";
import { ready, scenario, snippet, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser();

/** A page without a listener for warnings. `create`: the call that it makes. */
const silent = (create, script = "") => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">
<script>${snippet()}</script>
<script async src="/dist/reco.js"></script>
<script>${create}; ${script}</script></head><body></body></html>`;

const CLICK = 'reco("click", { itemId: 1 })';
const BATCH = '{ protocol: "batch", endpoint: "/v1/events" }';

/** The page's console warnings, as they arrive. */
function heard(page) {
  const lines = [];
  page.on("console", (message) => message.type() === "warning" && lines.push(message.text()));
  return lines;
}

const until = async (lines, count) => {
  const deadline = performance.now() + 10_000;
  while (lines.length < count && performance.now() < deadline) await new Promise((done) => setTimeout(done, 50));
};

scenario(
  "a misspelt option is reported on the console",
  { site: { "index.html": silent(`reco("create", { destination: ${BATCH} })`) } },
  async ({ page, visit }) => {
    const lines = heard(page);
    await visit();
    await until(lines, 1);
    assert.deepEqual(
      lines.map((line) => line.split(": ").slice(0, 2).join(": ")),
      ["recobeacon: config"],
    );
    assert.match(lines[0], /destinations/);
  },
);

scenario(
  "a misspelt option of consent is reported, and nothing is sent or stored",
  { site: { "index.html": silent(`reco("create", { destinations: ${BATCH}, consentfrom: "google" })`, CLICK) } },
  async ({ page, context, visit, collector }) => {
    const lines = heard(page);
    await visit();
    await ready(page);
    await until(lines, 1);
    assert.match(lines[0], /^recobeacon: unknown-option: config\.consentfrom /);
    await page.evaluate(() => window.reco("flush"));
    assert.deepEqual(await collector.stored(), []);
    assert.deepEqual(await context.cookies(), []);
  },
);

scenario(
  'a second "create" for other destinations is reported, unless the first tracker was disposed',
  {
    site: {
      "index.html": silent(
        `reco("create", { destinations: ${BATCH} })`,
        'reco("create", { destinations: { protocol: "ibexa", customerId: "00000", endpoint: "/" } })',
      ),
      "disposed.html": silent(
        `reco("create", { destinations: ${BATCH} })`,
        'reco("dispose"); reco("create", { destinations: { protocol: "ibexa", customerId: "00000", endpoint: "/" } })',
      ),
    },
  },
  async ({ page, visit }) => {
    const lines = heard(page);
    await visit();
    await ready(page);
    assert.equal(lines.filter((line) => /calls go to the last "create" only/.test(line)).length, 1);
    await visit("disposed.html");
    await ready(page);
    assert.equal(lines.filter((line) => /calls go to the last "create" only/.test(line)).length, 1);
  },
);

scenario(
  "a second dispose() of an old tracker does not concern its successor",
  { site: { "index.html": "<!doctype html><title>A shop</title><link rel=icon href='data:,'>" } },
  async ({ page, visit, collector }) => {
    await visit();
    await page.evaluate(async () => {
      const { createTracker } = await import("/dist/index.js");
      const create = () => createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });
      const first = create();
      first.dispose();
      const second = create();
      first.dispose();
      const third = create();
      second.click({ itemId: "1" });
      third.click({ itemId: "2" });
      await second.flush();
      window.isSame = second === third;
    });
    assert.ok(await page.evaluate(() => window.isSame));
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
  },
);

scenario(
  "each code and field is reported on the console once, and a repeated order not at all",
  {
    site: {
      "index.html": silent(
        `reco("create", { destinations: ${BATCH} })`,
        'reco("buy", { itemId: 1, orderId: "o" }); reco("buy", { itemId: 1, orderId: "o" }); reco("clik"); reco("clik"); reco("click", {}); reco("basket", {}); reco("click", {}); reco("click", { itemId: "a\\\\b" })',
      ),
    },
  },
  async ({ page, visit }) => {
    const lines = heard(page);
    await visit();
    await ready(page);
    await until(lines, 4);
    assert.deepEqual(
      lines.map((line) => line.split(" ").slice(1, 3).join(" ")),
      [
        "unknown-event: clik",
        "missing-field: click.itemId",
        "missing-field: basket.itemId",
        "bad-character: click.itemId",
      ],
    );
  },
);

scenario(
  "the console shows at most twenty warnings",
  {
    site: {
      "index.html": silent(
        `reco("create", { destinations: ${BATCH} })`,
        'for (let n = 0; n < 30; n++) reco("method" + n); reco("ready", () => { window.there = true; })',
      ),
    },
  },
  async ({ page, visit }) => {
    const lines = heard(page);
    await visit();
    await page.waitForFunction(() => window.there);
    await until(lines, 20);
    await page.evaluate(() => window.reco("another"));
    assert.equal(lines.length, 20);
  },
);

scenario(
  "with `debug: false` or a listener the console stays empty",
  {
    site: {
      "index.html": silent(
        `reco("create", { destinations: ${BATCH}, debug: false })`,
        'reco("clik"); reco("ready", () => { window.there = true; })',
      ),
      "listener.html": silent(
        `reco("create", { destinations: ${BATCH} })`,
        'reco("on", "warning", ({ code }) => { window.there = code; }); reco("clik")',
      ),
    },
  },
  async ({ page, visit }) => {
    const lines = heard(page);
    for (const path of ["/", "/listener.html"]) {
      await visit(path);
      await page.waitForFunction(() => window.there);
    }
    assert.deepEqual(lines, []);
  },
);

scenario(
  "a second call's onWarning is added, and each option that differs is named",
  {
    site: { "index.html": tagged({ config: 'itemType: "2", batch: { maxEvents: 5 }, identity: { cookieDays: 30 }' }) },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    const told = await page.evaluate(async () => {
      const second = [];
      window.reco("create", {
        destinations: { protocol: "batch", endpoint: "/v1/events" },
        itemType: "3",
        batch: { maxEvents: 5, maxWaitMs: 10 },
        identity: { cookieDays: 30 },
        onWarning: ({ code, field }) => second.push({ code, field }),
      });
      window.reco("click", {});
      return second;
    });
    const expected = [
      { code: "config", field: "config.itemType" },
      { code: "config", field: "config.batch.maxWaitMs" },
      { code: "missing-field", field: "click.itemId" },
    ];
    assert.deepEqual(told, expected);
    assert.deepEqual(await warnings(page), expected);
    await page.evaluate(() => window.reco("click", { itemId: 1 }));
    await collector.expectExactly({ type: "click", itemId: "1", itemType: "2" });
  },
);

scenario(
  "a second call with the same options gives one warning",
  { site: { "index.html": tagged({ config: "batch: { maxEvents: 5 }" }) } },
  async ({ page, visit }) => {
    await visit();
    await ready(page);
    await page.evaluate(() =>
      window.reco("create", {
        destinations: { protocol: "batch", endpoint: "/v1/events" },
        batch: { maxEvents: 5 },
      }),
    );
    assert.deepEqual(await warnings(page), [{ code: "config", field: "config.destinations" }]);
  },
);

scenario(
  "with `debug: true` the console says that Global Privacy Control denies consent",
  {
    site: {
      "index.html": silent(
        `${GPC}
         reco("create", { destinations: ${BATCH}, debug: true })`,
      ),
    },
  },
  async ({ page, visit }) => {
    const lines = [];
    page.on("console", (message) => lines.push(message.text()));
    await visit();
    await ready(page);
    assert.ok(
      lines.some((line) => /consent denied by the browser/.test(line)),
      lines.join("\n"),
    );
  },
);
