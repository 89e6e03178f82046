// Consent in several tabs of a site: a decision in one takes effect in all, and all events have the id that the first tab has stored.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer, kept, QUIET_MS } from "./banners/visitor.mjs";
import { scenario, tagged, until, useBrowser } from "./harness.mjs";

useBrowser();

/** Records what the page has stored when it tells the other tabs something. */
const SPY = `<script>
  window.told = [];
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    told.push({ message, cookies: document.cookie });
    return postMessage.call(this, message);
  };
  // In this tab the module is loading until the test calls load().
  if (location.search === "?late") {
    const { compile } = WebAssembly;
    WebAssembly.compile = (bytes) => new Promise((done) => (window.load = () => done(compile(bytes))));
  }
</script>`;
const site = {
  "index.html": tagged({ head: SPY, config: 'consent: "pending", batch: { maxWaitMs: 50 }' }),
};

const banners = (source, body = "") =>
  tagged({ head: ASKS, config: `consentFrom: "${source}", batch: { maxWaitMs: 50 }`, body });

/** Node polls, because a tab in the background paints no frames, and Playwright's waitForFunction waits for them. */
const loaded = (tab) =>
  until(
    () =>
      tab.evaluate(() => {
        window.reco?.("ready", () => (window.isReady = true));
        return window.isReady;
      }),
    "the tracker of a tab",
  );

/** Two tabs: one with its tracker, and one whose module is loading. */
async function readyAndLate(context, url) {
  const [first] = await tabs(context, url, 1);
  await loaded(first);
  const [second] = await tabs(context, `${url}/?late`, 1);
  await until(() => second.evaluate(() => typeof window.load === "function"), "the script");
  return [first, second];
}

async function tabs(context, url, count) {
  const all = [];
  for (let n = 0; n < count; n++) {
    const tab = await context.newPage();
    await tab.goto(url);
    all.push(tab);
  }
  return all;
}

/** Returns the moments before and after the click. */
const click = (tab, itemId) =>
  tab.evaluate((itemId) => {
    const before = Date.now();
    window.reco("click", { itemId });
    return [before, Date.now()];
  }, itemId);

/** Clicks in each tab in turn, some time apart. Returns the item and its moments for each. */
async function clicks(all, rounds) {
  const made = [];
  for (let round = 0; round < rounds; round++)
    for (const [index, tab] of all.entries()) {
      const itemId = `${index}-${round}`;
      made.push({ itemId, index, moments: await click(tab, itemId) });
      await pause(5);
    }
  return made;
}

const say = (tab, state) => tab.evaluate((state) => window.reco("consent", state), state);
const told = (tab) => tab.evaluate(() => window.told);
const yesIn = (list) => list.filter(({ message: [, state] }) => state === "granted");

/** All of these clicks are stored with this visitor, each with its own time, and those of a tab in order. */
async function expectClicks(collector, made, visitor) {
  const rows = await until(async () => {
    const rows = await collector.stored();
    return rows.length >= made.length && rows;
  }, "the clicks of all tabs");
  assert.equal(rows.length, made.length);
  for (const { itemId, moments } of made) {
    const [row, ...more] = rows.filter((row) => row.itemId === itemId);
    assert.deepEqual(more, [], `${itemId} is stored once`);
    const at = new Date(row.at).getTime();
    assert.ok(moments[0] <= at && at <= moments[1], `${itemId} has its own time`);
    assert.equal(row.anonymous, visitor, `${itemId} has the visitor's id`);
  }
  for (const index of new Set(made.map(({ index }) => index))) {
    const ofTab = (list) => list.map(({ itemId }) => itemId).filter((itemId) => itemId.startsWith(`${index}-`));
    assert.deepEqual(ofTab(rows), ofTab(made), `the order of tab ${index}`);
  }
}

async function expectNothingLeft(all, context) {
  for (const tab of all)
    await until(async () => (await kept(tab, context)).join() === "reco_off", "only the decision is left");
  await pause(QUIET_MS);
  assert.deepEqual(await kept(all[0], context), ["reco_off"]);
}

for (const count of [2, 3])
  scenario(
    `${count} tabs: a yes in one is a yes of one visitor in all, and a no leaves nothing in any`,
    { site },
    async ({ context, url, collector, identity }) => {
      const all = await tabs(context, url, count);
      for (const tab of all) await loaded(tab);
      const made = await clicks(all, 3);
      await pause(QUIET_MS);
      assert.deepEqual(await collector.stored(), [], "nothing is sent before the answer");
      assert.deepEqual(await kept(all[0], context), [], "nothing is stored before the answer");

      await say(all[0], "granted");
      const { id, hash } = await until(async () => {
        const visitor = await identity();
        return visitor.id && visitor;
      }, "the visitor's cookie");
      await expectClicks(collector, made, hash);
      const more = await clicks(all, 1);
      assert.equal((await identity()).id, id);
      const [yes, ...again] = yesIn(await told(all[0]));
      assert.ok(yes.cookies.includes(`reco_id=${id}`), "the id is stored before the other tabs hear the yes");
      assert.deepEqual(again, []);
      for (const tab of all.slice(1)) assert.deepEqual(await told(tab), [], "no tab repeats what it has heard");
      await until(async () => (await collector.stored()).length === made.length + more.length, "the later clicks");
      assert.ok((await collector.stored()).every(({ anonymous }) => anonymous === hash));

      await say(all.at(-1), "denied");
      await expectNothingLeft(all, context);
      await clicks(all, 1);
      await pause(QUIET_MS);
      assert.equal((await collector.stored()).length, made.length + more.length, "nothing is sent after the no");
    },
  );

scenario(
  "a yes in a tab whose module is still loading: the other tabs hear it when that tab has stored its id",
  { site, wasm: true },
  async ({ context, url, collector, identity }) => {
    const [first, second] = await readyAndLate(context, url);
    const made = await clicks([first, second], 2);
    await say(second, "granted");
    await pause(QUIET_MS);
    assert.deepEqual(await told(second), []);
    assert.deepEqual(await collector.stored(), []);
    await second.evaluate(() => window.load());
    await loaded(second);
    const { id, hash } = await until(async () => {
      const visitor = await identity();
      return visitor.id && visitor;
    }, "the visitor's cookie");
    await expectClicks(collector, made, hash);
    const [yes, ...again] = yesIn(await told(second));
    assert.ok(yes.cookies.includes(`reco_id=${id}`));
    assert.deepEqual(again, []);
  },
);

scenario(
  "a yes in a tab whose module is still loading, then a no: no tab hears the yes",
  { site, wasm: true },
  async ({ context, url, collector }) => {
    const [first, second] = await readyAndLate(context, url);
    await clicks([first, second], 1);
    await say(second, "granted");
    await say(second, "denied");
    await until(async () => (await kept(first, context)).join() === "reco_off", "the first tab has heard the no");
    await second.evaluate(() => window.load());
    await loaded(second);
    await expectNothingLeft([first, second], context);
    assert.deepEqual(
      (await told(second)).map(({ message: [, state] }) => state),
      ["denied"],
    );
    assert.deepEqual(await collector.stored(), []);
  },
);

scenario(
  "a yes in a tab that is left before its module has loaded: the other tabs hear it, with the id that it stored",
  { site, wasm: true },
  async ({ context, url, collector, identity }) => {
    const [first, second] = await readyAndLate(context, url);
    const made = await clicks([first, second], 2);
    await say(second, "granted");
    await second.goto(`${url}/dist/snippet.js`);
    const { hash } = await until(async () => {
      const visitor = await identity();
      return visitor.id && visitor;
    }, "the visitor's cookie");
    await expectClicks(collector, made, hash);
  },
);

for (const { source, script } of BANNERS)
  scenario(
    `consentFrom ${source}: two tabs and a frame are one visitor after a yes in one, and keep nothing after a no in the other`,
    {
      site: () => ({
        "index.html": banners(source, '<iframe src="/frame.html"></iframe>'),
        "frame.html": banners(source),
        "banner.js": script,
      }),
    },
    async ({ context, url, collector, identity }) => {
      const all = await tabs(context, url, 2);
      const [frame] = all[0].frames().slice(1);
      const parts = [...all, frame];
      for (const part of parts) await loaded(part);
      const made = await clicks(parts, 2);
      await pause(QUIET_MS);
      assert.deepEqual(await collector.stored(), [], "nothing is sent before the answer");
      assert.deepEqual(await kept(all[0], context), [], "nothing is stored before the answer");
      await answer(all[0], true);
      const { id, hash } = await until(async () => {
        const visitor = await identity();
        return visitor.id && visitor;
      }, "the visitor's cookie");
      await expectClicks(collector, made, hash);
      assert.equal((await identity()).id, id);
      await answer(all[1], false);
      await expectNothingLeft(all, context);
      const count = (await collector.stored()).length;
      await clicks(parts, 1);
      await pause(QUIET_MS);
      assert.equal((await collector.stored()).length, count, "nothing is sent after the no");
    },
  );
