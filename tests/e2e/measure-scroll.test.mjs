// consumeTimer by scroll with real scrolling: the wheel, scrolling boxes, late images, zoom.

import assert from "node:assert/strict";
import { ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const VIEW = { width: 1000, height: 800 };
const START =
  'reco("ready", (tracker) => { window.timer = tracker.consumeTimer({ itemId: 7 }, { by: "scroll", element: document.getElementById("it") }); });';
const page = (body, head = "") => ({
  "index.html": tagged({
    head: `<style>body { margin: 0 } .tall { background: linear-gradient(#fff, #ccc) }${head}</style>`,
    body: `${body}<script>${START}</script>`,
  }),
  "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>",
});
const box = (height, attributes = "", inner = "") =>
  `<div class="tall" style="height: ${height}px" ${attributes}>${inner}</div>`;

const percentages = async (collector) =>
  (await collector.stored()).filter((row) => row.type === "consume").map((row) => row.percentage);
const shown = (page) => page.evaluate(() => window.timer.percentage);
const started = async ({ page, visit }) => {
  await page.setViewportSize(VIEW);
  await visit();
  await ready(page);
  await page.mouse.move(400, 400);
};
/** Scrolls like a wheel: in steps, each visible for a moment. */
async function wheel(page, distance) {
  const PIECE = 200;
  for (let done = 0; done < distance; done += PIECE) {
    await page.mouse.wheel(0, Math.min(PIECE, distance - done));
    await page.evaluate(() => new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame))));
  }
}
const reaches = (page, percentage) => until(async () => (await shown(page)) === percentage, `${percentage} %`);

// 400 px above the element, 4000 px of it, 3000 px below it; the window shows 800 px.
scenario(
  "an article is read up to its own end, and the content below it does not count",
  { site: page(box(400) + box(4000, 'id="it"') + box(3000)) },
  async (all) => {
    const { page, visit, collector } = all;
    await started(all);
    await reaches(page, 10);
    await wheel(page, 1600);
    await reaches(page, 50);
    await collector.expectStored({ type: "consume", itemId: "7", percentage: 50 });
    await wheel(page, 100);
    await reaches(page, 52);
    // Scrolling back does not lower the percentage.
    await page.mouse.wheel(0, -1000);
    await page.waitForFunction(() => scrollY < 1000);
    assert.equal(await shown(page), 52);
    await wheel(page, 1000 + 1900);
    await reaches(page, 100);
    await wheel(page, 3000);
    await visit("/next.html");
    await collector.expectStored({ type: "consume", itemId: "7", percentage: 100 });
    const all_ = await percentages(collector);
    assert.deepEqual(
      all_,
      [...new Set(all_)].sort((a, b) => a - b),
      "rising, and nothing twice",
    );
  },
);

scenario(
  "leaving in the middle reports the exact percentage",
  { site: page(box(4000, 'id="it"') + box(3000)) },
  async (all) => {
    const { page, visit, collector } = all;
    await started(all);
    await wheel(page, 680);
    await reaches(page, 37);
    await visit("/next.html");
    await collector.expectStored({ type: "consume", itemId: "7", percentage: 37 });
  },
);

scenario(
  "within a scrolling box, the box's scrolling counts and the page's does not",
  {
    site: page(
      `${box(100)}<div style="height: 400px; overflow-y: auto" id="scroller">${box(2000, 'id="it"')}</div>${box(3000)}`,
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await started(all);
    await reaches(page, 20);
    await page.mouse.move(400, 700);
    await wheel(page, 1000);
    assert.equal(await page.evaluate(() => document.getElementById("scroller").scrollTop), 0);
    assert.equal(await shown(page), 20, "the box left the window at the top");
    await page.mouse.wheel(0, -1000);
    await page.waitForFunction(() => scrollY === 0);
    await page.mouse.move(400, 300);
    await wheel(page, 600);
    await reaches(page, 50);
    await wheel(page, 1000);
    await collector.expectStored({ type: "consume", percentage: 100 });
  },
);

const IMAGE = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="600" height="3600"/>')}`;
scenario(
  "a short element counts at once, unless a late image makes it longer",
  {
    site: page(
      box(200, 'id="short"') +
        '<div id="it"><p style="margin: 0; height: 400px">Text</p><img id="late" alt="" style="display: block"></div>',
    ),
  },
  async (all) => {
    const { page, collector } = all;
    await started(all);
    await page.evaluate(
      () =>
        new Promise((resolve) =>
          window.reco("ready", (tracker) => {
            window.other = tracker.consumeTimer(
              { itemId: 8 },
              { by: "scroll", element: document.getElementById("short") },
            );
            resolve();
          }),
        ),
    );
    await page.evaluate(
      (source) =>
        new Promise((loaded) => Object.assign(document.getElementById("late"), { onload: loaded, src: source })),
      IMAGE,
    );
    await collector.expectStored({ type: "consume", itemId: "8", percentage: 100 });
    // 600 of 4000.
    await reaches(page, 15);
    await wheel(page, 3400);
    await collector.expectStored({ type: "consume", itemId: "7", percentage: 100 });
    const rows = (await collector.stored()).filter((row) => row.itemId === "7");
    assert.equal(rows.filter((row) => row.percentage === 100).length, 1);
  },
);

scenario(
  "with zoom only the visible part counts",
  { site: page(box(2000, 'id="it"'), " html { overflow: scroll }") },
  async (all) => {
    const { page, context } = all;
    await page.setViewportSize(VIEW);
    const cdp = await context.newCDPSession(page);
    await cdp.send("Emulation.setPageScaleFactor", { pageScaleFactor: 2 });
    await all.visit();
    await cdp.send("Emulation.setPageScaleFactor", { pageScaleFactor: 2 });
    await page.waitForFunction(() => visualViewport.scale === 2);
    await ready(page);
    await reaches(page, 20);
    await cdp.send("Emulation.setPageScaleFactor", { pageScaleFactor: 1 });
    await reaches(page, 40);
  },
);

scenario("a removed or invalid element gives one warning and breaks nothing", { site: page(box(100)) }, async (all) => {
  const { page, collector } = all;
  await started(all);
  await until(async () => (await warnings(page)).length > 0, "a warning");
  assert.deepEqual(await warnings(page), [{ code: "bad-type", field: "consumeTimer.element" }]);
  assert.equal(await shown(page), 0);
  assert.deepEqual(await collector.stored(), []);
});
