// How well the next item of a session is predicted: by the collector's feed, and by item-KNN on the same split.

import { sendClicks } from "./collector.mjs";
import { itemKnn } from "./knn.mjs";

/** The length of the lists that are judged. */
export const LENGTH = 20;
/** The part of the sessions, the earliest ones, from which both learn. */
const LEARNT_PART = 0.8;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const CONTEXT = 50;
const AT_ONCE = 8;

const inTime = (a, b) => (a.date === b.date ? Number(a.id) - Number(b.id) : a.date < b.date ? -1 : 1);

/**
 * The earlier and the later sessions.
 * @template {{ id: string, date: string }} Session @param {readonly Session[]} sessions
 */
export function split(sessions) {
  const ordered = [...sessions].sort(inTime);
  const end = Math.floor(ordered.length * LEARNT_PART);
  return { learnt: ordered.slice(0, end), judged: ordered.slice(end) };
}

/** The clicks of these sessions, moved in time so that the last day is yesterday. Each session has its own visitor. */
function clicksOf(sessions) {
  const lastDay = Date.parse(sessions.at(-1).date);
  const clicks = sessions.flatMap(({ id, date, items, times }) => {
    const begin = Date.now() - DAY_MS - HOUR_MS + Date.parse(date) - lastDay;
    return items.map((item, place) => ({ visitor: `session${id}`, item, at: begin + times[place] - times[0] }));
  });
  return clicks;
}

/** Each step of the sessions to another item: the items until then, the latest first, and the next one. */
export function stepsOf(sessions) {
  return sessions.flatMap(({ items }) => {
    const views = items.filter((item, place) => item !== items[place - 1]);
    return views.slice(1).map((next, place) => ({
      before: [...new Set(views.slice(0, place + 1).reverse())].slice(0, CONTEXT),
      next,
    }));
  });
}

/** Recall and mean reciprocal rank of the lists that `recommend` gives for the steps. */
async function judge(steps, recommend) {
  let [hits, ranks] = [0, 0];
  const rest = steps.values();
  const worker = async () => {
    for (const { before, next } of rest) {
      const place = (await recommend(before)).indexOf(next);
      if (place < 0) continue;
      hits += 1;
      ranks += 1 / (place + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { recall: hits / steps.length, mrr: ranks / steps.length };
}

/**
 * Teaches the collector and judges it. `wait(rows)` resolves when the collector has learnt from so many rows.
 * @param {{ url: string }} collector
 * @param {readonly { id: string, date: string, items: string[], times: number[] }[]} sessions
 * @param {(rows: number) => Promise<any>} wait
 */
export async function quality(collector, sessions, wait) {
  const { learnt, judged } = split(sessions);
  await wait(await sendClicks(collector.url, clicksOf(learnt)));
  const ask = async (before) => {
    const url = new URL("/v1/recommendations/also_viewed", collector.url);
    url.searchParams.set("contextitems", before.join(","));
    url.searchParams.set("numrecs", String(LENGTH));
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`GET ${url}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).recommendationItems.map(({ itemId }) => String(itemId));
  };
  const steps = stepsOf(judged);
  const known = new Set(learnt.flatMap(({ items }) => items));
  const knn = itemKnn(learnt);
  return {
    sessions: { learnt: learnt.length, judged: judged.length },
    steps: steps.length,
    known: steps.filter(({ next }) => known.has(next)).length,
    methods: {
      "the feed, all items of the visit": await judge(steps, ask),
      "the feed, the latest item only": await judge(steps, (before) => ask(before.slice(0, 1))),
      "item-KNN": await judge(steps, async (before) => knn(before, LENGTH)),
    },
  };
}
