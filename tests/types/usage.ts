// Valid code of customers must compile. It is not executed.

import {
  type Config,
  type ConsentState,
  type ConsumeOptions,
  type ConsumeTimer,
  createTracker,
  type Delivery,
  type Destination,
  type Item,
  type ItemId,
  type Loss,
  type Price,
  type Purchase,
  type SearchContext,
  type Stats,
  type Tracker,
  type TrackerError,
  type TrackerEvents,
} from "recobeacon";

const minimal: Tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });

const destinations: Destination[] = [
  { protocol: "batch", endpoint: "https://events.shop.example/v1/events", token: "t", transport: "auto" },
  { protocol: "ibexa", customerId: "00000" },
  { protocol: "ibexa", customerId: "00000", endpoint: "https://event.perso.ibexa.co", path: "api", method: "GET" },
  { protocol: "yoochoose", customerId: "1", solutionId: "ebl" },
  { protocol: "factfinder", endpoint: "https://ff.example/", channel: "en", version: "7", currency: "EUR" },
  { protocol: "factfinder", endpoint: "/", channel: "en", version: "v4", apiKey: "public" },
  { protocol: "intempt", organization: "o", project: "p", source: "s", apiKey: "a.b" },
];

const everything: Config = {
  destinations,
  itemType: "product",
  identity: {
    userId: null,
    anonymousId: "a",
    sessionId: "s",
    accountId: "x",
    cookieName: "c",
    cookieDomain: ".shop.example",
    cookieDays: 90,
    storage: "memory",
    hash: "sha256",
  },
  consent: "pending",
  consentFrom: (set) => set("granted"),
  respect: { gpc: true, dnt: true },
  batch: { maxEvents: 1, maxBytes: 1_000, maxWaitMs: 0 },
  queue: { maxEvents: 1, maxAgeMs: 1, persist: false },
  autoTrack: { attributes: true, dataLayer: true, jsonLd: true, routes: true },
  debug: true,
  onWarning: (warning) => {
    const error: Error = warning;
    const code: TrackerError["code"] = warning.code;
    const field: string | undefined = warning.field;
    return void [error, code, field];
  },
  wasmUrl: new URL("https://cdn.example/recobeacon.wasm"),
};
const tracker = createTracker(everything);

const item: Item = { itemId: 1, itemType: "2", categoryPath: ["Shoes", "Children"], masterId: "m", title: "t" };
const search: SearchContext = { query: "q", position: 1, page: 2 };
const prices: Price[] = ["12.45EUR", { amount: 12.45, currency: "EUR" }, { amount: "12.45", currency: "EUR" }];
const purchase: Purchase = { itemId: "a", price: "1EUR", quantity: 1, orderId: "o", campaign: "c" };
const ids: ItemId[] = [1, "a"];

tracker.click({ ...item, search });
tracker.consume({ itemId: 1, percentage: 40 });
for (const price of prices) tracker.basket({ itemId: 1, quantity: 2, price, campaign: "c" });
tracker.deleteFromBasket({ itemId: 1, quantity: 1 });
tracker.wishlist({ itemId: 1, price: "1EUR" });
tracker.deleteFromWishlist({ itemId: 1 });
tracker.buy(purchase);
tracker.buy([purchase, { itemId: 2 }]);
tracker.rate({ itemId: 1, rating: 80 });
tracker.blacklist({ itemId: 1 });
tracker.rendered({ items: [...ids, item], itemType: 2, scenario: "s", variant: "A" });
tracker.clickRecommended({ itemId: 1, scenario: "s", modelId: 37, mainId: "m" });
tracker.followLink("//event.perso.ibexa.co/x");
tracker.triggerOpened({ triggerName: "t" });
tracker.clickTriggered({ itemId: 1, triggerName: "t" });
tracker.feedback({ query: "q", positive: false, message: "m" });
tracker.cacheHit({ query: "q", page: 1, pageSize: 10, hitCount: 1, searchTimeMs: 1, minScore: 0, maxScore: 1 });
tracker.landingPageClick({ itemId: 1, campaign: "c", pageId: "p" });
tracker.predictiveBasketClick({ itemId: 1 });
tracker.login("ada");
tracker.logout();
tracker.logout({ forget: true });
tracker.page();
const states: ConsentState[] = ["pending", "granted", "anonymous", "denied"];
for (const state of states) tracker.consent(state);

declare const element: Element;
declare const video: HTMLVideoElement;
const options: ConsumeOptions[] = [
  { by: "time", fullAfterMs: 30_000, idleAfterMs: 60_000, stepPercent: 10 },
  { by: "words", words: 850, wordsPerMinute: 230 },
  { by: "scroll", element },
  { by: "media", element: video, ignoreTailMs: 1_000 },
];
for (const option of options) {
  const timer: ConsumeTimer = tracker.consumeTimer(item, option);
  const percentage: number = timer.percentage;
  timer.stop();
  void percentage;
}
tracker.observeRecommendations(element, { scenario: "s", itemType: 1 }).disconnect();

const flushed: Promise<void> = tracker.flush();
const stats: Stats = tracker.stats();
const accepted: number = stats.accepted + (stats.destinations?.batch?.accepted ?? 0);
const offs: (() => void)[] = [
  tracker.on(
    "sent",
    ({ destination, events, bytes, transport, url }) => void [destination, events, bytes, transport, url],
  ),
  tracker.on("acknowledged", (delivery: Delivery) => void delivery),
  tracker.on("dropped", ({ events, code }) => void [events, code]),
  tracker.on("warning", (warning) => console.warn(warning.code, warning.field, warning.message)),
];
const listen = <Type extends keyof TrackerEvents>(type: Type, listener: (detail: TrackerEvents[Type]) => void) =>
  tracker.on(type, listener);
listen("dropped", (loss: Loss) => void loss.events);
const who: (string | null)[] = [tracker.userId, tracker.anonymousId, tracker.sessionId];
const ready: Promise<void> = tracker.ready;
tracker.dispose();

// Readonly lists, and lists of unknown length.
declare const some: readonly Destination[];
createTracker({ destinations: some });
createTracker({ destinations: [{ protocol: "batch", endpoint: "/v1/events" }] as const });
createTracker({ ...everything, debug: false });
const category = ["Shoes", "Children"] as const;
const purchases: readonly Purchase[] = [purchase];
const items: readonly ItemId[] = ids;
tracker.click({ itemId: 1, categoryPath: category });
tracker.buy(purchases);
tracker.rendered({ items });
tracker.cacheHit({
  ...{ query: "q", page: 1, pageSize: 10, hitCount: 1, searchTimeMs: 1, minScore: 0, maxScore: 1 },
  filters: ["colour", "size"] as const,
});

// Optional values may be undefined, also with exactOptionalPropertyTypes.
declare const maybe: string | undefined;
declare const count: number | undefined;
declare const price: Price | undefined;
const loose: Config = {
  destinations: { protocol: "ibexa", customerId: "1", endpoint: maybe, path: maybe, transport: undefined },
  itemType: maybe,
  identity: { userId: maybe, anonymousId: maybe, cookieDays: count, storage: undefined },
  consent: undefined,
  consentFrom: undefined,
  respect: { gpc: undefined },
  batch: { maxEvents: count },
  queue: undefined,
  autoTrack: { dataLayer: undefined },
  debug: undefined,
  onWarning: undefined,
  wasmUrl: maybe,
};
tracker.click({ itemId: 1, itemType: maybe, categoryPath: maybe, search: undefined });
tracker.basket({ itemId: 1, quantity: count, price, campaign: maybe });
tracker.buy({ itemId: 1, orderId: maybe, quantity: count, price });
tracker.consume({ itemId: 1, percentage: count });
tracker.clickRecommended({ itemId: 1, scenario: maybe, variant: maybe, modelId: maybe, mainId: maybe });
tracker.consumeTimer({ itemId: 1 }, { by: "time", fullAfterMs: 1, stepPercent: count });
tracker.observeRecommendations(element, { scenario: "s", variant: maybe, itemType: maybe });
tracker.logout({ forget: undefined });

// A price with its currency, also with a variable amount.
declare const amount: number;
for (const price of [`${amount}EUR`, `EUR ${amount}`, `${amount} €`, `€${amount}`] as const)
  tracker.basket({ itemId: 1, price });

// null is an absent value, numbers may be text, and ids may be numbers.
const from = new URLSearchParams("query=bag&position=2");
const text = from.get("name");
const result: SearchContext = { query: "bag", position: from.get("position") ?? 1, page: text, score: text };
tracker.click({ itemId: 1, itemType: text, categoryPath: text, masterId: 7, title: text, search: result });
tracker.click({ itemId: 1, search: null });
tracker.consume({ itemId: 1, percentage: "40" });
tracker.basket({ itemId: 1, quantity: text, price: null, campaign: text, query: text, filters: null });
tracker.buy({ itemId: 1, orderId: 1001, quantity: "2", price: { amount: "4.90", currency: "EUR" } });
tracker.buy({ itemId: 1, orderId: text });
tracker.rate({ itemId: 1, rating: "80" });
tracker.rendered({ items: [{ itemId: 1, itemType: null }], itemType: null, scenario: 3 });
tracker.clickRecommended({ itemId: 1, scenario: text, modelId: text, mainId: text });
tracker.clickTriggered({ itemId: 1, triggerName: 5 });
tracker.landingPageClick({ itemId: 1, campaign: "c", pageId: 6 });
tracker.feedback({ query: "q", positive: true, message: text });
const [counted, scores] = [
  { page: "1", pageSize: "10", hitCount: "1" },
  { minScore: "0", maxScore: "1" },
];
tracker.cacheHit({ query: "q", ...counted, ...scores, searchTimeMs: "1", itemId: null, customSorting: null });
tracker.consumeTimer({ itemId: 1 }, { by: "scroll", element: document.getElementById("article") });
tracker.consumeTimer({ itemId: 1 }, { by: "media", element: document.querySelector("video") });
tracker.observeRecommendations(document.getElementById("list"), { scenario: 3, itemType: null });
createTracker({
  destinations: { protocol: "ibexa", customerId: 12345 },
  identity: { userId: text, anonymousId: text, sessionId: text, accountId: 5, purchaserId: null },
  consentFrom: maybe ? "tcf" : null,
});
createTracker({ destinations: { protocol: "yoochoose", customerId: 1 }, consentFrom: false });

// Consent from a banner.
const collector = { protocol: "batch", endpoint: "/v1/events" } as const;
createTracker({ destinations: collector, consentFrom: "tcf" });
createTracker({
  destinations: collector,
  consentFrom: { source: "tcf", purposes: [1, 7], vendor: 7, otherwise: "anonymous" },
});
createTracker({ destinations: collector, consentFrom: { source: "gpp", purposes: [1] } });
createTracker({
  destinations: collector,
  consentFrom: { source: "google", types: ["analytics_storage"], dataLayer: "layer" },
});
createTracker({ destinations: collector, consentFrom: { source: "wp", category: "statistics" } });
createTracker({ destinations: collector, consentFrom: { source: "shopify", purpose: "analytics" } });

// The script tag's function.
window.reco?.("create", everything);
window.reco?.("click", { itemId: 1, categoryPath: category });
window.reco?.("login", "ada");
window.reco?.("page");
window.reco?.("on", "warning", ({ code, message }) => console.warn(code, message));
window.reco?.("ready", (tracker) => tracker.click({ itemId: 1 }));
const stats2: Stats | undefined = window.reco?.("stats");
window.reco?.q.push(["click", [{ itemId: 1 }], 0]);

export default [minimal, flushed, accepted, offs, who, ready, loose, stats2];
