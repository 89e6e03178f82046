// A page that includes reco.js with `integrity` can trust every other file of the build: each altered one is refused, with a warning that names it,
// and nothing is lost. The files come from another origin.

import assert from "node:assert/strict";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer, QUIET_MS } from "./banners/visitor.mjs";
import { hashes, startCdn } from "./cdn.mjs";
import { flush, ready, scenario, tagged, until, useBrowser } from "./harness.mjs";
import { shop, warned, loaded as ycqLoaded } from "./ycq.mjs";

useBrowser();

const INTEGRITY = hashes();
const cdn = await startCdn();
const other = await startCdn();
const tag = (file, attributes = "") =>
  `<script async src="${cdn.url}${file}" integrity="${INTEGRITY[file]}" crossorigin ${attributes}></script>`;
const TELLING = "onWarning: ({ code, field, message }) => warnings.push({ code, field, message }),";
const page = ({ config = "", head = "", ...options } = {}) =>
  tagged({
    config: TELLING + config,
    load: false,
    head: head + tag("reco.js"),
    ...options,
  });

/** Opens a page while the files with these names are altered on their host. */
async function open({ visit }, tampered, path = "/") {
  for (const host of [cdn, other]) Object.assign(host, { cors: true, seen: [], tampered });
  await visit(path);
}

const warnings = (page) => page.evaluate(() => window.warnings);

/** The one warning of the page, which names the file and its hash. */
async function expectRefused(page, code, file) {
  await until(async () => (await warnings(page)).length > 0, "a warning");
  const [warning, ...more] = await warnings(page);
  assert.equal(warning.code, code);
  assert.match(
    warning.message,
    new RegExp(`/${file}\\?v=\\S{8} \\(200, [a-z/]+\\): its hash is not that of this build's file$`),
  );
  assert.deepEqual(more, []);
}

/** The browser's own report. */
const REFUSED = [/integrity/];
const REMOVE = "<script>delete window.WebAssembly</script>";

for (const [file, options, wasm] of [
  ["recobeacon.wasm", {}, true],
  ["recobeacon-all.wasm", { config: "autoTrack: { dataLayer: true }" }, true],
  ["fallback.js", { head: REMOVE }, false],
]) {
  scenario(
    `an altered ${file} is refused, and the next page delivers the calls`,
    { site: { "index.html": page({ ...options, script: 'reco("click", { itemId: 1 });' }) }, allow: REFUSED, wasm },
    async (it) => {
      await open(it, [file]);
      await expectRefused(it.page, "wasm-unavailable", file);
      assert.deepEqual(await it.collector.stored(), []);
      await open(it, []);
      await ready(it.page);
      await flush(it.page);
      await it.collector.expectExactly({ itemId: "1" }, { itemId: "1" });
      assert.deepEqual(await warnings(it.page), []);
    },
  );
}

scenario(
  "an altered measure.js is refused, and calls work",
  { site: { "index.html": page({ body: '<i data-reco="click" data-reco-item="5"></i>' }) }, allow: REFUSED },
  async (it) => {
    await open(it, ["measure.js"]);
    await expectRefused(it.page, "internal", "measure.js");
    await it.page.evaluate(() => window.reco("click", { itemId: 1 }));
    await flush(it.page);
    await it.collector.expectExactly({ itemId: "1" });
    await open(it, []);
    await it.collector.expectStored({ itemId: "5" });
  },
);

for (const { source, script } of BANNERS) {
  const file = `consent-${source}.js`;
  scenario(
    `an altered ${file} is refused, and consent stays pending`,
    {
      site: {
        "index.html": page({
          head: ASKS,
          config: `consentFrom: "${source}", batch: { maxWaitMs: 50 }`,
          script: 'reco("click", { itemId: 1 });',
        }),
        "banner.js": script,
      },
      allow: REFUSED,
    },
    async (it) => {
      await open(it, [file]);
      await expectRefused(it.page, "internal", file);
      await answer(it.page, true);
      await it.page.waitForTimeout(QUIET_MS);
      assert.deepEqual(await it.collector.stored(), []);
      await open(it, []);
      await ready(it.page);
      await answer(it.page, true);
      await it.collector.expectExactly({ itemId: "1" });
    },
  );
}

scenario(
  "an altered ycq-consent.js is refused, and nothing is sent",
  {
    site: {
      ...shop({
        head: ASKS + tag("ycq.js", 'data-endpoint="/" data-consent-from="tcf"'),
        load: false,
        script: '_ycq.push(["_trackEvent", "1", "click", "1"]);',
      }),
      "banner.js": BANNERS[0].script,
    },
    allow: REFUSED,
  },
  async (it) => {
    const texts = warned(it.page);
    await open(it, ["ycq-consent.js"]);
    await ycqLoaded(it.page);
    await until(() => texts.length > 0, "a warning");
    assert.match(texts.join(), /ycq\.js: nothing is sent, .* missing or of another build.*ycq-consent\.js\?v=/);
    await answer(it.page, true);
    await it.page.waitForTimeout(QUIET_MS);
    assert.deepEqual(await it.collector.stored(), []);
    await open(it, []);
    await ycqLoaded(it.page);
    await answer(it.page, true);
    await it.collector.expectExactly({ itemId: "1" });
  },
);

scenario(
  "a module at wasmUrl must be that of the build, from whichever host",
  {
    site: { "index.html": page({ config: "wasmUrl: decodeURIComponent(location.search.slice(1))" }) },
    allow: REFUSED,
    wasm: true,
  },
  async (it) => {
    const path = `/index.html?${encodeURIComponent(`${other.url}recobeacon.wasm`)}`;
    await open(it, [], path);
    await ready(it.page);
    assert.deepEqual([cdn.seen, other.seen], [["reco.js"], ["recobeacon.wasm"]]);
    await open(it, ["recobeacon.wasm"], path);
    await until(async () => (await warnings(it.page)).length > 0, "a warning");
    assert.match((await warnings(it.page))[0].message, /its hash is not that of this build's file/);
  },
);

scenario(
  "a host whose files other origins may not read gives a warning that names CORS",
  // Without `crossorigin` the browser runs a script that the page may not read.
  {
    site: {
      "index.html": tagged({ load: false, config: TELLING, head: `<script async src="${cdn.url}reco.js"></script>` }),
    },
    allow: [/CORS|ERR_FAILED/],
    wasm: true,
  },
  async (it) => {
    await open(it, []);
    await ready(it.page);
    Object.assign(cdn, { cors: false });
    await it.visit();
    await until(async () => (await warnings(it.page)).length > 0, "a warning");
    const [{ code, message }] = await warnings(it.page);
    assert.equal(code, "wasm-unavailable");
    assert.match(message, /recobeacon\.wasm\?v=\S{8} \(Failed to fetch\): .*forbidden by connect-src or CORS$/);
  },
);

scenario(
  "the npm package accepts only its own module at wasmUrl",
  {
    site: { "index.html": '<!doctype html><title>A shop</title><link rel="icon" href="data:,">' },
    allow: REFUSED,
    wasm: true,
  },
  async ({ page, visit, collector }) => {
    const track = (wasmUrl, itemId) =>
      page.evaluate(
        async ({ wasmUrl, itemId }) => {
          const { createTracker } = await import("/dist/index.js");
          const told = [];
          const onWarning = ({ code, message }) => told.push(`${code}: ${message}`);
          const destinations = { protocol: "batch", endpoint: "/v1/events" };
          const tracker = createTracker({ destinations, wasmUrl, onWarning });
          tracker.click({ itemId });
          await tracker.flush();
          return told;
        },
        { wasmUrl, itemId },
      );
    await open({ visit }, ["recobeacon.wasm"]);
    const [told] = await track(`${cdn.url}recobeacon.wasm`, 1);
    assert.match(told, /^wasm-unavailable: .*its hash is not that of this build's file/);
    await open({ visit }, []);
    assert.deepEqual(await track(`${cdn.url}recobeacon.wasm`, 2), []);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
  },
);
