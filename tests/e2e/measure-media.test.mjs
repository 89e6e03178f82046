// consumeTimer by media, with a real film of twelve seconds: what was played counts, and nothing else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEMO, hide, ready, realTabs, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const START = (options = "") =>
  `reco("ready", (tracker) => { window.timer = tracker.consumeTimer({ itemId: 9, itemType: 3 }, { by: "media", element: film, ${options} }); });`;
const VIDEO = '<video id="film" src="/film.webm" muted playsinline preload="auto" width="320"></video>';
const files = (body) => ({
  "index.html": tagged({ body }),
  "film.webm": readFileSync(join(DEMO, "media", "film.webm")),
  "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>",
});
const page = (options, head = VIDEO) => files(`${head}<script>${START(options)}</script>`);

const shown = (page) => page.evaluate(() => window.timer.percentage);
const loaded = async ({ page, visit }) => {
  await visit();
  await ready(page);
  await page.waitForFunction(() => film.readyState >= 2 && film.duration > 11);
};
/** Plays from one second to another, at this speed. */
const play = (page, from, to, rate = 4) =>
  page.evaluate(
    async ([from, to, rate]) => {
      film.playbackRate = rate;
      if (Math.abs(film.currentTime - from) > 0.01) {
        film.currentTime = from;
        await new Promise((resolve) => film.addEventListener("seeked", resolve, { once: true }));
      }
      await film.play();
      await new Promise((resolve) => {
        const watch = () => (film.currentTime >= to || film.ended ? resolve() : requestAnimationFrame(watch));
        watch();
      });
      film.pause();
      return film.currentTime;
    },
    [from, to, rate],
  );
/** The share that the browser itself says was played, in percent. */
const played = (page) =>
  page.evaluate(() => {
    let seconds = 0;
    for (let i = 0; i < film.played.length; i++) seconds += film.played.end(i) - film.played.start(i);
    return (100 * seconds) / film.duration;
  });
/** Waits until it is told: what watches the page may still be loading, and the browser says it in a task of its own. */
async function nears(page) {
  let said;
  await until(
    async () => Math.abs((said = await shown(page)) - (await played(page))) <= 1,
    "as much as was played",
  ).catch((error) => assert.fail(`${said} %: ${error.message}`));
  return said;
}

scenario(
  "what was skipped was not seen, what is repeated was seen once, and twice as fast is as much",
  { site: page() },
  async (all) => {
    const { page, visit, collector } = all;
    await loaded(all);
    await play(page, 0, 3);
    const before = await nears(page);
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          film.addEventListener("seeked", resolve, { once: true });
          film.currentTime = 11;
        }),
    );
    assert.equal(await shown(page), before, "seeking is not watching");
    await play(page, 0, 3);
    assert.ok((await nears(page)) < 40);
    await play(page, 6, 9, 2);
    const half = await nears(page);
    assert.ok(half >= 48 && half < 75, `half of it: ${half}`);
    await visit("/next.html");
    await collector.expectStored({ type: "consume", itemId: "9", itemType: "3", percentage: half });
    const rows = (await collector.stored()).map((row) => row.percentage);
    assert.deepEqual(
      rows,
      [...new Set(rows)].sort((a, b) => a - b),
    );
  },
);

scenario(
  "a film that was played to its end is at 100 %, once, however often it is played again",
  { site: page() },
  async (all) => {
    const { page, visit, collector } = all;
    await loaded(all);
    await play(page, 0, 99, 8);
    await collector.expectStored({ type: "consume", itemId: "9", percentage: 100 });
    await play(page, 0, 5, 8);
    await visit("/next.html");
    assert.equal((await collector.stored()).filter((row) => row.percentage === 100).length, 1);
  },
);

scenario("titles at the end may be left out", { site: page("ignoreTailMs: 6000") }, async (all) => {
  const { page, collector } = all;
  await loaded(all);
  await play(page, 0, 6.3);
  await collector.expectStored({ type: "consume", itemId: "9", percentage: 100 });
});

scenario(
  "a live stream, which has no end, tells nothing",
  {
    site: files(`<video id="film" muted></video><script>
  const canvas = document.createElement("canvas");
  const draw = () => { canvas.getContext("2d").fillRect(0, 0, Math.random() * 99, 9); requestAnimationFrame(draw); };
  draw();
  film.srcObject = canvas.captureStream();
  ${START()}</script>`),
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => film.play());
    await page.waitForFunction(() => film.currentTime > 1.5);
    assert.equal(await page.evaluate(() => film.duration), Infinity);
    await page.evaluate(() => film.pause());
    assert.equal(await shown(page), 0);
    await page.evaluate(() => window.timer.stop());
    await visit("/next.html");
    assert.deepEqual(await collector.stored(), []);
  },
);

scenario(
  "what was played until the tab was hidden is told then, to the percent",
  { site: page(), openContext: realTabs },
  async (all) => {
    const { page, collector } = all;
    await loaded(all);
    await play(page, 0, 2.6, 1);
    // It goes on: no pause tells of it.
    await page.evaluate(() => film.play());
    await page.waitForFunction(() => film.currentTime > 3);
    const back = await hide(page);
    const [row] = await collector.expectStored({ type: "consume", itemId: "9" });
    assert.ok((await collector.stored()).at(-1).percentage >= 24, `to the percent: ${row.percentage}`);
    await back();
    assert.deepEqual(await warnings(page), []);
  },
);

/** Eight seconds of a tone: RIFF, one channel, 8 kHz, 8 bits. http://soundfile.sapp.org/doc/WaveFormat/ */
function tone() {
  const RATE = 8000;
  const samples = Buffer.from(Array.from({ length: 8 * RATE }, (_, n) => 128 + Math.round(20 * Math.sin(n / 3))));
  const head = Buffer.alloc(44);
  head.write("RIFF");
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

const AUDIO = { ...page("", '<audio id="film" src="/tone.wav" preload="auto" controls></audio>'), "tone.wav": tone() };
scenario(
  "a sound in the background is heard: it counts in a hidden tab",
  { site: AUDIO, openContext: realTabs },
  async (all) => {
    const { page, visit, collector } = all;
    await visit();
    await ready(page);
    await page.waitForFunction(() => film.readyState >= 2);
    // Browsers let no page make a sound before the visitor did something.
    await page.mouse.click(500, 400);
    await page.evaluate(() => Object.assign(film, { playbackRate: 2 }).play());
    const back = await hide(page);
    await collector.expectStored({ type: "consume", itemId: "9", percentage: 100 });
    assert.equal(await page.evaluate(() => document.visibilityState), "hidden");
    await back();
  },
);

scenario(
  "a player that comes later, by its attribute",
  { site: files('<main data-reco-item="9" data-reco-item-type="3"></main>') },
  async (all) => {
    const { page, visit, collector } = all;
    await visit();
    await ready(page);
    await page.evaluate(() => {
      const film = Object.assign(document.createElement("video"), { id: "film", muted: true, src: "/film.webm" });
      film.dataset.recoConsume = "media";
      document.querySelector("main").append(film);
    });
    await page.waitForFunction(() => film.readyState >= 2);
    await play(page, 0, 99, 8);
    await collector.expectStored({ type: "consume", itemId: "9", itemType: "3", percentage: 100 });
  },
);

scenario(
  "a film that goes on through a new page view: there only what is played then counts",
  { site: page() },
  async (all) => {
    const { page, collector } = all;
    await loaded(all);
    await play(page, 0, 6);
    await page.evaluate(() => {
      window.reco("page");
      window.reco("ready", (tracker) => {
        window.timer = tracker.consumeTimer({ itemId: 10 }, { by: "media", element: film });
      });
    });
    const first = await until(
      async () => (await collector.stored()).find((row) => row.itemId === "9" && row.percentage >= 50),
      "what was played of the first",
    );
    assert.ok(first.percentage < 70);
    assert.equal(await shown(page), 0);
    await play(page, 6.5, 99, 8);
    const second = await until(() => shown(page), "the second half");
    assert.ok(second < 50, `only the second half: ${second}`);
    await until(async () => (await collector.stored()).some((row) => row.itemId === "10"), "the second half");
  },
);
