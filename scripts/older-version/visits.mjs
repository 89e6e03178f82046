// The page views that leave something behind, and the events that a later version has to deliver from it.

import { reset, slow, status } from "../../tests/faults/faults.mjs";

const BATCH = [{ protocol: "batch", endpoint: "/v1/events" }];
const BOTH = [...BATCH, { protocol: "ibexa", customerId: "00000", endpoint: "/" }];
const FACTFINDER = [{ protocol: "factfinder", version: "v5", channel: "de", endpoint: "/" }];

const SCRIPT = /reco\.js/;
const MODULE = /\.wasm/;

const item = (itemId, more = {}) => ({ itemId, categoryPath: "a", ...more });
const buy = (itemId, orderId) => ["buy", item(itemId, { price: "100EUR", orderId })];

/**
 * `calls` are made as soon as the tracker has started, `offlineCalls` after them, when the browser has no network. `hold`: the file that is not answered;
 * `fault`: the response to requests with events; `user`: the account; `delivered`: the collector has the events, so a later version must not send
 * them; `stays`: milliseconds before the page is left.
 * @type {any[]}
 */
export const VISITS = [
  // An order and a login that were delivered and acknowledged: reco_orders, reco_logins, and the visitor's cookies.
  {
    destinations: BATCH,
    user: "ada",
    calls: [["login", "ada"], buy("601", "o1")],
    delivered: true,
    stays: 4_000,
  },
  // Pending events.
  {
    destinations: BATCH,
    user: "ada",
    calls: [],
    offlineCalls: [
      ["click", item("101")],
      ["click", item("102")],
      ["consume", item("103", { percentage: 40 })],
    ],
  },
  // A batch that was made and not acknowledged, and an event behind it.
  {
    destinations: BATCH,
    user: "ada",
    fault: reset,
    calls: [
      ["click", item("104")],
      ["basket", item("105")],
    ],
    offlineCalls: [["click", item("106")]],
  },
  // Pending events for two destinations, and an order.
  {
    destinations: BOTH,
    user: "ada",
    calls: [],
    offlineCalls: [["rendered", { items: ["201", "202"], scenario: "s" }], ["click", item("301")], buy("302", "o2")],
  },
  // Requests that were made for two destinations and refused.
  {
    destinations: BOTH,
    user: "ada",
    fault: status(503, { "Retry-After": "60" }),
    calls: [
      ["click", item("303")],
      ["basket", item("304")],
    ],
    offlineCalls: [["click", item("305")]],
  },
  // A batch that the collector has. The acknowledgement is a cookie that came after the page was left.
  {
    destinations: BATCH,
    user: "ada",
    fault: slow(1_500),
    calls: [["basket", item("501")]],
    delivered: true,
    stays: 300,
  },
  // Without the module, for one collector: a raw batch, and the order in it.
  { destinations: BATCH, user: "ada", hold: MODULE, fault: reset, calls: [["click", item("401")], buy("402", "o3")] },
  // Without the script: the stub parks the calls.
  { destinations: BATCH, user: "ada", hold: SCRIPT, calls: [["click", item("403")]] },
  // Without the module, for two destinations: reco.js parks the calls.
  { destinations: BOTH, user: "ada", hold: MODULE, calls: [["click", item("404")]] },
  // Without the script, and another account.
  {
    destinations: BOTH,
    user: "bob",
    hold: SCRIPT,
    calls: [
      ["login", "bob"],
      ["click", item("405")],
    ],
  },
  // FACT-Finder's session.
  { destinations: FACTFINDER, user: "ada", session: true, calls: [] },
  // A visitor who refuses tracking.
  { destinations: BATCH, calls: [["consent", "denied"]], denies: true },
];

/** The id that an event has in these texts; none before the module has made an event of the call. */
function idOf(verb, time, texts) {
  const pattern = new RegExp(`"id":"([^"]+)","type":"${verb}","at":${time}`);
  return texts.map(([, text]) => text.match(pattern)?.[1]).find(Boolean);
}

/** The events that a later version has to deliver for the calls of a visit, each with its destination, time and account. */
export function expectations({ destinations, user, delivered, fault, calls, offlineCalls = [] }, times, texts) {
  if (delivered) return [];
  return [...calls, ...offlineCalls].flatMap(([verb, { itemId, orderId }], place) =>
    destinations
      // The page has given the other requests to the browser, and a request to a vendor is sent once only.
      .filter(({ protocol }) => protocol === "batch" || !fault || place >= calls.length)
      .map(({ protocol }) => ({
        source: protocol,
        type: verb,
        user,
        itemId,
        orderId,
        at: times[place],
        id: protocol === "batch" ? idOf(verb, times[place], texts) : undefined,
      })),
  );
}
