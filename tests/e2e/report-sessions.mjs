// Sessions of invented visitors for the report, always the same: with copies, late events, wrong clocks, several
// currencies and customers, refused requests, and orders that no page reported.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Names that a page could put into a report. */
export const NAMES = {
  script: '<script>globalThis.hacked = 1</script><img src=x onerror="globalThis.hacked = 1">',
  formula: '=HYPERLINK("http://attacker.example")',
  long: "w".repeat(512),
};
const SCENARIOS = ["also", "bought", "home", NAMES.script, NAMES.formula, NAMES.long, undefined];
const ORIGINS = { "http://a.example": "shop-a", "http://b.example": "shop-b" };

/** The configuration with these customers. */
export const CONFIG = `origins = ["http://none.example"]
${Object.entries(ORIGINS)
  .map(([origin, name]) => `[[customers]]\ninterface = "batch"\nname = "${name}"\norigins = ["${origin}"]`)
  .join("\n")}
[[variants]]
scenario = "planned"
reference = "old"
weights = { old = 3, new = 1 }
`;

/** The plans of the configuration. */
export const PLANS = { planned: { reference: "old", weights: { old: 3, new: 1 } } };

/** Numbers that look random, from 0 to below 1 (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KINDS = [
  ["click", 30],
  ["rendered", 25],
  ["clickRecommended", 20],
  ["consume", 10],
  ["basket", 8],
  ["buy", 10],
  ["wishlist", 2],
].flatMap(([kind, times]) => new Array(times).fill(kind));
const PRICES = ["12.45EUR", "0.1EUR", "0.2EUR", "3USD", "1299JPY", "8999999999.999999CHF", "7.5XXX", undefined];
const QUANTITIES = [undefined, 1, 2, 0.5, 0.333333, 1_000_000];

/** Makes batches: `{ origin, body }`. `now` is the time of sending by a right clock. */
export function batches(now, count = 150) {
  const next = numbers(20_260_105);
  const pick = (list) => list[Math.floor(next() * list.length)];
  let made = 0;
  const event = (sentAt, visitor, ids) => {
    made += 1;
    const type = pick(KINDS);
    // A clock that was changed after the event makes an impossible difference.
    const delay = pick([10, 2_000, 59_000, 5 * 60_000, 3 * HOUR, 2 * DAY, 6 * DAY, -5_000, 30 * DAY]);
    const item = { itemId: `${Math.floor(next() ** 3 * 40)}`, itemType: pick(["1", "1", "2"]) };
    const id = `0193bdc1-0000-7000-8000-${made.toString(16).padStart(12, "0")}`;
    const about = { id, type, at: sentAt - delay, ...ids };
    if (type === "rendered") return { ...about, itemType: "1", items: ["1", "2"], scenario: pick(SCENARIOS) };
    const orderId = next() < 0.5 ? `${visitor}-${made % 7}` : undefined;
    return {
      ...about,
      ...item,
      ...(type === "clickRecommended" && { scenario: pick(SCENARIOS) }),
      ...(type === "consume" && { percentage: pick([undefined, 0, 24, 25, 60, 75, 99, 100]) }),
      ...(type === "buy" && { price: pick(PRICES), quantity: pick(QUANTITIES), orderId }),
    };
  };
  return Array.from({ length: count }, (_, place) => {
    const skew = pick([0, 0, 0, 30_000, -10 * 60_000, 5 * HOUR, -20 * DAY]);
    const sentAt = now + skew;
    const visitor = `visitor-${Math.floor(next() * 25)}`;
    const anonymous = next() < 0.9 ? visitor : undefined;
    const user = next() < 0.2 ? `account-${visitor}` : undefined;
    const length = 1 + Math.floor(next() * 15);
    const events = Array.from({ length }, () => event(sentAt, visitor, { anonymous, user }));
    const body = { v: 1, stream: `s${place}`, seq: 0, sentAt, events };
    return { origin: pick([undefined, undefined, ...Object.keys(ORIGINS)]), body };
  });
}

/**
 * Batches of visitors who see variants and click and buy by turns: scenarios with a difference in both directions, with
 * none, with a wrong split, with too few visitors, with names of an attacker, and of a customer.
 */
export function tests(now) {
  let made = 0;
  const of = (scenario, visitors, variantOf, clicks, buys, origin) => ({
    scenario,
    visitors,
    variantOf,
    clicks,
    buys,
    origin,
  });
  const half = (n) => (n % 2 ? "B" : "A");
  const planned = (n) => (n % 40 === 7 ? "strange" : n % 4 ? "old" : "new");
  return [
    of("better", 600, half, { A: 8, B: 2 }, { A: 5, B: 5 }),
    of("planned", 800, planned, { old: 2, new: 9, strange: 3 }, { old: 4, new: 3, strange: 2 }),
    of("split", 300, (n) => (n % 3 ? "A" : "B"), { A: 4, B: 4 }, { A: 6, B: 5 }),
    of("better", 50, half, { A: 3, B: 3 }, { A: 9, B: 9 }, "http://a.example"),
    of(NAMES.script, 6, (n) => [NAMES.formula, "higher", NAMES.long][n % 3], { higher: 2 }, { higher: 1 }),
  ].flatMap(({ scenario, visitors, variantOf, clicks, buys, origin }, test) => {
    const events = Array.from({ length: visitors }, (_, n) => {
      const variant = variantOf(n);
      // The last tenth saw it within the last day.
      const at = n < visitors * 0.9 ? now - 3 * DAY + n * 1000 : now - HOUR - n * 1000;
      const event = (type, after, fields) => {
        made += 1;
        const id = `0193bdc2-0000-7000-8000-${made.toString(16).padStart(12, "0")}`;
        return { id, type, at: at + after, anonymous: `tester-${test}-${n}`, itemType: "1", ...fields };
      };
      const all = [event("rendered", 0, { items: ["1"], scenario, variant })];
      const turn = Math.floor(n / 4);
      if (turn % clicks[variant] === 0) all.push(event("clickRecommended", 5000, { itemId: "1", scenario, variant }));
      // One in ten buys too late, and one in fifty sees another variant.
      if (turn % buys[variant] === 0)
        all.push(event("buy", n % 10 ? 9000 : 30 * HOUR, { itemId: "1", price: "3.00EUR" }));
      if (n % 50 === 9) all.push(event("rendered", 6000, { items: ["1"], scenario, variant: "A" }));
      return all.filter(({ at }) => at < now);
    }).flat();
    return Array.from({ length: Math.ceil(events.length / 500) }, (_, seq) => ({
      origin,
      body: { v: 1, stream: `t${test}`, seq, sentAt: now, events: events.slice(seq * 500, (seq + 1) * 500) },
    }));
  });
}

const post = (url, body, headers = {}) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });

/** Sends everything. Returns the number of refused requests by interface and reason. */
export async function send(collector, all, now) {
  const address = `${collector.url}/v1/events`;
  const expect = async (status, answer) => {
    if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${await answer.text()}`);
  };
  for (const [place, { origin, body }] of all.entries()) {
    const headers = origin && { origin };
    await expect(204, await post(address, JSON.stringify(body), headers));
    // Each fifth batch comes again, and each seventh in another batch with an event more of another page.
    if (place % 5 === 0) await expect(204, await post(address, JSON.stringify(body), headers));
    if (place % 7 === 0) await expect(204, await post(address, JSON.stringify({ ...body, seq: 1 }), headers));
  }
  for (let n = 0; n < 3; n += 1) await expect(400, await post(address, `{"v":1,"events":[{"n":${n}}]}`));
  for (let n = 0; n < 2; n += 1) await expect(403, await post(address, "{}", { origin: "http://x.example" }));
  await expect(400, await fetch(`${collector.url}/api/00000/rate/u/1/2?rating=1000`));
  await expect(204, await fetch(`${collector.url}/api/00000/click/visitor-1/1/7`));
  const orders = [
    { orderId: "only-shop-1", at: now - 3 * DAY, items: [{ itemId: "1", price: "5.00EUR", quantity: 2 }] },
    { orderId: "only-shop-2", at: now - 40 * DAY, items: [{ itemId: "2", price: "6.00EUR" }] },
    { orderId: "only-shop-3", at: now - 20 * DAY, items: [{ itemId: "2", price: "7.01GBP" }, { itemId: "3" }] },
  ];
  const { orderId, itemId, itemType } = all
    .filter(({ origin }) => !origin)
    .flatMap(({ body }) => body.events)
    .find((event) => event.orderId);
  orders.push({ orderId, items: [{ itemId, itemType }] });
  await expect(200, await post(`${collector.adminUrl}/v1/orders`, JSON.stringify({ orders })));
  return [
    { interface: "batch", reason: "invalid", requests: 3 },
    { interface: "batch", reason: "origin", requests: 2 },
    { interface: "ibexa", reason: "invalid", requests: 1 },
  ];
}
