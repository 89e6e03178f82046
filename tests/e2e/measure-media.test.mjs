// consumeTimer by media with a real film of twelve seconds: only played parts count.

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
/** Plays from one second to another at this speed. */
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
/** The played share in percent, as reported by the browser. */
const played = (page) =>
  page.evaluate(() => {
    let seconds = 0;
    for (let i = 0; i < film.played.length; i++) seconds += film.played.end(i) - film.played.start(i);
    return (100 * seconds) / film.duration;
  });
/**
 * Waits until the percentage is reported: measure.js may still be loading, and the browser reports in a separate task.
 */
async function nears(page) {
  let said;
  await until(async () => Math.abs((said = await shown(page)) - (await played(page))) <= 1, "the played share").catch(
    (error) => assert.fail(`${said} %: ${error.message}`),
  );
  return said;
}

scenario(
  "skipped parts do not count, repeated parts count once, and the speed does not matter",
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
    assert.equal(await shown(page), before, "seeking does not count");
    await play(page, 0, 3);
    assert.ok((await nears(page)) < 40);
    await play(page, 6, 9, 2);
    const half = await nears(page);
    assert.ok(half >= 48 && half < 75, `about half: ${half}`);
    await visit("/next.html");
    await collector.expectStored({ type: "consume", itemId: "9", itemType: "3", percentage: half });
    const rows = (await collector.stored()).map((row) => row.percentage);
    assert.deepEqual(
      rows,
      [...new Set(rows)].sort((a, b) => a - b),
    );
  },
);

scenario("a film played to its end reports 100 % once, even if it is played again", { site: page() }, async (all) => {
  const { page, visit, collector } = all;
  await loaded(all);
  await play(page, 0, 99, 8);
  await collector.expectStored({ type: "consume", itemId: "9", percentage: 100 });
  await play(page, 0, 5, 8);
  await visit("/next.html");
  assert.equal((await collector.stored()).filter((row) => row.percentage === 100).length, 1);
});

scenario("end titles need not be played", { site: page("ignoreTailMs: 6000") }, async (all) => {
  const { page, collector } = all;
  await loaded(all);
  await play(page, 0, 6.3);
  await collector.expectStored({ type: "consume", itemId: "9", percentage: 100 });
});

scenario(
  "a live stream without end reports nothing",
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

scenario("hiding the tab reports the exact percentage", { site: page(), openContext: realTabs }, async (all) => {
  const { page, collector } = all;
  await loaded(all);
  await play(page, 0, 2.6, 1);
  // Playback continues, so there is no pause event.
  await page.evaluate(() => film.play());
  await page.waitForFunction(() => film.currentTime > 3);
  const back = await hide(page);
  const [row] = await collector.expectStored({ type: "consume", itemId: "9" });
  assert.ok((await collector.stored()).at(-1).percentage >= 24, `exact: ${row.percentage}`);
  await back();
  assert.deepEqual(await warnings(page), []);
});

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
scenario("audio counts in a hidden tab", { site: AUDIO, openContext: realTabs }, async (all) => {
  const { page, visit, collector } = all;
  await visit();
  await ready(page);
  await page.waitForFunction(() => film.readyState >= 2);
  // Browsers block sound until the visitor has interacted with the page.
  await page.mouse.click(500, 400);
  await page.evaluate(() => Object.assign(film, { playbackRate: 2 }).play());
  const back = await hide(page);
  await collector.expectStored({ type: "consume", itemId: "9", percentage: 100 });
  assert.equal(await page.evaluate(() => document.visibilityState), "hidden");
  await back();
});

scenario(
  "a player that is added later, with attributes",
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

scenario("a film that continues in a new page view: only later parts count there", { site: page() }, async (all) => {
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
    "the played part of the first",
  );
  assert.ok(first.percentage < 70);
  assert.equal(await shown(page), 0);
  await play(page, 6.5, 99, 8);
  const second = await until(() => shown(page), "the second half");
  assert.ok(second < 50, `only the second half counts: ${second}`);
  await until(async () => (await collector.stored()).some((row) => row.itemId === "10"), "the second half");
});
