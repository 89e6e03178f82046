// What a customer may write must compile. Nothing here is run.

import {
  type Config,
  type ConsentState,
  type ConsumeOptions,
  type ConsumeTimer,
  createTracker,
  type Destination,
  type Item,
  type ItemId,
  type Price,
  type Purchase,
  type SearchContext,
  type Stats,
  type Tracker,
  type TrackerError,
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
tracker.rendered({ items: [...ids, item], itemType: 2, scenario: "s" });
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
const off: () => void = tracker.on("acknowledged", (detail) => void detail);
const who: (string | null)[] = [tracker.userId, tracker.anonymousId, tracker.sessionId];
const ready: Promise<void> = tracker.ready;
tracker.dispose();

export default [minimal, flushed, accepted, off, who, ready];
