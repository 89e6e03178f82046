// Consent that can never come, because consentFrom is used wrongly: each case has one warning that says so, and stays pending.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer, BANNER, expectNothing } from "./banners/visitor.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

/** Intervals end fifty times as soon, so that nobody waits for the warning about a missing banner. */
const FASTER = `<script>{
  const { setInterval } = window;
  window.setInterval = (callback, ms) => setInterval(callback, ms / 50);
}</script>`;
/** Longer than the time in which a banner is expected, with the intervals above. */
const EXPECTED_MS = 600;

/** A page with this option, which notes the messages of its warnings, and its errors. */
const pageOf = (config, head = "") =>
  tagged({
    head: `${FASTER}<script>
      window.said = [];
      window.failures = [];
      addEventListener("unhandledrejection", ({ reason }) => failures.push(String(reason)));
    </script>${head}`,
    config: `batch: { maxWaitMs: 50 }, ${config}`,
    script: 'reco("on", "warning", ({ message }) => said.push(message)); reco("click", { itemId: 1 });',
  });
const said = (page) => page.evaluate(() => window.said);

for (const [name, source, failures = []] of [
  ["returns a state", '() => "granted"'],
  ["is asynchronous and returns a state", 'async () => "granted"'],
  ["returns true", "() => true"],
  ["returns false", "() => false"],
  ["returns null", "() => null"],
  ["throws", '() => { throw new Error("of the page"); }', ["Error: of the page"]],
  ["rejects", 'async () => { throw new Error("of the page"); }', ["Error: of the page"]],
])
  scenario(
    `a function that ${name} is reported`,
    { site: { "index.html": pageOf(`consentFrom: ${source}`) }, allow: [/Error: of the page/] },
    async ({ page, context, collector, visit }) => {
      await visit();
      await ready(page);
      assert.deepEqual(await warnings(page), [{ code: "out-of-range", field: "config.consentFrom" }]);
      // The page's own error is reported as such.
      assert.deepEqual(await page.evaluate(() => window.failures), failures);
      await flush(page);
      await expectNothing({ page, context, collector });
      await page.evaluate(() => window.reco("consent", "granted"));
      await collector.expectExactly({ itemId: "1" });
    },
  );

for (const [name, source] of [
  ["is asynchronous", 'async (set) => { await 0; set("granted"); }'],
  ["returns the promise of its answer", '(set) => Promise.resolve().then(() => set("granted"))'],
  ["returns a number", '(set) => setTimeout(set, 1, "granted")'],
  ["returns a function", '(set) => { setTimeout(set, 1, "granted"); return () => {}; }'],
  ["returns an object", '(set) => { setTimeout(set, 1, "granted"); return { off() {} }; }'],
])
  scenario(
    `a function that ${name} is right`,
    { site: { "index.html": pageOf(`consentFrom: ${source}`) } },
    async ({ page, collector, visit }) => {
      await visit();
      await ready(page);
      await collector.expectExactly({ itemId: "1" });
      assert.deepEqual(await warnings(page), []);
    },
  );

for (const [name, source] of [
  ["true", "(set) => set(true)"],
  ["null", "(set) => set(null)"],
  ["another case", '(set) => set("Granted")'],
])
  scenario(
    `a function that answers ${name} is reported`,
    { site: { "index.html": pageOf(`consentFrom: ${source}`) } },
    async ({ page, context, collector, visit }) => {
      await visit();
      await ready(page);
      await until(async () => (await warnings(page)).length > 0, "a warning");
      assert.deepEqual(await said(page), ['consent must be "pending", "granted", "anonymous" or "denied"']);
      await expectNothing({ page, context, collector });
    },
  );

scenario(
  "a misspelt option for consent is reported as pending consent, unless consent is configured",
  {
    site: {
      "index.html": pageOf('consentfrom: "tcf"'),
      "granted.html": pageOf('consentfrom: "tcf", consent: "granted"'),
    },
  },
  async ({ page, context, collector, visit }) => {
    await visit();
    await ready(page);
    assert.deepEqual(await warnings(page), [{ code: "unknown-option", field: "config.consentfrom" }]);
    await expectNothing({ page, context, collector });
    await visit("granted.html");
    await ready(page);
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await said(page), ["config.consentfrom is not known and was ignored"]);
  },
);

scenario(
  "the warning about a misspelt option says that consent is pending",
  {
    site: {
      "index.html": tagged({ config: 'consentfrom: "tcf", onWarning: ({ message }) => (window.said = message)' }),
    },
  },
  async ({ page, visit }) => {
    await visit();
    await ready(page);
    assert.equal(await page.evaluate(() => window.said), 'config.consentfrom is not known: consent stays "pending"');
  },
);

scenario(
  "consentFrom google: a state in another case is reported once",
  {
    site: {
      "index.html": pageOf(`consentFrom: "google"`, BANNER),
      "banner.js": BANNERS.filter(({ source }) => source === "google")[0].script,
    },
  },
  async ({ page, context, collector, visit }) => {
    await visit();
    await ready(page);
    for (const state of ["Granted", "Granted", true])
      await page.evaluate((value) => window.gtag("consent", "update", { personalization_storage: value }), state);
    await until(async () => (await warnings(page)).length > 0, "a warning");
    assert.deepEqual(await said(page), [
      'config.consentFrom has a value of personalization_storage that is neither "granted" nor "denied": consent stays "pending"',
    ]);
    await expectNothing({ page, context, collector });
    await answer(page, true);
    await collector.expectExactly({ itemId: "1" });
  },
);

const MISSING = {
  tcf: "answer of __tcfapi",
  gpp: "answer of __gpp",
  google: 'gtag("consent", ...) in dataLayer',
  wp: "consent type of the WP Consent API",
  shopify: "Shopify.customerPrivacy",
};

for (const { source, script } of BANNERS) {
  scenario(
    `consentFrom ${source}: a page without the banner is told once, and a banner that comes later is heard`,
    { site: { "index.html": pageOf(`consentFrom: "${source}"`), "banner.js": script } },
    async ({ page, context, collector, visit }) => {
      await visit();
      await ready(page);
      await until(async () => (await warnings(page)).length > 0, "a warning");
      await pause(EXPECTED_MS);
      assert.deepEqual(await warnings(page), [{ code: "missing-field", field: "config.consentFrom" }]);
      const message = `config.consentFrom has found no ${MISSING[source]} yet: is this page's banner another one?`;
      assert.deepEqual(await said(page), [message]);
      await expectNothing({ page, context, collector });
      await page.addScriptTag({ url: "/banner.js" });
      await answer(page, true);
      await collector.expectExactly({ itemId: "1" });
    },
  );

  scenario(
    `consentFrom ${source}: a visitor who takes time to answer is no reason for a warning`,
    { site: { "index.html": pageOf(`consentFrom: "${source}"`, ASKS), "banner.js": script } },
    async ({ page, collector, visit }) => {
      await visit();
      await ready(page);
      await pause(EXPECTED_MS);
      assert.deepEqual(await warnings(page), []);
      await answer(page, true);
      await collector.expectExactly({ itemId: "1" });
    },
  );
}
