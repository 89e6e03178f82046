// A module that traps: the tracker is silent from then on, the page works, and the next page delivers what the outbox holds. The traps are those of
// WebAssembly, at a chosen place within the engine. fallback.test.mjs has the same for the engine as JavaScript.

import assert from "node:assert/strict";
import binaryen from "binaryen";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer, kept } from "./banners/visitor.mjs";
import { down, pass } from "./gate.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { ownBuild } from "./own-build.mjs";

useBrowser();

/** The module with an exported number `fuse`: each call of a function lowers it, and at 0 the function traps. */
function fused(bytes) {
  const module = binaryen.readBinary(bytes);
  const { i32, Features } = binaryen;
  const { BulkMemory, BulkMemoryOpt, Multivalue, MutableGlobals, NontrappingFPToInt, SignExt } = Features;
  module.setFeatures(BulkMemory | BulkMemoryOpt | Multivalue | MutableGlobals | NontrappingFPToInt | SignExt);
  module.addGlobal("fuse", i32, true, module.i32.const(-1));
  module.addGlobalExport("fuse", "fuse");
  const fuse = () => module.global.get("fuse", i32);
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const place = module.getFunctionByIndex(index);
    const { base, body, results } = binaryen.getFunctionInfo(place);
    if (base) continue;
    const burn = module.global.set("fuse", module.i32.sub(fuse(), module.i32.const(1)));
    const end = module.if(module.i32.eqz(fuse()), module.unreachable());
    binaryen.Function.setBody(place, module.block(null, [burn, end, body], results));
  }
  if (!module.validate()) throw new Error("the altered module is not valid");
  return module.emitBinary();
}

/** Gives the page the number. */
const HOLD = `<script>
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    window.fuse = instance.exports.fuse;
    return instance;
  };
  // Before the tracker's own listener.
  addEventListener("pagehide", () => window.fuseAtEnd && (fuse.value = fuseAtEnd), true);
</script>`;
const UNLIT = 1_000_000_000;
const SILENT_MS = 1500;

const BY_FETCH = '{ protocol: "batch", endpoint: "/v1/events", transport: "fetch" }';
const dist = ownBuild({ "recobeacon.wasm": fused });
const site = {
  "index.html": tagged({ head: HOLD, config: "batch: { maxWaitMs: 600 }" }),
  "next.html": tagged({ config: "batch: { maxWaitMs: 50 }" }),
};

/** How many functions run while the page does something. */
const length = (page, callback) =>
  page.evaluate(
    ([callback, unlit]) => {
      window.fuse.value = unlit;
      new Function(callback)();
      const ran = unlit - window.fuse.value;
      window.fuse.value = -1;
      return ran;
    },
    [callback, UNLIT],
  );

const CLICK = 'reco("click", { itemId: "2" })';

/** Each makes the module trap. */
const MOMENTS = {
  "at the begin of a call": (page) => page.evaluate(`window.fuse.value = 1; ${CLICK}`),
  "in the middle of a call": async (page) => {
    const ran = await length(page, 'reco("click", { itemId: "probe" })');
    assert.ok(ran > 20, `a call runs ${ran} functions`);
    await page.evaluate(`window.fuse.value = ${Math.floor(ran / 2)}; ${CLICK}`);
  },
  "in a timer": (page) => page.evaluate("window.fuse.value = 5"),
  "when the page is hidden": (page) =>
    page.evaluate(() => {
      window.fuse.value = 10;
      document.dispatchEvent(new Event("visibilitychange"));
    }),
  "in a question": (page) => page.evaluate("window.fuse.value = 2; reco('stats')"),
};

for (const [moment, trap] of Object.entries(MOMENTS)) {
  scenario(
    `a trap ${moment} makes the tracker silent, and the next page delivers the outbox`,
    { site, dist, gated: true, wasm: true },
    async ({ page, visit, collector, gate }) => {
      await visit();
      await ready(page);
      gate.fault = down;
      await page.evaluate(() => window.reco("click", { itemId: "1" }));
      await trap(page);
      await until(async () => (await warnings(page)).length > 0, "the warning");
      const sent = gate.log.length;
      await page.evaluate(() => {
        window.fuse.value = -1;
        for (const verb of ["click", "buy", "login", "stats", "page", "flush"]) window.reco(verb, { itemId: "3" });
      });
      await page.waitForTimeout(SILENT_MS);
      assert.deepEqual(
        (await warnings(page)).map(({ code }) => code),
        ["internal"],
      );
      assert.equal(gate.log.length, sent, "nothing is sent after the trap");
      gate.fault = pass;
      await visit("/next.html");
      await ready(page);
      await flush(page);
      await collector.expectStored({ itemId: "1" });
      const ids = (await collector.stored()).map(({ itemId }) => itemId);
      assert.ok(!ids.includes("3"), "calls after the trap have no effect");
      assert.equal(new Set(ids).size, ids.length, "nothing counts twice");
    },
  );
}

scenario(
  "a trap while a flush is awaited: the flush ends",
  { site: { "index.html": tagged({ head: HOLD, destinations: BY_FETCH }) }, dist, gated: true, wasm: true },
  async ({ page, visit, gate }) => {
    await visit();
    await ready(page);
    // The request is never answered.
    gate.fault = () => {};
    await page.evaluate(() => {
      window.reco("ready", (tracker) => {
        tracker.click({ itemId: "1" });
        tracker.flush().then(() => (window.flushed = true));
      });
    });
    await until(() => gate.log.length > 0, "the request");
    assert.ok(!(await page.evaluate(() => window.flushed)));
    await MOMENTS["in a question"](page);
    await page.waitForFunction(() => window.flushed);
  },
);

scenario(
  "a trap before a timer reaches the engine: the page sees no error, and the next page delivers the outbox",
  { site, dist, gated: true, wasm: true },
  async ({ page, visit, collector, gate }) => {
    await visit();
    await ready(page);
    gate.fault = down;
    await page.evaluate(`${CLICK}; window.fuse.value = 1`);
    await page.waitForFunction(() => window.fuse.value <= 0);
    gate.fault = pass;
    await visit("/next.html");
    await ready(page);
    await flush(page);
    await collector.expectStored({ itemId: "2" });
  },
);

for (const fuse of [1, 20]) {
  scenario(
    `a trap in pagehide, ${fuse} functions deep: the next page delivers the outbox`,
    { site, dist, gated: true, wasm: true },
    async ({ page, visit, collector, gate }) => {
      await visit();
      await ready(page);
      gate.fault = down;
      await page.evaluate((fuse) => {
        window.reco("click", { itemId: "1" });
        window.fuseAtEnd = fuse;
        // After the tracker's own listener.
        window.addEventListener("pagehide", () => (localStorage.after = window.fuse.value), true);
      }, fuse);
      gate.fault = pass;
      await visit("/next.html");
      await ready(page);
      const left = await page.evaluate(() => localStorage.after);
      assert.ok(Number(left) <= 0, `the module has trapped: ${left}`);
      await flush(page);
      await collector.expectExactly({ itemId: "1" });
      assert.deepEqual(await warnings(page), []);
    },
  );
}

/** The ways of a decision after a trap, or of one whose call traps. */
const DECISIONS = {
  "after a trap": async (page, state) => {
    await MOMENTS["at the begin of a call"](page);
    await page.evaluate((state) => window.reco("consent", state), state);
  },
  "by a call that traps": (page, state) =>
    page.evaluate((state) => {
      window.fuse.value = 1;
      window.reco("consent", state);
    }, state),
  "by a call that traps later": (page, state) =>
    page.evaluate((state) => {
      window.fuse.value = 40;
      window.reco("consent", state);
    }, state),
};

const LEFT = { denied: ["reco_off"], anonymous: [] };

for (const [way, decide] of Object.entries(DECISIONS))
  for (const [state, left] of Object.entries(LEFT))
    scenario(
      `consent ${state} ${way}: what is stored is deleted`,
      { site, dist, wasm: true },
      async ({ page, visit, context, collector }) => {
        await visit();
        await ready(page);
        await page.evaluate(() => window.reco("click", { itemId: "1" }));
        await collector.expectStored({ itemId: "1" });
        assert.ok((await kept(page, context)).includes("reco_id"));
        await decide(page, state);
        assert.ok((await page.evaluate(() => window.fuse.value)) <= 0, "the module has trapped");
        assert.deepEqual(await kept(page, context), left);
      },
    );

for (const [state, left] of Object.entries(LEFT))
  scenario(
    `consent ${state} after a trap: other tabs hear it`,
    { site, dist, wasm: true },
    async ({ page, visit, context, url, collector }) => {
      const other = await context.newPage();
      await other.goto(`${url}/next.html`);
      await ready(other);
      await other.evaluate(() => window.reco("click", { itemId: "other" }));
      await collector.expectStored({ itemId: "other" });
      await visit();
      await ready(page);
      await DECISIONS["after a trap"](page, state);
      await until(async () => (await kept(page, context)).join() === left.join(), "what may be left");
      await other.evaluate(() => window.reco("click", { itemId: "later" }));
      await flush(other);
      await page.waitForTimeout(SILENT_MS);
      const later = (await collector.stored()).filter(({ itemId }) => itemId === "later");
      assert.equal(later.length, state === "denied" ? 0 : 1);
      assert.ok(later.every(({ anonymous }) => !anonymous));
      assert.deepEqual(await kept(page, context), left);
    },
  );

scenario(
  "a yes after a trap ends an earlier no",
  { site, dist, wasm: true },
  async ({ page, visit, context, url, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("consent", "denied"));
    await MOMENTS["at the begin of a call"](page);
    assert.deepEqual(await kept(page, context), ["reco_off"]);
    await page.evaluate(() => window.reco("consent", "maybe"));
    assert.deepEqual(await kept(page, context), ["reco_off"]);
    await page.evaluate(() => window.reco("consent", "granted"));
    assert.deepEqual(await kept(page, context), []);
    await visit("/next.html");
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: "1" }));
    await collector.expectExactly({ itemId: "1" });
    assert.equal(page.url(), `${url}/next.html`);
  },
);

/** Pages whose tracker fails with a decision that the module has not carried out. */
const UNDONE = {
  "before the module has loaded, and the module traps at its start": {
    head: HOLD.replace("window.fuse =", "instance.exports.fuse.value = 50; window.fuse ="),
    code: "internal",
  },
  "before the module has loaded, and the configuration is not valid": {
    config: "batch: { maxEvents: -1 }",
    code: "config",
  },
};
for (const [name, { code, ...page }] of Object.entries(UNDONE))
  scenario(
    `a no ${name}: it is remembered, and nothing else is left`,
    {
      site: {
        "index.html": site["next.html"],
        "wrong.html": tagged({ ...page, script: 'reco("consent", "denied");' }),
      },
      dist,
      wasm: true,
    },
    async ({ page, visit, context, collector }) => {
      await visit();
      await ready(page);
      await page.evaluate(() => window.reco("click", { itemId: "1" }));
      await collector.expectStored({ itemId: "1" });
      await visit("/wrong.html");
      await until(async () => (await warnings(page)).length > 0, "the warning");
      assert.equal((await warnings(page))[0].code, code);
      await until(async () => (await kept(page, context)).join() === "reco_off", "only the decision is left");
    },
  );

for (const { source, script } of BANNERS)
  scenario(
    `consentFrom ${source}: a no of the banner after a trap is remembered`,
    {
      site: {
        "index.html": tagged({
          head: HOLD + ASKS,
          config: `consentFrom: ${JSON.stringify(source)}, batch: { maxWaitMs: 50 }`,
        }),
        "banner.js": script,
      },
      dist,
      wasm: true,
    },
    async ({ page, visit, context, collector }) => {
      await visit();
      await ready(page);
      await page.evaluate(() => window.reco("click", { itemId: "1" }));
      await answer(page, true);
      await collector.expectStored({ itemId: "1" });
      await MOMENTS["at the begin of a call"](page);
      await answer(page, false);
      await until(async () => (await kept(page, context)).join() === "reco_off", "only the decision is left");
    },
  );

scenario(
  "a button for the decision works after a trap, and all other elements do nothing",
  {
    site: {
      "index.html": tagged({
        head: HOLD,
        config: "batch: { maxWaitMs: 50 }",
        body: `<button id="no" data-reco="consent" data-reco-state="denied" data-reco-on="click">No</button>
          <button id="item" data-reco="click" data-reco-item="2" data-reco-on="click">An item</button>`,
      }),
    },
    dist,
    wasm: true,
  },
  async ({ page, visit, context, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: "1" }));
    await collector.expectStored({ itemId: "1" });
    await MOMENTS["at the begin of a call"](page);
    await page.click("#item");
    await page.click("#no");
    await until(async () => (await kept(page, context)).join() === "reco_off", "only the decision is left");
    assert.deepEqual(
      (await warnings(page)).map(({ code }) => code),
      ["internal"],
    );
    assert.equal((await collector.stored()).length, 1);
  },
);
