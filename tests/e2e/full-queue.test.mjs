// More calls than the queue holds, at full speed.

import assert from "node:assert/strict";
import { ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const CALLS = 30_000;

/** Clicks with a pause after `pause` calls. Returns the counters, and the number of sent events at the first drop. */
const clicks = (page, calls, pause) =>
  page.evaluate(
    ([calls, pause]) =>
      new Promise((done) =>
        window.reco("ready", async (tracker) => {
          let [told, gone] = [0, null];
          tracker.on("dropped", ({ events }) => {
            told += events;
            const { sent, acknowledged } = tracker.stats();
            gone ??= sent + acknowledged;
          });
          const started = performance.now();
          for (let call = 1; call <= calls; call++) {
            tracker.click({ itemId: call });
            if (call % pause === 0) await new Promise((next) => setTimeout(next));
          }
          done({ ...tracker.stats(), told, gone, ms: Math.round(performance.now() - started) });
        }),
      ),
    [calls, pause],
  );

for (const [name, pause] of [
  ["in one task", CALLS],
  ["in many tasks", 100],
]) {
  scenario(
    `thirty thousand clicks at full speed, ${name}: the queue is sent before events are dropped, and each loss is reported`,
    { site: { "index.html": tagged() }, timeout: 240_000 },
    async ({ t, page, visit }) => {
      await visit();
      await ready(page);
      const stats = await clicks(page, CALLS, pause);
      t.diagnostic(JSON.stringify(stats));
      assert.equal(stats.accepted, CALLS);
      assert.equal(stats.told, stats.dropped);
      // The number of dropped events depends on the machine, as at most 48 KiB are in flight. The number sent before
      // that does not.
      if (stats.dropped) assert.ok(stats.gone >= 250, `${stats.gone} had gone before the first was dropped`);
      const codes = (await warnings(page)).map(({ code }) => code);
      assert.ok(
        codes.every((code) => code === "queue-full"),
        codes.join(" "),
      );
    },
  );
}

scenario(
  "calls beyond the limit before the module has loaded: each loss is reported once it runs",
  {
    site: {
      "index.html": tagged({
        script:
          'window.told = []; reco("on", "dropped", ({ events, code }) => told.push([events, code])); for (let n = 0; n < 1200; n++) reco("click", { itemId: n });',
      }),
    },
  },
  async ({ page, visit }) => {
    await visit();
    await ready(page);
    // The stub keeps a thousand calls, two of which are no events.
    assert.deepEqual(await page.evaluate(() => window.told), [[202, "queue-full"]]);
  },
);
