// More calls than the queue holds, at full speed.

import assert from "node:assert/strict";
import { ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const CALLS = 30_000;

/** Clicks, with a moment for the browser after so many, and says what became of them and what had gone when the first was dropped. */
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
    `thirty thousand clicks at full speed, ${name}: the queue is sent before anything is dropped, and each loss is told`,
    { site: { "index.html": tagged() }, timeout: 240_000 },
    async ({ t, page, visit }) => {
      await visit();
      await ready(page);
      const stats = await clicks(page, CALLS, pause);
      t.diagnostic(JSON.stringify(stats));
      assert.equal(stats.accepted, CALLS);
      assert.equal(stats.told, stats.dropped);
      // How many are dropped is a matter of the machine: 48 KiB are under way at most. That so many went first is not.
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
  "calls that nobody has room for before the module is there: each loss is told once it runs",
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
    // The stub keeps a thousand calls: two of them are no events.
    assert.deepEqual(await page.evaluate(() => window.told), [[202, "queue-full"]]);
  },
);
