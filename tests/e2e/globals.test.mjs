// The shipped scripts leave one global in the page, and change no built-in object.

import assert from "node:assert/strict";
import { BANNERS } from "./banners/index.mjs";
import { answer } from "./banners/visitor.mjs";
import { flush, ready, scenario, snippet, until, useBrowser } from "./harness.mjs";
import { loaded } from "./ycq.mjs";

useBrowser();

/**
 * Runs first in the page. `window.changes()` names the globals that have come or gone, and the properties of all built-in constructors, prototypes,
 * namespaces and objects of the page that are different.
 */
function watch() {
  const objects = new Map();
  const note = (name, object) => {
    if (Object(object) !== object || objects.has(object)) return;
    objects.set(object, { name, before: Object.getOwnPropertyDescriptors(object) });
    note(`${name}.prototype`, Object.getOwnPropertyDescriptor(object, "prototype")?.value);
  };
  // Its methods are not globals: iterators, generators, asynchronous functions.
  for (const [name, value] of Object.entries({
    generator: function* () {},
    asyncFunction: async () => {},
    iterator: [][Symbol.iterator](),
    typed: Uint8Array.prototype,
  }))
    note(name, Object.getPrototypeOf(value));
  for (const name of Reflect.ownKeys(window)) {
    const { value, get } = Object.getOwnPropertyDescriptor(window, name);
    if (value !== window) note(String(name), value);
    if (get && !/^(self|window|frames|parent|top|event|length|closed|opener)$/.test(String(name)))
      note(String(name), window[name]);
  }
  const changes = () => {
    const found = [];
    for (const [object, { name, before }] of objects) {
      const after = Object.getOwnPropertyDescriptors(object);
      for (const key of new Set([...Reflect.ownKeys(before), ...Reflect.ownKeys(after)])) {
        const [one, other] = [before[key], after[key]];
        const same =
          one &&
          other &&
          ["value", "get", "set", "writable", "enumerable", "configurable"].every((part) =>
            Object.is(one[part], other[part]),
          );
        if (!same) found.push(`${name}.${String(key)}`);
      }
    }
    return {
      found,
      added: Reflect.ownKeys(window)
        .filter((key) => !keys.has(key))
        .map(String),
      watched: objects.size,
    };
  };
  Object.defineProperty(window, "changes", { value: changes });
  const keys = new Set(Reflect.ownKeys(window));
}

/**
 * Properties that a page's visit changes by itself: what is stored, the banner's frame, and the page's own data layer, whose `push` the tracker hears.
 */
const OWN = /^(localStorage|sessionStorage)\.|^document\.__tcfapiLocator$|^dataLayer\.(push|length|\d+)$/;

const [{ script: banner }] = BANNERS;
const page = (head) => `<!doctype html><html lang="en"><head><title>A shop</title><link rel="icon" href="data:,">
  <script>window.dataLayer = [];</script><script src="/banner.js"></script><script>banner.ask(); (${watch})();</script>${head}</head><body>
  <script type="application/ld+json">{ "@type": "Product", "sku": "9", "name": "A shoe" }</script>
  <i data-reco="click" data-reco-item="1"></i><p data-reco-item="2" data-reco="consume" data-reco-consume="scroll">x</p>
  <ul data-reco-scenario="s"><li data-reco-item="3">3</li></ul></body></html>`;
const OPTIONS = `{ destinations: [{ protocol: "batch", endpoint: "/v1/events" }, { protocol: "yoochoose", customerId: "00000", endpoint: "/" }],
  consentFrom: "tcf", autoTrack: { attributes: true, jsonLd: true, routes: true, dataLayer: true } }`;

for (const [name, head, own, allow] of [
  [
    "the stub and the script tag with all features",
    `<script>${snippet()} reco("create", ${OPTIONS});</script><script async src="/dist/reco.js"></script>`,
    ["reco"],
  ],
  [
    "the same without WebAssembly",
    `<script>delete window.WebAssembly; ${snippet()} reco("create", ${OPTIONS});</script><script async src="/dist/reco.js"></script>`,
    ["reco"],
  ],
  ["the stub alone", `<script>${snippet()} reco("create", ${OPTIONS});</script>`, ["reco"]],
  [
    "the npm package",
    `<script type="module">import { createTracker } from "/dist/index.js"; await createTracker(${OPTIONS}).ready; document.title = "ready";</script>`,
    [],
  ],
  [
    "ycq.js with data-consent-from",
    '<script async src="/dist/ycq.js" data-endpoint="/" data-consent-from="tcf"></script>',
    ["_ycq"],
  ],
]) {
  scenario(
    `${name}: ${own.length ? `one global, ${own[0]}` : "no global"}, and no changed built-in`,
    { site: { "index.html": page(head), "banner.js": banner }, allow },
    async ({ page, visit }) => {
      await visit();
      await answer(page, true);
      if (head.includes("reco.js")) {
        await ready(page);
        await page.evaluate(() => {
          window.reco("click", { itemId: 1 });
          window.reco("buy", { itemId: 1, orderId: "o", price: "1EUR" });
          window.reco("observeRecommendations", document.querySelector("ul"), { scenario: "t" });
          window.reco("consumeTimer", { itemId: 4 }, { by: "time", fullAfterMs: 1000 });
          history.pushState(null, "", "/other");
          window.dataLayer.push({ event: "view_item", ecommerce: { items: [{ item_id: "7" }] } });
        });
        await flush(page);
      } else if (head.includes("ycq.js")) {
        await loaded(page);
        await page.evaluate(() => window._ycq.push(["_setMandator", "00000"], ["_trackEvent", "1", "click", "1"]));
      } else if (head.includes("index.js")) await until(async () => (await page.title()) === "ready", "the package");
      await page.waitForTimeout(500);
      const { found, added, watched } = await page.evaluate(() => window.changes());
      assert.ok(watched > 1000, `${watched} objects were compared`);
      assert.deepEqual(
        // A number is a frame: the banner's.
        added.filter((key) => key !== "changes" && !/^\d+$/.test(key)),
        own,
      );
      const without = head.includes("delete window.WebAssembly") ? ["WebAssembly"] : [];
      assert.deepEqual(
        found.filter((each) => !OWN.test(each) && !without.includes(each)),
        [],
      );
    },
  );
}

scenario(
  "the comparison finds what a script changes",
  { site: { "index.html": page(""), "banner.js": banner } },
  async ({ page, visit }) => {
    await visit();
    const { found, added } = await page.evaluate(() => {
      window.leaked = 1;
      Array.prototype.last = () => {};
      history.pushState = () => {};
      Object.defineProperty(Math, "PI", { value: Math.PI, enumerable: false });
      const { get } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
      Object.defineProperty(Document.prototype, "cookie", { get, set: undefined });
      Promise.prototype.finally = () => {};
      return window.changes();
    });
    assert.ok(added.includes("leaked"));
    assert.deepEqual(found.filter((each) => !OWN.test(each)).sort(), [
      "Array.prototype.last",
      "Document.prototype.cookie",
      "Promise.prototype.finally",
      "history.pushState",
    ]);
  },
);
