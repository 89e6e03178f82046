// consentFrom: one table of cases for the banners of all kinds. Nothing is stored or sent before the answer; after a yes nothing is lost, in order
// and with its own time; after a no nothing is left.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { BANNERS, TCF_STUB } from "./banners/index.mjs";
import { ASKS, answer, BANNER, expectNothing as expectQuiet, GPC, kept, QUIET_MS } from "./banners/visitor.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const pageOf = (source, { head = ASKS, ...more } = {}) =>
  tagged({ head, config: `consentFrom: ${JSON.stringify(source)}, batch: { maxWaitMs: 50 }`, ...more });

const click = (page, itemId) => page.evaluate((id) => window.reco("click", { itemId: id }), itemId);

/** After everything that could be sent was sent. */
async function expectNothing(it, left) {
  await flush(it.page);
  await expectQuiet(it, left);
}

/** Three clicks, some time apart; returns the moments before and after each. */
const clicks = (page) =>
  page.evaluate(async () => {
    const moments = [];
    for (const itemId of [1, 2, 3]) {
      const before = Date.now();
      window.reco("click", { itemId });
      moments.push([before, Date.now()]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return moments;
  });

/** Adds the banner after half a second. The page does it, because a busy test could be later than a page expects its banner. */
const addBanner = (page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const script = Object.assign(document.createElement("script"), { src: "/banner.js" });
    const loaded = new Promise((resolve) => script.addEventListener("load", resolve));
    document.head.append(script);
    await loaded;
  });

async function expectClicks(collector, moments) {
  await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
  const times = (await collector.stored()).map(({ at }) => new Date(at).getTime());
  for (const [index, [before, after]] of moments.entries())
    assert.ok(before <= times[index] && times[index] <= after, `event ${index + 1} has its own time`);
}

const CASES = {
  "answered with yes before the tracker": {
    head: `${BANNER}<script>banner.answer(true)</script>`,
    run: async ({ page, collector }) => expectClicks(collector, await clicks(page)),
  },
  "answered with no before the tracker": {
    head: `${BANNER}<script>banner.answer(false)</script>`,
    run: async (it) => {
      await clicks(it.page);
      await expectNothing(it, ["reco_off"]);
    },
  },
  "answered with yes after the events": {
    run: async (it) => {
      const times = await clicks(it.page);
      await expectNothing(it);
      await answer(it.page, true);
      await expectClicks(it.collector, times);
      assert.ok((await kept(it.page, it.context)).includes("reco_id"));
    },
  },
  "answered with no after the events": {
    run: async (it) => {
      await clicks(it.page);
      await answer(it.page, false);
      await expectNothing(it, ["reco_off"]);
    },
  },
  "answered twice": {
    run: async ({ page, collector }) => {
      const times = await clicks(page);
      await answer(page, true);
      await answer(page, true);
      await expectClicks(collector, times);
    },
  },
  "never answered": {
    run: async (it) => {
      await clicks(it.page);
      await expectNothing(it);
    },
  },
  revoked: {
    run: async (it) => {
      const times = await clicks(it.page);
      await answer(it.page, true);
      await expectClicks(it.collector, times);
      await answer(it.page, false);
      await click(it.page, 4);
      await flush(it.page);
      await pause(QUIET_MS);
      assert.equal((await it.collector.stored()).length, 3);
      assert.deepEqual(await kept(it.page, it.context), ["reco_off"]);
    },
  },
  "revoked, and given again": {
    run: async ({ page, collector }) => {
      await answer(page, true);
      await answer(page, false);
      await answer(page, true);
      await clicks(page);
      await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
    },
  },
  "changed in another tab": {
    run: async (it) => {
      const { page, context, url, collector } = it;
      const times = await clicks(page);
      const other = await context.newPage();
      await other.goto(url);
      await ready(other);
      await answer(other, true);
      await expectClicks(collector, times);
      await answer(other, false);
      await until(
        async () => (await kept(page, context)).join() === "reco_off",
        "the first tab has deleted everything",
      );
      await click(page, 4);
      await flush(page);
      await pause(QUIET_MS);
      assert.equal((await collector.stored()).length, 3);
    },
  },
  "banner that is blocked": {
    head: "",
    run: async (it) => {
      await clicks(it.page);
      await expectNothing(it);
    },
  },
  "banner that comes later": {
    head: "",
    run: async (it) => {
      const times = await clicks(it.page);
      await addBanner(it.page);
      await expectNothing(it);
      await answer(it.page, true);
      await expectClicks(it.collector, times);
    },
  },
  "options, and a no that is anonymous": {
    option: (source) => ({ source, otherwise: "anonymous" }),
    run: async ({ page, context, collector }) => {
      await clicks(page);
      await answer(page, false);
      await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
      assert.deepEqual([...new Set((await collector.stored()).map(({ anonymous }) => anonymous))], [undefined]);
      assert.deepEqual(await kept(page, context), []);
    },
  },
};

for (const { source, script } of BANNERS)
  for (const [name, { head, option = (it) => it, run }] of Object.entries(CASES))
    scenario(
      `consentFrom ${source}: ${name}`,
      { site: () => ({ "index.html": pageOf(option(source), { head }), "banner.js": script }) },
      async (it) => {
        await it.visit();
        await ready(it.page);
        await run(it);
        assert.deepEqual(await warnings(it.page), []);
      },
    );

scenario(
  "consentFrom tcf: the stub takes the question, and the CMP that loads later answers it",
  {
    site: () => ({
      "index.html": pageOf("tcf", { head: `<script>${TCF_STUB}</script>` }),
      "banner.js": BANNERS[0].script,
    }),
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    const moments = await clicks(page);
    await pause(QUIET_MS);
    await page.addScriptTag({ url: "/banner.js" });
    await answer(page, true);
    await expectClicks(collector, moments);
  },
);

const scriptOf = (source) => BANNERS.find((banner) => banner.source === source).script;

for (const source of ["tcf", "gpp"])
  scenario(
    `consentFrom ${source}: a tracker in a frame of another origin hears the banner of the page around it`,
    {
      site: () => ({
        "index.html": `<!doctype html><title>A shop</title><link rel="icon" href="data:,"><body>${BANNER}<script>banner.ask()</script>`,
        "frame.html": pageOf(source, { head: "" }),
        "banner.js": scriptOf(source),
      }),
    },
    async ({ page, visit, url, collector }) => {
      await visit();
      const elsewhere = url.replace("127.0.0.1", "localhost");
      await page.evaluate((address) => {
        const frame = document.createElement("iframe");
        frame.src = address;
        frame.name = "shop";
        document.body.append(frame);
      }, `${elsewhere}/frame.html`);
      await until(() => page.frame("shop")?.url().endsWith("frame.html"), "the frame is there");
      const frame = page.frame("shop");
      await ready(frame);
      await click(frame, 1);
      await flush(frame);
      await pause(QUIET_MS);
      assert.deepEqual(await collector.stored(), []);
      // A message from any other window is no answer.
      const forged = {
        returnValue: { gdprApplies: false, pingData: { signalStatus: "ready" } },
        success: true,
        callId: 0,
      };
      await frame.evaluate(
        (message) => window.postMessage({ __tcfapiReturn: message, __gppReturn: message }, "*"),
        forged,
      );
      await flush(frame);
      await pause(QUIET_MS);
      assert.deepEqual(await collector.stored(), []);
      await answer(page, true);
      await collector.expectExactly({ itemId: "1" });
    },
  );

scenario(
  "consentFrom tcf: each purpose and the vendor that are asked for need consent",
  { site: () => ({ "index.html": pageOf({ source: "tcf", vendor: 7 }), "banner.js": scriptOf("tcf") }) },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await page.evaluate(() => window.banner.answerInPart());
    await until(async () => (await kept(page, context)).includes("reco_off"), "a part is a no");
    await answer(page, true);
    await click(page, 2);
    await collector.expectExactly({ itemId: "2" });
  },
);

scenario(
  "consentFrom tcf: if GDPR does not apply, the answer is yes",
  { site: () => ({ "index.html": pageOf("tcf"), "banner.js": scriptOf("tcf") }) },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await page.evaluate(() => window.banner.doesNotApply());
    await collector.expectExactly({ itemId: "1" });
  },
);

scenario(
  "consentFrom: an interface that does not exist is reported, and is no consent",
  { site: () => ({ "index.html": pageOf("cookiebot", { head: "" }) }) },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    assert.deepEqual(await warnings(page), [{ code: "out-of-range", field: "config.consentFrom" }]);
    await expectNothing({ page, context, collector });
    await page.evaluate(() => window.reco("consent", "granted"));
    await collector.expectExactly({ itemId: "1" });
  },
);

/** A page with Consent Mode calls before the tracker is created. */
const consentMode = (calls, more = "", option = "google") =>
  pageOf(option, {
    head: `<script>${more} window.dataLayer = []; function gtag() { dataLayer.push(arguments); } ${calls}</script>`,
  });
const GRANTED = 'gtag("consent", "default", { personalization_storage: "granted" });';
const DENIED = 'gtag("consent", "default", { personalization_storage: "denied", region: ["DE"] });';

for (const [name, calls] of [
  ["the strictest default counts, if it is the first", DENIED + GRANTED],
  ["the strictest default counts, if it is the last", GRANTED + DENIED],
])
  scenario(
    `consentFrom google: ${name}`,
    { site: { "index.html": consentMode(calls) } },
    async ({ page, context, visit, collector }) => {
      await visit();
      await ready(page);
      await click(page, 1);
      await expectNothing({ page, context, collector });
      await page.evaluate(() => window.gtag("consent", "update", { personalization_storage: "granted" }));
      await collector.expectExactly({ itemId: "1" });
    },
  );

scenario(
  "consentFrom google: a default of granted is sent, and a stricter one that follows holds the events",
  { site: { "index.html": consentMode(GRANTED) } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await collector.expectExactly({ itemId: "1" });
    await page.evaluate((code) => new Function(code)(), DENIED);
    await click(page, 2);
    await flush(page);
    await pause(QUIET_MS);
    assert.equal((await collector.stored()).length, 1);
    await page.evaluate(() => window.gtag("consent", "update", { personalization_storage: "granted" }));
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
  },
);

scenario(
  "consentFrom google: a default withdraws neither Global Privacy Control nor an earlier no; an update does",
  { site: { "index.html": consentMode(GRANTED, `if (location.hash) ${GPC}`) } },
  async ({ page, context, visit, collector }) => {
    await visit("/#gpc");
    await ready(page);
    await click(page, 1);
    await expectNothing({ page, context, collector });
    await page.evaluate(() => window.gtag("consent", "update", { personalization_storage: "denied" }));
    await until(async () => (await kept(page, context)).includes("reco_off"), "the no is remembered");
    await page.goto("about:blank");
    await visit();
    await ready(page);
    await click(page, 2);
    await expectNothing({ page, context, collector }, ["reco_off"]);
    await page.evaluate(() => window.gtag("consent", "update", { personalization_storage: "granted" }));
    await click(page, 3);
    await collector.expectExactly({ itemId: "3" });
  },
);

scenario(
  "consentFrom google: an array is no answer, and the next page waits for its own update",
  { site: { "index.html": consentMode(DENIED) } },
  async ({ page, visit, collector }) => {
    const granted = ["consent", "update", { personalization_storage: "granted" }];
    await visit();
    await ready(page);
    await click(page, 1);
    await page.evaluate((entry) => window.dataLayer.push(entry), granted);
    await flush(page);
    await pause(QUIET_MS);
    assert.deepEqual(await collector.stored(), []);
    await page.evaluate((entry) => window.gtag(...entry), granted);
    await collector.expectExactly({ itemId: "1" });
    await page.goto("about:blank");
    await visit();
    await ready(page);
    await click(page, 2);
    await flush(page);
    await pause(QUIET_MS);
    assert.equal((await collector.stored()).length, 1);
    await page.evaluate((entry) => window.gtag(...entry), granted);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
  },
);

scenario(
  "consentFrom google: an update without one of the types that are asked for is reported",
  { site: { "index.html": consentMode("") } },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await click(page, 1);
    await page.evaluate(() => window.gtag("consent", "update", { ad_storage: "granted" }));
    await until(async () => (await warnings(page)).length > 0, "a warning");
    assert.deepEqual(await warnings(page), [{ code: "out-of-range", field: "config.consentFrom" }]);
    await expectNothing({ page, context, collector });
  },
);

scenario(
  "consentFrom google: a type that no update has is named, after the update of the others",
  {
    site: {
      "index.html": consentMode("", "", { source: "google", types: ["personalization_storage", "ad_storge"] }),
    },
  },
  async ({ page, context, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("on", "warning", ({ message }) => (window.said = message)));
    await click(page, 1);
    await page.evaluate(() => window.gtag("consent", "update", { personalization_storage: "granted" }));
    await page.evaluate(() => window.gtag("consent", "update", { personalization_storage: "granted" }));
    await page.waitForFunction(() => / ad_storge /.test(window.said));
    assert.deepEqual(await warnings(page), [{ code: "out-of-range", field: "config.consentFrom" }]);
    await expectNothing({ page, context, collector });
  },
);

for (const [name, option, warning] of [
  ["an empty name", "", { code: "out-of-range", field: "config.consentFrom" }],
  ...[
    ["an empty list", "types", { source: "google", types: [] }],
    ["a text for a list", "types", { source: "google", types: "a" }],
    ["an empty type", "types", { source: "google", types: ["personalization_storage", ""] }],
    ["granted after a no", "otherwise", { source: "google", otherwise: "granted" }],
    ["a purpose that is no number", "purposes", { source: "tcf", purposes: ["a"] }],
    ["an unknown purpose", "purposes", { source: "tcf", purposes: [1, 99] }],
    ["an unknown purpose of GPP", "purposes", { source: "gpp", purposes: [0] }],
    ["a vendor that is no number", "vendor", { source: "tcf", vendor: "abc" }],
    ["an unknown category", "category", { source: "wp", category: "preference" }],
    ["an unknown purpose of Shopify", "purpose", { source: "shopify", purpose: "all" }],
  ].map(([name, field, option]) => [name, option, { code: "out-of-range", field: `config.consentFrom.${field}` }]),
  ...["vendr", "type", "constructor", "toString"].map((name) => [
    `the unknown option ${name}`,
    { source: "google", [name]: 3 },
    { code: "unknown-option", field: `config.consentFrom.${name}` },
  ]),
])
  scenario(
    `consentFrom with ${name} is reported, and is no consent`,
    { site: { "index.html": consentMode(GRANTED, "", option) } },
    async ({ page, context, visit, collector }) => {
      await visit();
      await ready(page);
      await click(page, 1);
      await until(async () => (await warnings(page)).length > 0, "a warning");
      assert.deepEqual(await warnings(page), [warning]);
      await expectNothing({ page, context, collector });
    },
  );
