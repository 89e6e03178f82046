// Pages without WebAssembly: the same engine as JavaScript, fallback.js, sends the same requests. `npm run test:all` runs all other scenarios so, too.

import assert from "node:assert/strict";
import { down, pass } from "./gate.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { ownBuild } from "./own-build.mjs";

useBrowser();

const REMOVE = "<script>delete window.WebAssembly</script>";
const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'nonce-abc'; connect-src 'self'; img-src data:">`;
const FORBIDDEN = [/Content Security Policy|unsafe-eval/];

/** The files of the build that the page has loaded, without their versions. */
const loaded = (page) =>
  page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => path.startsWith("/dist/"))
      .map((path) => path.slice("/dist/".length))
      .sort(),
  );

const calls = (page) =>
  page.evaluate(() => {
    // The scenarios share a collector, where an order counts once.
    const orderId = crypto.randomUUID();
    window.reco("click", { itemId: "1", categoryPath: ["Shoes", "Größe 38"] });
    window.reco("basket", { itemId: "1", quantity: 2.5, price: "1299.90EUR" });
    window.reco("buy", [{ itemId: "1", quantity: 1, price: { amount: 0.1, currency: "EUR" }, orderId }]);
    window.reco("click", { itemId: "" });
    window.reco("login", "customer-1");
  });

const STORED = [
  { type: "click", itemId: "1", categoryPath: "Shoes/Größe 38" },
  { type: "basket", itemId: "1", quantity: 2.5 },
  { type: "buy", itemId: "1" },
  { type: "login" },
];

const REPORTS =
  '<script nonce="abc">reports = []; onsecuritypolicyviolation = ({ blockedURI }) => reports.push(blockedURI);</script>';

for (const [name, page, allow, reports] of [
  ["where WebAssembly was removed", { head: REPORTS + REMOVE }, [], []],
  // The browser reports the only question about the policy.
  ["under a policy without 'wasm-unsafe-eval'", { head: REPORTS + POLICY, nonce: "abc" }, FORBIDDEN, ["wasm-eval"]],
]) {
  scenario(
    `${name} the fallback tracks`,
    { site: { "index.html": tagged(page) }, allow, wasm: true },
    async ({ page, visit, collector }) => {
      await visit();
      await ready(page);
      await calls(page);
      await flush(page);
      await collector.expectExactly(...STORED);
      assert.deepEqual(await warnings(page), [{ code: "out-of-range", field: "click.itemId" }]);
      assert.deepEqual(await loaded(page), ["fallback.js", "reco.js"]);
      assert.deepEqual(await page.evaluate(() => window.reports), reports);
      const counts = await page.evaluate(() => window.reco("stats"));
      assert.equal(counts.acknowledged, 4);
    },
  );
}

scenario(
  "the fallback speaks to the vendors of the larger module, too",
  {
    site: {
      "index.html": tagged({
        head: REMOVE,
        destinations: '{ protocol: "yoochoose", customerId: "00000", endpoint: "/" }',
      }),
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: "7" }));
    await flush(page);
    await collector.expectExactly({ type: "click", itemId: "7" });
    assert.deepEqual(await loaded(page), ["fallback.js", "reco.js"]);
  },
);

scenario(
  "the npm package loads its fallback, and only where it is needed",
  { site: { "index.html": `<!doctype html><title>A shop</title><link rel="icon" href="data:,">${REMOVE}` } },
  async ({ page, visit, collector }) => {
    await visit();
    await page.evaluate(async () => {
      const { createTracker } = await import("/dist/index.js");
      const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });
      tracker.click({ itemId: "9" });
      await tracker.flush();
    });
    await collector.expectExactly({ itemId: "9" });
    assert.ok((await loaded(page)).includes("fallback.js"));
  },
);

/** Records the sizes of the engine's memory. */
const SIZES = `<script>
  sizes = [];
  ArrayBuffer = class extends ArrayBuffer {
    constructor(bytes) { super(bytes); if (bytes >= 65536) sizes.push(bytes); }
  };
</script>`;

scenario(
  "memory that grows keeps what is in it",
  { site: { "index.html": tagged({ head: SIZES + REMOVE, config: "queue: { maxEvents: 20000 }" }) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      for (let n = 0; n < 1000; n++) window.reco("click", { itemId: `item-${n}`, title: `${n}${"x".repeat(1900)}` });
    });
    const sizes = await page.evaluate(() => window.sizes);
    assert.ok(sizes.at(-1) > 2 * sizes[0], `the memory has grown: ${sizes}`);
    await flush(page);
    await until(async () => (await collector.stored()).length === 1000, "1,000 events");
    const titles = new Map((await collector.stored()).map(({ itemId, title }) => [itemId, title]));
    for (let n = 0; n < 1000; n++) assert.equal(titles.get(`item-${n}`), `${n}${"x".repeat(1900)}`);
  },
);

/** fallback.js whose functions trap while `window.trap` is true. `window.traps` counts them. */
function trapping(bytes) {
  const whole = bytes.toString();
  assert.match(whole, /isTrap: *!0/);
  return `${whole.replace(/export *\{ *(\w+) as instance *\};?/, "const make = $1;")}
    export const instance = (imports) => {
      const exports = make(imports);
      const traps = {};
      const trap = () => {
        window.traps = (window.traps ?? 0) + 1;
        throw Object.assign(new Error("unreachable"), { isTrap: true });
      };
      for (const name of Object.keys(exports)) {
        const original = exports[name];
        traps[name] = typeof original === "function" && name !== "z"
          ? (...args) => { if (window.trap) trap(); return original(...args); }
          : original;
      }
      return traps;
    };`;
}

scenario(
  "a trap in the fallback makes the tracker silent, and the next page delivers the outbox",
  {
    site: { "index.html": tagged({ head: REMOVE }) },
    dist: ownBuild({ "fallback.js": trapping }),
    gated: true,
  },
  async ({ page, visit, collector, gate }) => {
    await visit();
    await ready(page);
    gate.fault = down;
    await page.evaluate(() => window.reco("click", { itemId: "1" }));
    await page.evaluate(() => {
      window.trap = true;
      window.reco("click", { itemId: "2" });
      window.reco("click", { itemId: "3" });
    });
    assert.deepEqual(
      (await warnings(page)).map(({ code }) => code),
      ["internal"],
    );
    // The module's timer, which the browser calls directly, traps as well. The page must not see an error.
    await page.waitForFunction(() => window.traps > 1);
    gate.fault = pass;
    await visit();
    await ready(page);
    await collector.expectStored({ itemId: "1" });
  },
);
