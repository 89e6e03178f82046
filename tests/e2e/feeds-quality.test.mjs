// The script that judges the feed "also viewed", with generated sessions whose relations are known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { learnt } from "../../scripts/feeds/collector.mjs";
import { itemKnn } from "../../scripts/feeds/knn.mjs";
import { quality, split, stepsOf } from "../../scripts/feeds/quality.mjs";
import { startTemporary } from "../../scripts/lib/collector.mjs";
import { exitOnSignals } from "../../scripts/lib/ending.mjs";

exitOnSignals();

/** Park and Miller's generator, so that each run has the same sessions. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const THEMES = 60;
const THEME_ITEMS = 15;

/** Sessions that stay within a theme, except for one view in six. */
function generated(count) {
  const pick = random(7);
  const item = (theme) => String(1 + theme * THEME_ITEMS + pick(THEME_ITEMS));
  return Array.from({ length: count }, (_, number) => {
    const theme = pick(THEMES);
    const items = Array.from({ length: 2 + pick(6) }, () => item(pick(6) === 0 ? pick(THEMES) : theme));
    const date = new Date(Date.UTC(2016, 0, 1 + Math.floor(number / 40))).toISOString().slice(0, 10);
    return { id: String(number + 1), date, items, times: items.map((_, place) => place * 20_000) };
  });
}

test("the feed learns the relations of generated sessions as well as item-KNN", { timeout: 120_000 }, async () => {
  const collector = await startTemporary({ config: "[feeds]\nhalf_life_days = 3650", dist: "" });
  try {
    const { methods, sessions, steps } = await quality(collector, generated(1500), (rows) => learnt(collector, rows));
    assert.deepEqual(sessions, { learnt: 1200, judged: 300 });
    assert.ok(steps > 500, `${steps}`);
    const [whole, latest, knn] = Object.values(methods);
    const shown = JSON.stringify(methods);
    assert.ok(knn.recall > 0.35, shown);
    assert.ok(whole.recall >= knn.recall && whole.mrr >= knn.mrr, shown);
    assert.ok(latest.recall > 0.35, shown);
  } finally {
    await collector.stop();
  }
});

test("the split is by time, and each step has the items before it", () => {
  const sessions = [
    { id: "10", date: "2016-01-01", items: ["a"], times: [0] },
    { id: "9", date: "2016-01-01", items: ["b"], times: [0] },
    { id: "1", date: "2016-01-03", items: ["c"], times: [0] },
    { id: "2", date: "2016-01-02", items: ["d"], times: [0] },
    { id: "3", date: "2015-12-31", items: ["e"], times: [0] },
  ];
  const { learnt: earlier, judged } = split(sessions);
  assert.deepEqual(
    [earlier, judged].map((part) => part.map(({ id }) => id)),
    [["3", "9", "10", "2"], ["1"]],
  );
  assert.deepEqual(stepsOf([{ items: ["a", "a", "b", "a", "c"] }]), [
    { before: ["a"], next: "b" },
    { before: ["b", "a"], next: "a" },
    { before: ["a", "b"], next: "c" },
  ]);
});

test("item-KNN is the cosine of the items' sessions", () => {
  const recommend = itemKnn([{ items: ["a", "b", "a"] }, { items: ["a", "c"] }, { items: ["c"] }, { items: ["d"] }]);
  // a and b: 1/sqrt(2*1). a and c: 1/sqrt(2*2).
  assert.deepEqual(recommend(["a"], 20), ["b", "c"]);
  assert.deepEqual(recommend(["a"], 1), ["b"]);
  assert.deepEqual(recommend(["x"], 20), []);
});
