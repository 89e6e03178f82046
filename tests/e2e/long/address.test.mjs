// How reco.js finds its other files, and the global name of the tracker, for every way in which a page runs the script.

import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../../scripts/lib/ending.mjs";
import { at } from "../../../scripts/lib/project.mjs";
import { DIST, ready, scenario, snippet, tagged, until, useBrowser, warnings } from "../harness.mjs";

useBrowser();

const es5 = () => readFileSync(join(DIST, "snippet.es5.js"), "utf8").trim();
const script = () => readFileSync(join(DIST, "reco.js"), "utf8").trim();
const jquery = () => readFileSync(at("node_modules", "jquery", "dist", "jquery.min.js"), "utf8");
/** An element, so that measure.js is loaded as well. */
const BODY = '<p data-reco="click" data-reco-item="2"></p>';
const CALL = 'reco("click", { itemId: 1 });';
const BOTH = [
  { type: "click", itemId: "1" },
  { type: "click", itemId: "2" },
];
const page = (load, options = {}) => tagged({ load: false, script: CALL, body: BODY + load, ...options });

const TOLD = "onWarning: ({ code, message }) => warnings.push({ code, message }),";

/** Ways to run the script without an own address, as the page's source. */
const WAYS = {
  "as a module": '<script type="module" src="/dist/reco.js"></script>',
  "imported by a module": '<script type="module">import "/dist/reco.js";</script>',
  "by jQuery's getScript": '<script src="/jquery.js"></script><script>$.getScript("/dist/reco.js");</script>',
  "by jQuery's append":
    '<script src="/jquery.js"></script><script>$("body").append(\'<script src="/dist/reco.js"><\\/script>\');</script>',
  "as inline text":
    '<script>fetch("/dist/reco.js").then((r) => r.text()).then((text) => { const s = document.createElement("script"); s.text = text; document.head.append(s); });</script>',
  "by eval": '<script>fetch("/dist/reco.js").then((r) => r.text()).then((text) => (0, eval)(text));</script>',
  "from a blob":
    '<script>fetch("/dist/reco.js").then((r) => r.blob()).then((blob) => { const s = document.createElement("script"); s.src = URL.createObjectURL(blob); document.head.append(s); });</script>',
};
for (const [name, load] of Object.entries(WAYS)) {
  scenario(
    `${name}: the address is that from which the page has loaded it`,
    { site: () => ({ "jquery.js": jquery(), "index.html": page(load) }) },
    async ({ page, visit, collector }) => {
      await visit();
      await collector.expectStored(...BOTH);
      assert.deepEqual(await warnings(page), []);
    },
  );
}

scenario(
  "combined with other scripts, without baseUrl: one warning names the option",
  {
    site: () => ({
      "all.js": `var shop = 1;\n${script()}`,
      "index.html": page('<script src="/all.js"></script>', { config: TOLD }),
    }),
    allow: [/404/],
  },
  async ({ page, visit }) => {
    const missing = ["recobeacon.wasm", "measure.js"].map((name) =>
      page.waitForResponse((response) => response.url().includes(name) && response.status() === 404),
    );
    await visit();
    await Promise.all(missing);
    await until(async () => (await warnings(page)).length > 0, "a warning");
    // A second one would have arrived with the same responses.
    await page.waitForTimeout(1000);
    const codes = (await warnings(page)).map(({ code, message }) => [code, /config\.baseUrl/.test(message)]);
    assert.deepEqual(codes, [["wasm-unavailable", true]]);
  },
);

for (const base of ["/dist/", "/dist", "dist/"]) {
  scenario(
    `combined with other scripts: baseUrl "${base}" covers the module and measure.js`,
    {
      site: () => ({
        "all.js": `var shop = 1;\n${script()}`,
        "index.html": page('<script src="/all.js"></script>', { config: `baseUrl: "${base}",` }),
      }),
    },
    async ({ page, visit, collector }) => {
      await visit();
      await collector.expectStored(...BOTH);
      assert.deepEqual(await warnings(page), []);
    },
  );
}

scenario(
  "pasted into the page: the warning names baseUrl, which solves it",
  {
    site: () => {
      const inline = `<script>${script().replaceAll("</script", "<\\/script")}</script>`;
      return {
        "index.html": page(inline, { config: TOLD }),
        "right.html": page(inline, { config: 'baseUrl: "/dist/",' }),
      };
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    const said = await until(async () => {
      const all = await warnings(page);
      return all.length && all;
    }, "a warning");
    assert.equal(said[0].code, "wasm-unavailable");
    assert.match(said[0].message, /config\.baseUrl/);
    await visit("/right.html");
    await collector.expectStored(...BOTH);
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "without a stub: an element with the name as id is not taken for another script's global",
  {
    site: {
      "index.html":
        '<!doctype html><title>A shop</title><link rel="icon" href="data:,"><div id="reco"></div><script src="/dist/reco.js"></script><script>reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } }); reco("click", { itemId: 1 });</script>',
    },
  },
  async ({ visit, collector }) => {
    await visit();
    await collector.expectExactly({ itemId: "1" });
  },
);

const CREATE =
  'reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } }); reco("click", { itemId: 1 });';
const plain = (head, body = "") =>
  `<!doctype html><title>A shop</title><link rel="icon" href="data:,">${head}<body>${body}`;
const stubs = { ES2019: snippet, ES5: es5 };
for (const [kind, stub] of Object.entries(stubs)) {
  scenario(
    `${kind}: the stub works after an element with its name as id`,
    {
      site: () => ({
        "index.html": plain(
          "",
          `<div id="reco"></div><script>${stub()}</script><script>${CREATE}</script><script async src="/dist/reco.js"></script>`,
        ),
      }),
    },
    async ({ page, visit, collector }) => {
      await visit();
      await ready(page);
      await collector.expectExactly({ itemId: "1" });
    },
  );

  scenario(
    `${kind}: another name, if the shop has a global with the default name`,
    {
      site: () => {
        const named = stub().replace('"reco"', '"shopReco"');
        const own = "<script>window.reco = { shop: 1 };</script>";
        return {
          "index.html": plain(
            `${own}<script>${named}</script><script>${CREATE.replaceAll("reco(", "shopReco(")}</script><script async src="/dist/reco.js" data-reco-global="shopReco"></script>`,
          ),
          "module.html": plain(
            `${own}<script>${named}</script><script>${CREATE.replaceAll("reco(", "shopReco(").replace("itemId: 1", "itemId: 2")}</script><script type="module" src="/dist/reco.js" data-reco-global="shopReco"></script>`,
          ),
        };
      },
    },
    async ({ page, visit, collector }) => {
      for (const path of ["/", "/module.html"]) {
        await visit(path);
        await page.waitForFunction(() => window.shopReco.q && !Array.isArray(window.shopReco.q));
        assert.deepEqual(await page.evaluate(() => window.reco), { shop: 1 });
      }
      await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    },
  );
}

scenario(
  "a shop's own global with the default name is not replaced, and there is one warning",
  { site: { "index.html": plain('<script>window.reco = { shop: 1 };</script><script src="/dist/reco.js"></script>') } },
  async ({ page, visit }) => {
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    await visit();
    assert.deepEqual(await page.evaluate(() => window.reco), { shop: 1 });
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0], /data-reco-global/);
  },
);

scenario(
  "the ES5 stub has ES5 syntax only, and keeps and parks calls like the other stub",
  {
    site: () => ({
      "index.html": plain(`<script>${es5()}</script><script>${CREATE}</script>`),
      "next.html": plain(
        `<script>${es5()}</script><script>${CREATE.replace("itemId: 1", "itemId: 2")}</script><script async src="/dist/reco.js"></script>`,
      ),
    }),
  },
  async ({ page, visit, collector }) => {
    await visit();
    const q = await page.evaluate(() => window.reco.q);
    assert.deepEqual(
      q.map(([verb, args]) => [verb, args.length]),
      [
        ["create", 1],
        ["click", 1],
      ],
    );
    await visit("/next.html");
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    assert.doesNotMatch(es5(), /=>|`|\b(const|let|class)\b|\.\.\.|catch\s*\{/);
  },
);

scenario(
  "from another folder and under another name the script still finds its files",
  {
    site: () => {
      const { path } = temporaryDirectory();
      cpSync(DIST, join(path, "assets"), { recursive: true });
      return path;
    },
    allow: [/./],
  },
  async ({ page, visit, collector }) => {
    await page.route("**/shop.html", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: plain(
          `<script>${snippet()}</script><script>${CREATE}</script><script src="/assets/reco.js?1"></script>`,
          BODY,
        ),
      }),
    );
    await visit("/shop.html");
    await collector.expectStored(...BOTH);
  },
);
