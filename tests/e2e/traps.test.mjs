// A module that traps: the tracker is silent from then on, the page works, and the next page delivers what the outbox holds. The traps are those of
// WebAssembly, at a chosen place within the engine. fallback.test.mjs has the same for the engine as JavaScript.

import assert from "node:assert/strict";
import binaryen from "binaryen";
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

const dist = ownBuild({ "recobeacon.wasm": fused });
const site = {
  "index.html": tagged({ head: HOLD, config: "batch: { maxWaitMs: 600 }" }),
  "next.html": tagged({ config: "batch: { maxWaitMs: 50 }" }),
};

/** How many functions run while the page does something. */
const length = (page, deed) =>
  page.evaluate(
    ([deed, unlit]) => {
      window.fuse.value = unlit;
      new Function(deed)();
      const ran = unlit - window.fuse.value;
      window.fuse.value = -1;
      return ran;
    },
    [deed, UNLIT],
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
