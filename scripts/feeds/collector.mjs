// Lets a collector with feeds learn from visits, by batches as the tracker sends them.

import { setTimeout as pause } from "node:timers/promises";

/** The collector takes so many events in a batch. */
const BATCH = 1000;
const POLL_MS = 100;

const hex = (number, length) => number.toString(16).padStart(length, "0");

/** A UUIDv7 of this time and number. */
const eventId = (at, number) => {
  const time = hex(at, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${hex(number, 12)}`;
};

/**
 * Sends clicks in their order, or with more batches `atOnce` in about their order. Returns their number.
 * @param {string} url @param {Iterable<{ visitor: string, item: string, at: number }>} clicks
 */
export async function sendClicks(url, clicks, atOnce = 1) {
  const stream = `feeds${Date.now()}`;
  let [seq, number] = [0, 0];
  const post = async (events) => {
    const body = JSON.stringify({ v: 1, stream, seq: seq++, sentAt: Date.now(), events });
    const answer = await fetch(new URL("/v1/events", url), { method: "POST", body });
    if (!answer.ok) throw new Error(`POST /v1/events: ${answer.status} ${await answer.text()}`);
  };
  let group = [];
  let events = [];
  for (const { visitor, item, at } of clicks) {
    events.push({ id: eventId(at, number++), type: "click", at, anonymous: visitor, itemType: "1", itemId: item });
    if (events.length < BATCH) continue;
    group.push(events);
    events = [];
    if (group.length < atOnce) continue;
    await Promise.all(group.map(post));
    group = [];
  }
  await Promise.all([...group, ...(events.length ? [events] : [])].map(post));
  return number;
}

/** Resolves with the state of the model when it has learnt from this number of rows. */
export async function learnt(collector, rows) {
  for (;;) {
    const answer = await fetch(new URL("/v1/status", collector.adminUrl));
    const { feeds } = await answer.json();
    if (feeds.row >= rows) return feeds;
    await pause(POLL_MS);
  }
}
