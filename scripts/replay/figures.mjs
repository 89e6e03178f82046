// The figures of the collector's report, computed a second time from the rows that GET /v1/events, /v1/batches and
// /v1/orders return. docs/report.md defines them. Nothing here uses the collector's code or SQL.

import { isDeepStrictEqual } from "node:util";
import { compare, groups } from "./lists.mjs";
import { variants } from "./variants.mjs";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const WINDOW = 7 * DAY;
const MOST_ITEMS = 20;
const MILLION = 1_000_000n;

/** The time of an event by the collector's clock. */
function timeOf({ at, sentAt, receivedAt }) {
  if (sentAt === undefined) return Math.min(at, receivedAt);
  return isChanged({ at, sentAt }) ? receivedAt : receivedAt - (sentAt - at);
}

const isChanged = ({ at, sentAt }) => sentAt < at || sentAt - at > WINDOW;

/** Millionths of a decimal number. */
function micros(text) {
  const [whole, decimals = ""] = String(text).split(".");
  return BigInt(whole) * MILLION + BigInt(decimals.padEnd(6, "0"));
}

function decimal(value, least) {
  const decimals = (value % MILLION).toString().padStart(6, "0").replace(/0+$/, "").padEnd(least, "0");
  return decimals ? `${value / MILLION}.${decimals}` : `${value / MILLION}`;
}

/** A share in percent, rounded to hundredths. */
function share(part, whole) {
  if (!whole) return null;
  const hundredths = (BigInt(part) * 20_000n + BigInt(whole)) / (2n * BigInt(whole));
  return Number(hundredths) / 100;
}

class Money {
  #sums = new Map();
  add({ price, quantity = 1 }) {
    if (price === undefined) return;
    const currency = price.slice(-3);
    const line = (micros(price.slice(0, -3)) * micros(quantity) + MILLION / 2n) / MILLION;
    this.#sums.set(currency, (this.#sums.get(currency) ?? 0n) + line);
  }
  list() {
    const sorted = [...this.#sums].sort(([a], [b]) => compare(a, b));
    return sorted.map(([currency, sum]) => ({ amount: decimal(sum, 2), currency }));
  }
}

const distinct = (events) => new Set(events.map(({ visitor }) => visitor).filter(Boolean)).size;

const itemKey = ({ customer, visitor, itemType, itemId }) => JSON.stringify([customer, visitor, itemType, itemId]);

function days(events, begin, end) {
  const step = end - begin <= 2 * DAY ? HOUR : DAY;
  const found = groups(events, ({ time }) => Math.floor((time - begin) / step));
  return Array.from({ length: (end - begin) / step }, (_, place) => {
    const some = found.get(place) ?? [];
    const date = new Date(begin + place * step).toISOString();
    return {
      begin: step === DAY ? date.slice(0, 10) : date.slice(0, 16).replace("T", " "),
      events: some.length,
      visitors: distinct(some),
      clicks: some.filter(({ type }) => type === "click").length,
      baskets: some.filter(({ type }) => type === "basket").length,
      purchases: some.filter(({ type }) => type === "buy").length,
    };
  });
}

function funnel(events) {
  const all = distinct(events);
  return ["click", "basket", "buy"].map((step) => {
    const some = events.filter(({ type }) => type === step);
    return { step, visitors: distinct(some), percent: share(distinct(some), all), events: some.length };
  });
}

function sold(lines) {
  const money = new Money();
  for (const line of lines) money.add(line);
  const units = lines.reduce((sum, { quantity = 1 }) => sum + micros(quantity), 0n);
  return { purchases: lines.length, units: Number(decimal(units, 0)), revenue: money.list() };
}

function revenue(events) {
  const lines = groups(
    events.filter(({ type }) => type === "buy"),
    ({ price }) => price?.slice(-3) ?? "",
  );
  return [...lines].sort(([a], [b]) => compare(a, b)).map(([currency, some]) => ({ currency, ...sold(some) }));
}

function items(events) {
  const kinds = ["click", "consume", "basket", "buy"];
  const some = events.filter(({ type, itemId }) => kinds.includes(type) && itemId !== undefined);
  const of = (all, kind) => all.filter(({ type }) => type === kind);
  return [...groups(some, ({ itemType, itemId }) => JSON.stringify([itemType, itemId])).values()]
    .sort((a, b) => b.length - a.length || compare(a[0].itemType, b[0].itemType) || compare(a[0].itemId, b[0].itemId))
    .slice(0, MOST_ITEMS)
    .map((all) => ({
      itemType: all[0].itemType,
      itemId: all[0].itemId,
      events: all.length,
      clicks: of(all, "click").length,
      consumed: of(all, "consume").length,
      baskets: of(all, "basket").length,
      ...sold(of(all, "buy")),
    }));
}

function scenarios(events, clicksBefore) {
  const shown = events.filter(({ type }) => type === "rendered" || type === "clickRecommended");
  const found = new Map();
  for (const [scenario, some] of groups(shown, ({ scenario = "" }) => scenario)) {
    const seen = some.filter(({ type }) => type === "rendered");
    const clicked = some.filter(({ type }) => type === "clickRecommended");
    const clickers = new Set(clicked.map(({ visitor }) => visitor));
    found.set(scenario, {
      scenario,
      seen: seen.length,
      seenVisitors: distinct(seen),
      clicked: clicked.length,
      clickedVisitors: distinct(clicked),
      clickPercent: share(distinct(seen.filter(({ visitor }) => clickers.has(visitor))), distinct(seen)),
    });
  }
  const clicks = groups(
    [...clicksBefore, ...events].filter(({ type, visitor }) => type === "clickRecommended" && visitor),
    itemKey,
  );
  const bought = new Map();
  for (const line of events.filter(({ type, visitor }) => type === "buy" && visitor)) {
    const before = (clicks.get(itemKey(line)) ?? []).filter(
      ({ time }) => time <= line.time && line.time - time <= WINDOW,
    );
    for (const scenario of new Set(before.map(({ scenario = "" }) => scenario)))
      bought.set(scenario, [...(bought.get(scenario) ?? []), line]);
  }
  const none = { seen: 0, seenVisitors: 0, clicked: 0, clickedVisitors: 0, clickPercent: null };
  for (const scenario of bought.keys()) if (!found.has(scenario)) found.set(scenario, { scenario, ...none });
  return [...found.values()]
    .sort((a, b) => b.clicked - a.clicked || b.seen - a.seen || compare(a.scenario, b.scenario))
    .map((row) => {
      const { purchases, revenue } = sold(bought.get(row.scenario) ?? []);
      return { ...row, purchases, revenue };
    });
}

function consumption(events) {
  const some = events.filter(({ type }) => type === "consume");
  const parts = [
    { part: "0 to 24 %", from: 0, below: 25 },
    { part: "25 to 49 %", from: 25, below: 50 },
    { part: "50 to 74 %", from: 50, below: 75 },
    { part: "75 to 99 %", from: 75, below: 100 },
    { part: "100 %", from: 100, below: 101 },
  ];
  return parts.map(({ part, from, below }) => {
    const within = some.filter(({ percentage = 100 }) => percentage >= from && percentage < below);
    return {
      part,
      events: within.length,
      visitors: distinct(within),
      percent: share(within.length, some.length),
    };
  });
}

/** Rows of a name and the number of things with it, with their share. */
function shares(names, things, nameOf, [key, count]) {
  const found = groups(things, nameOf);
  return names.map((name) => {
    const some = found.get(name)?.length ?? 0;
    return { [key]: name, [count]: some, percent: share(some, things.length) };
  });
}

const RANGES = ["up to 1 minute", "1 minute to 1 hour", "1 hour to 1 day", "more than 1 day"];
const CHANGED = "changed between the event and its sending";
const range = (ms) => RANGES[ms <= 60_000 ? 0 : ms <= HOUR ? 1 : ms <= DAY ? 2 : 3];

function quality(events, batches, orders) {
  const dated = events.filter(({ sentAt }) => sentAt !== undefined);
  const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);
  const came = sum(batches, ({ events, copies }) => events * (1 + copies));
  const stored = sum(batches, ({ stored }) => stored);
  const reporters = { both: "page and shop", page: "pages only", shop: "shop only" };
  const reported = shares(Object.values(reporters), orders, (order) => reporters[order.reported], [
    "reported",
    "orders",
  ]);
  return {
    delivery: [
      {
        batches: batches.length,
        repeatedBatches: sum(batches, ({ copies }) => copies),
        events: came,
        stored,
        copies: came - stored,
      },
    ],
    delays: shares(RANGES, dated, ({ receivedAt, time }) => range(receivedAt - time), ["delay", "events"]),
    clocks: shares(
      [...RANGES, CHANGED],
      dated,
      (event) => (isChanged(event) ? CHANGED : range(Math.abs(event.sentAt - event.receivedAt))),
      ["difference", "events"],
    ),
    orders: reported.map((row) => {
      const some = orders.filter((order) => reporters[order.reported] === row.reported);
      return { ...row, copies: sum(some, ({ copies }) => copies) };
    }),
  };
}

/**
 * The report of these rows, without `madeAt` and `refused`. `from` and `to` are dates; `customer` is a name, "/" for
 * events without a customer, or nothing for all. Variants are compared over all rows until `now`, with these plans.
 */
export function figures({ rows, batches, orders, from, to, customer, now, plans }) {
  const begin = Date.parse(from);
  const end = Date.parse(to) + DAY;
  const within = (time) => time >= begin && time < end;
  const all = rows
    .map((row) => ({
      ...row,
      time: timeOf(row),
      customer: row.customer ?? "",
      visitor: row.anonymous ?? row.user,
      itemType: row.itemType ?? "",
    }))
    .filter((row) => !customer || row.customer === (customer === "/" ? "" : customer));
  const events = all.filter(({ time }) => within(time));
  return {
    from,
    to,
    ...(customer && { customer }),
    totals: [
      {
        events: events.length,
        visitors: distinct(events),
        eventsWithoutVisitor: events.filter(({ visitor }) => !visitor).length,
      },
    ],
    days: days(events, begin, end),
    funnel: funnel(events),
    revenue: revenue(events),
    scenarios: scenarios(
      events,
      all.filter(({ time }) => time < begin),
    ),
    variants: variants(all, now, plans),
    items: items(events),
    consumption: consumption(events),
    ...quality(
      events,
      batches.filter(({ receivedAt }) => within(receivedAt)),
      // Orders of the list have no customer, so they are compared for all customers only.
      orders.filter(({ firstAt }) => within(firstAt)),
    ),
  };
}

/** The tables of the collector's report of yesterday and today that differ from these rows. */
export async function wrongFigures(collector, stored) {
  const date = (ms) => new Date(ms).toISOString().slice(0, 10);
  const question = { from: date(Date.now() - DAY), to: date(Date.now()) };
  const answer = await fetch(`${collector.adminUrl}/report/report.json?${new URLSearchParams(question)}`);
  if (!answer.ok) throw new Error(`GET /report/report.json: ${answer.status} ${await answer.text()}`);
  const report = await answer.json();
  return Object.entries(figures({ ...stored, ...question, now: report.madeAt }))
    .filter(([name, expected]) => !isDeepStrictEqual(report[name], expected))
    .map(([name]) => name);
}
