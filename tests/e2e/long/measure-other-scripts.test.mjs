// Tracking without code in pages that other scripts render: Turbo's previews, unfilled templates, components with a
// shadow root.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { at } from "../../../scripts/lib/project.mjs";
import { flush, ready, scenario, snippet, tagged, until, useBrowser } from "../harness.mjs";

useBrowser();

const stored = async (page, collector) => {
  await page.evaluate(() => window.reco("click", { itemId: "end" }));
  await flush(page);
  await collector.expectStored({ itemId: "end" });
  return (await collector.stored()).filter(({ itemId }) => itemId !== "end");
};

const turbo = () => readFileSync(at("node_modules", "@hotwired", "turbo", "dist", "turbo.es2017-umd.js"), "utf8");
const turboPage = (
  name,
  other,
) => `<!doctype html><html lang="en"><head><title>${name}</title><link rel="icon" href="data:,">
<script src="/turbo.js"></script><script>${snippet()} reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" }, autoTrack: { attributes: true, routes: true } });</script>
<script async src="/dist/reco.js"></script></head>
<body><h1 data-reco="click" data-reco-item="${name}">${name}</h1><a id="go" href="/${other}.html">${other}</a></body></html>`;

scenario(
  "Turbo: a page that is first shown from the cache is one view",
  { site: async () => ({ "turbo.js": turbo(), "a.html": turboPage("a", "b"), "b.html": turboPage("b", "a") }) },
  async ({ page, visit, collector }) => {
    await page.addInitScript(() => {
      window.previews = 0;
      addEventListener("turbo:render", () => {
        if (document.documentElement.hasAttribute("data-turbo-preview")) window.previews++;
      });
    });
    await visit("/a.html");
    await ready(page);
    await collector.expectStored({ itemId: "a" });
    for (const name of ["b", "a"]) {
      await page.locator("#go").click();
      await page.waitForURL(new RegExp(`/${name}.html`));
      await page.waitForFunction(
        (name) =>
          document.querySelector("h1")?.textContent === name &&
          !document.documentElement.matches("[data-turbo-preview],[aria-busy]"),
        name,
      );
    }
    assert.ok((await page.evaluate(() => window.previews)) > 0, "there was a preview");
    await until(async () => (await collector.stored()).length >= 3, "three views");
    assert.deepEqual(
      (await stored(page, collector)).map(({ itemId }) => itemId),
      ["a", "b", "a"],
    );
  },
);

const UNFILLED = ["{{ id }}", `${"$"}{id}`, "<%= id %>", "[[id]]", "#{id}", "{% id %}"];
const escaped = (text) => text.replace("<", "&lt;");
scenario(
  "a placeholder sends nothing until it is filled in",
  {
    site: {
      "index.html": tagged({
        body: `${UNFILLED.map((text, n) => `<p id="p${n}" data-reco="click" data-reco-item="${escaped(text)}"></p>`).join("")}
<button id="b" data-reco="basket" data-reco-on="click" data-reco-item="{{ id }}">b</button>
<div id="c" data-reco-scenario="{{ list }}"><p data-reco-item="{{ id }}">x</p></div>
<div id="d" data-reco-scenario="picks"><p id="e" data-reco-item="{{ id }}">x</p></div>`,
      }),
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.locator("#b").click();
    // Longer than the second for a viewed item.
    await page.waitForTimeout(1500);
    assert.deepEqual(await stored(page, collector), []);
    await page.evaluate(() => {
      document.querySelector("#p0").setAttribute("data-reco-item", "1");
      document.querySelector("#b").setAttribute("data-reco-item", "2");
      document.querySelector("#e").setAttribute("data-reco-item", "3");
    });
    await page.locator("#b").click();
    await collector.expectStored(
      { type: "click", itemId: "1" },
      { type: "basket", itemId: "2" },
      { type: "rendered", scenario: "picks", items: [{ itemId: "3", itemType: "1" }] },
    );
    assert.deepEqual(await page.evaluate(() => window.warnings), []);
  },
);

const component = (mode, inner) => `<script>
customElements.define("x-${mode}", class extends HTMLElement {
  constructor() { super(); this.attachShadow({ mode: "${mode}" }).innerHTML = ${JSON.stringify(inner)}; this.inner = this.inner; }
});</script>`;
const BUTTON = '<button data-reco="basket" data-reco-on="click" data-reco-item="7">buy</button>';

scenario(
  "a click inside an open shadow root counts, even as the first reason to load measure.js",
  { site: { "index.html": tagged({ head: component("open", BUTTON), body: "<x-open></x-open>" }) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.locator("x-open button").click();
    await collector.expectStored({ type: "basket", itemId: "7" });
    await page.locator("x-open button").click();
    await until(async () => (await collector.stored()).length === 2, "the second click");
  },
);

scenario(
  "clicks made before measure.js has loaded count once each",
  {
    site: {
      "index.html": tagged({
        body: '<button id="b" data-reco="basket" data-reco-on="click" data-reco-item="7">buy</button>',
        config: "autoTrack: { attributes: true, routes: true }",
      }),
    },
  },
  async ({ page, visit, collector }) => {
    const arrive = await held(page, /measure\.js/);
    await visit();
    await ready(page);
    await page.locator("#b").click();
    await page.locator("#b").click();
    await arrive();
    await collector.expectStored({ type: "basket", itemId: "7" }, { type: "basket", itemId: "7" });
    await page.locator("#b").click();
    await until(async () => (await collector.stored()).length === 3, "the click from afterwards");
    assert.equal((await stored(page, collector)).length, 3);
  },
);

/** Holds matching requests back. The returned function releases them, and resolves when the page has the responses. */
async function held(page, pattern) {
  let go;
  const until = new Promise((resolve) => (go = resolve));
  await page.route(pattern, async (route) => {
    await until;
    await route.continue();
  });
  const arrived = page.waitForResponse(pattern);
  return () => {
    go();
    return arrived;
  };
}

scenario(
  "a list in a component's shadow root is observed if the component passes it",
  {
    site: {
      "index.html": tagged({
        body: `<x-picks></x-picks><script>customElements.define("x-picks", class extends HTMLElement {
  connectedCallback() {
    this.attachShadow({ mode: "open" }).innerHTML =
      '<ul>' + [1, 2].map((id) => '<li data-reco-item="' + id + '" style="height: 40px"><a href="#x">' + id + '</a></li>').join("") + '</ul>';
    reco("observeRecommendations", this.shadowRoot.querySelector("ul"), { scenario: "picks" });
  }
});</script>`,
      }),
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await collector.expectStored({
      type: "rendered",
      scenario: "picks",
      items: ["1", "2"].map((itemId) => ({ itemId, itemType: "1" })),
    });
    await page.locator("x-picks a").nth(1).click();
    await collector.expectStored({ type: "clickRecommended", itemId: "2", scenario: "picks" });
    assert.equal((await stored(page, collector)).length, 2);
    assert.deepEqual(await page.evaluate(() => window.warnings), []);
  },
);

scenario(
  "open shadow roots: the host's attributes apply inside, middle clicks on links count, lists count clicks; closed roots are not tracked",
  {
    site: {
      "index.html": tagged({
        head:
          component("open", '<a href="#x" data-reco="click" data-reco-on="click"><b>open</b></a>') +
          component("closed", BUTTON),
        body: `<x-open data-reco-item="8"></x-open><x-closed></x-closed>
<div data-reco-scenario="picks"><x-list></x-list></div>
<script>customElements.define("x-list", class extends HTMLElement {
  constructor() { super(); this.attachShadow({ mode: "open" }).innerHTML = '<a href="#y" data-reco-item="9">nine</a>'; }
});</script>`,
      }),
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => /measure/.test(name)));
    await page.locator("x-closed").click();
    await page.locator("x-open b").click();
    await page.locator("x-open b").click({ button: "middle" });
    await page.locator("x-list a").click();
    await collector.expectStored(
      { type: "click", itemId: "8" },
      { type: "clickRecommended", itemId: "9", scenario: "picks" },
    );
    const rows = await stored(page, collector);
    assert.deepEqual(rows.map(({ type, itemId }) => `${type} ${itemId}`).sort(), [
      "click 8",
      "click 8",
      "clickRecommended 9",
    ]);
  },
);
