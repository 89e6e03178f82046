/**
 * recobeacon: recommendation tracking for shops and publishers.
 *
 * No call throws into the page or waits for anything. Calls may be made before the module is loaded: they are kept with their time and carried out
 * in order. Wrong calls are reported to `onWarning` and have no other effect.
 */

/**
 * Makes a tracker. Returns at once; the module loads in the background.
 *
 * Importing the package does nothing. In Node, where pages are rendered for many visitors, every call is silently without effect and `ready`
 * resolves. A second tracker for the same destinations is the first one again, with a warning.
 *
 * With the script tag the same is `reco("create", config)`, then `reco("click", {...})` and so on; `reco("ready", (tracker) => ...)` hands out the
 * tracker. Until the script is there `reco` returns undefined and keeps `[verb, args[], Date.now()]` in `reco.q`. Calls of a page that is left
 * before that are parked for the next page, or sent to the collector as they are: docs/loading.md.
 */
export function createTracker(config: Config): Tracker;

// ------------------------------------------------------------------------------- configuration

export interface Config {
  /** Where events go. Each destination gets its own translation of every event. Required. */
  destinations: Destination | Destination[];
  /** Item type of events that name none. Default "1". */
  itemType?: number | string;
  identity?: IdentityConfig;
  /** Default "granted". Under Global Privacy Control, or after a remembered "denied", it is "denied" instead. */
  consent?: ConsentState;
  /**
   * Where consent comes from instead of calls to `consent()`. Until the function calls `set`, consent is what `consent` says, by default "pending".
   * This version takes the function; "tcf" and "google" are reported as `unknown-option`, and consent waits for `consent()`.
   */
  consentFrom?: "tcf" | "google" | ((set: (state: ConsentState) => void) => void);
  /** Which of the browser's signals mean "denied". Default `{ gpc: true, dnt: false }`. */
  respect?: { gpc?: boolean; dnt?: boolean };
  /** When a batch is closed: whichever comes first. */
  batch?: {
    /** 1 to 1000 events. Default 20. */
    maxEvents?: number;
    /** Most bytes of a request's body, 1000 to 60000. Default 16000: the browser's 64 KiB for beacons are shared by all scripts of a page. */
    maxBytes?: number;
    /** Milliseconds after the batch's first event, 0 to 600000. Default 2000. */
    maxWaitMs?: number;
  };
  /** The queue of each destination. */
  queue?: {
    /** 1 to 100000. Default 1000. Over it the oldest event is given up (`queue-full`). */
    maxEvents?: number;
    /** Milliseconds, up to 7 days, which is the default. The vendors, who take no time of the event: at most 24 hours. */
    maxAgeMs?: number;
    /** Whether what is not delivered may be kept in localStorage for the site's next page. Default true; never without consent. */
    persist?: boolean;
  };
  /**
   * Tracking without code; `true` is `{ attributes: true }`. Default false for npm, true for the script tag.
   * - `attributes`: elements with `data-reco-*`, see below;
   * - `dataLayer`: Google's e-commerce events in the page's data layer, see DataLayerOptions;
   * - `jsonLd`: where such an element names no item, it is about the page's `Product` in JSON-LD or `<meta>`. It sends nothing by itself;
   * - `routes`: another address, not counting what stands behind `#`, calls `page()`.
   */
  autoTrack?:
    | boolean
    | { attributes?: boolean; dataLayer?: boolean | DataLayerOptions; jsonLd?: boolean; routes?: boolean };
  /** Logs every call, request and warning to the console. Default false. */
  debug?: boolean;
  /** Called with everything that went wrong: bad calls, lost events, an unreachable endpoint. */
  onWarning?: (warning: TrackerError) => void;
  /**
   * Where the module is loaded from, instead of beside `reco.js` or from within the package: `recobeacon.wasm`, or `recobeacon-all.wasm` where a
   * destination is "yoochoose", "factfinder" or "intempt", or `autoTrack.dataLayer` is on.
   */
  wasmUrl?: string | URL;
  /**
   * With the script tag: the folder in which the other files of `dist/` are, for a page that runs reco.js where its own address cannot be
   * known (combined with other scripts, as a blob, by `eval`). It covers the module, measure.js and whatever is loaded later.
   * `wasmUrl` goes before it. Default: the folder of reco.js.
   */
  baseUrl?: string | URL;
}

/**
 * `transport`:
 * - "beacon", the default: `navigator.sendBeacon` first, `fetch` with `keepalive` when it refuses;
 * - "auto": `fetch` while the page is visible, so that the answer can be read, a beacon when it is hidden;
 * - "fetch": always `fetch` with `keepalive`, as for every destination with an `apiKey` and every GET.
 *
 * Keys stand in the page, where everybody can read them: only keys that are meant for that.
 */
export type Destination = {
  transport?: "beacon" | "auto" | "fetch";
} /** A first-party collector. `endpoint` is used as given, relative to the page is fine. */ & (
  | { protocol: "batch"; endpoint: string; token?: string }
  /**
   * Ibexa Personalization. `endpoint` "https://event.perso.ibexa.co", `path` "api", `method` "POST". "GET" always goes by fetch: a beacon cannot.
   */
  | { protocol: "ibexa"; customerId: string; endpoint?: string; path?: string; method?: "POST" | "GET" }
  /** Ibexa's older form. `endpoint` "https://event.yoochoose.net", `solutionId` "ebl", `method` "POST". `buy` needs a price, item types are 1 to 5. */
  | { protocol: "yoochoose"; customerId: string; solutionId?: string; endpoint?: string; method?: "POST" | "GET" }
  /**
   * FACT-Finder. `version` "v5"; "7" is `Tracking.ff`. `apiKey` is sent as `X-FF-API-Key`; without one requests are such as need no preflight, for a
   * proxy or a collector. `currency`: the channel's; a price in another one is left out with a warning.
   */
  | {
      protocol: "factfinder";
      endpoint: string;
      channel: string;
      version?: "v2" | "v3" | "v4" | "v5" | "7";
      apiKey?: string;
      currency?: string;
    }
  /**
   * Intempt. `endpoint` "https://api.intempt.com". `source` is text: it has more digits than a number holds. `apiKey` "identifier.secret", of a key
   * that can do nothing but bring events in. An anonymous visitor goes as `profileId` and `anotherUserId`.
   */
  | { protocol: "intempt"; organization: string; project: string; source: string; apiKey?: string; endpoint?: string }
);

/**
 * `autoTrack.dataLayer`: Google's e-commerce events (GA4) are tracked as they are pushed to the page's data layer, as objects or by `gtag()`, those
 * from before too. docs/google-ecommerce.md has what becomes of each. `true` is `{}`.
 */
export interface DataLayerOptions {
  /**
   * Which item lists are recommendations: their scenarios by the lists' names or ids (`item_list_name`, `item_list_id`), or `true`: all, with their
   * names as scenarios. Only for these `view_item_list` is `rendered` and `select_item` is `clickRecommended`. Default: none.
   */
  lists?: true | Record<string, string>;
  /** The layer's name in the page. Default "dataLayer". */
  name?: string;
}

export interface IdentityConfig {
  /**
   * The account that this page was made for: like `login(userId)` at load, one login event a pair. null: nobody is logged in. Left out: whoever
   * `login` left. Case-sensitive; up to 512 bytes.
   */
  userId?: string | null;
  /** The site's own visitor id. Then no identity cookie is written. */
  anonymousId?: string;
  /** FACT-Finder: the shop's own session id, exactly 30 letters or digits. Used as it is, and not kept. */
  sessionId?: string;
  /** Intempt: the account that the visitor belongs to. */
  accountId?: string;
  /** Default "reco_id"; letters, digits and `-_.`. Its companion `<name>_at` says when it was written. */
  cookieName?: string;
  /** Default: the registrable domain, found by trying. */
  cookieDomain?: string;
  /** Days from the last use, 1 to 400. Default 90 (Ibexa's advice). Safari keeps a script's cookie 7 days. */
  cookieDays?: number;
  /** "memory": nothing is stored on the device. Default "cookie". */
  storage?: "cookie" | "memory";
}

/**
 * - "pending": keep in memory, send and store nothing yet;
 * - "granted": track;
 * - "anonymous": send, but store nothing and link to nobody (Ibexa gets the user `not_defined`,
 *   FACT-Finder a session for this page, Intempt nothing);
 * - "denied": send and store nothing, and delete what is stored. By `consent()` it is remembered for
 *   180 days in the cookie `reco_off`, and beats `config.consent`; `consent("granted")` ends it.
 */
export type ConsentState = "pending" | "granted" | "anonymous" | "denied";

// -------------------------------------------------------------------------------------- events

/** Text up to 512 bytes, or a whole number from 0. No backslash, no control character. */
export type ItemId = string | number;

export interface Item {
  itemId: ItemId;
  itemType?: number | string;
  /** "Shoes/Children" or ["Shoes", "Children"]. Outer slashes don't count; a list's element has none, an empty one is skipped. */
  categoryPath?: string | string[];
  /** The product that a variant belongs to. */
  masterId?: string;
  /** Up to 2000 bytes. */
  title?: string;
}

/**
 * What one unit cost, taxes and discounts included: "12.45EUR", or an amount and an ISO 4217 currency in capitals. Not negative, below
 * 9,000,000,000, at most 6 decimals. Nothing is padded or converted; a number is written as JavaScript prints it.
 */
export type Price = string | { amount: number | string; currency: string };

/** The result list that a click came from. `position` counts from 1 over all pages. */
export interface SearchContext {
  query: string;
  position: number;
  originalPosition?: number;
  page?: number;
  pageSize?: number;
  originalPageSize?: number;
  score?: number;
  campaign?: string;
}

export interface Tracker {
  /** Resolves when the module is there. Rejects with a TrackerError (`config`, `wasm-unavailable`); nobody has to listen. */
  readonly ready: Promise<void>;
  /** The account, or null. Before `ready`: what the configuration or `login` said. */
  readonly userId: string | null;
  /** The anonymous id. null before `ready`, and where consent forbids one. */
  readonly anonymousId: string | null;
  /**
   * FACT-Finder's `sid`, which every search request has to have as well: `identity.sessionId`, or 30 letters and digits that last until they were
   * idle for 24 hours. null where no destination is FACT-Finder's, before `ready`, and while consent is "denied".
   */
  readonly sessionId: string | null;

  /**
   * An item's own page was opened. Ibexa expects `categoryPath`: without it there is one warning. FACT-Finder gets the clicks that come with
   * `search`, and no others.
   */
  click(event: Item & { search?: SearchContext }): void;
  /** An item was read or watched. `percentage` 0 to 100, rounded down; left out it counts as 100. */
  consume(event: Item & { percentage?: number }): void;
  /** An item was put into the basket. */
  basket(event: Item & { quantity?: number; price?: Price; campaign?: string }): void;
  deleteFromBasket(event: Item & { quantity?: number }): void;
  wishlist(event: Item & { price?: Price }): void;
  deleteFromWishlist(event: Item): void;
  /** Items were bought. Call it where nothing can go wrong any more: on the confirmation page. */
  buy(event: Purchase | Purchase[]): void;
  /** `rating`: whole, 0 to 100. */
  rate(event: Item & { rating: number }): void;
  /** The visitor wants no more recommendations of this item. */
  blacklist(event: Item): void;

  /** Recommendations were seen. 1 to 1000 items. */
  rendered(event: { items: (ItemId | Item)[]; itemType?: number | string; scenario?: string }): void;
  /** A recommendation was clicked. Ibexa and YOOCHOOSE need the `scenario` that it came from, FACT-Finder the `mainId` of the product that it was for. */
  clickRecommended(event: Item & { scenario?: string; modelId?: ItemId; mainId?: ItemId }): void;
  /**
   * A ready-made link out of a recommendation response or a trigger message, with or without a scheme. It is called as it is, if its host is that of
   * an Ibexa or YOOCHOOSE destination's (absolute) endpoint, or `tracker.ibexa.co` for Ibexa; and only while consent is "granted", because it has a
   * user id in it.
   */
  followLink(url: string): void;
  triggerOpened(event: { triggerName: string }): void;
  clickTriggered(event: Item & { triggerName: string }): void;

  /** The visitor judged a search result. FACT-Finder. */
  feedback(event: { query: string; positive: boolean; message?: string }): void;
  /** A search was answered from the shop's own cache. FACT-Finder. */
  cacheHit(event: CacheHit): void;
  /** An item on a campaign's landing page was clicked. FACT-Finder, from v4 on. */
  landingPageClick(event: Item & { campaign: string; pageId: string }): void;
  /** An item of a predicted basket was clicked. FACT-Finder, not version 7, and only of somebody who is logged in. */
  predictiveBasketClick(event: Item): void;

  /**
   * Joins what the anonymous visitor did to an account, once for each pair of the two, and uses the account from then on, also on later pages
   * (cookie `reco_user`), until `logout` or `identity.userId: null`. Never an e-mail address (`personal-data`). Without effect while consent is
   * "anonymous" or "denied".
   */
  login(userId: string): void;
  /** Back to the anonymous id; with `forget`, to a new one. */
  logout(options?: { forget?: boolean }): void;
  /**
   * A new page view of a single-page application: ends the consume timers, and recommendations count afresh. Timers of elements
   * (`data-reco-consume`) that are still there a frame later start again.
   */
  page(): void;
  consent(state: ConsentState): void;

  /** Measures consumption and sends `consume` at each step, until 100 or `stop()`. */
  consumeTimer(item: Item, options: ConsumeOptions): ConsumeTimer;
  /**
   * Sends `rendered` for the items that were really seen: half of an item's element for one second without a break, while the page was visible; all
   * that were seen at one time in one event, each item once a page view. A click in an item's element sends `clickRecommended`. An item is an
   * element in the container with `data-reco-item` (its id) and, where it has one of its own, `data-reco-item-type`; it may be added, changed or
   * removed at any time. `scenario` is required. What was seen until `disconnect()` is still sent.
   */
  observeRecommendations(
    container: Element,
    options: { scenario: string; itemType?: number | string },
  ): { disconnect(): void };

  /** Sends everything that is queued now. Resolves after that one attempt, whatever came of it. */
  flush(): Promise<void>;
  stats(): Stats;
  /**
   * Listens. Details: `sent` and `acknowledged` get a Delivery, `dropped` a Loss, `warning` a TrackerError. Returns the function that ends it.
   */
  on(type: "sent" | "acknowledged" | "dropped" | "warning", listener: (detail: unknown) => void): () => void;
  /** Sends what is queued, removes every listener and timer, and ignores later calls. */
  dispose(): void;
}

/** A request that the browser took, or that was answered. */
export interface Delivery {
  destination: string;
  events: number;
  url: string;
  /** Of the body. */
  bytes: number;
  transport: "beacon" | "fetch";
}

/** Events that a destination will not get. */
export interface Loss {
  destination: string;
  events: number;
  code: TrackerError["code"];
}

export interface Purchase extends Item {
  price?: Price;
  /** Whole, 1 to 1,000,000. Left out it is 1. */
  quantity?: number;
  /** With it, a reloaded confirmation page counts once: lines of an order that this browser sent in the last 30 days are dropped (`duplicate-order`). */
  orderId?: string;
  campaign?: string;
}

export interface CacheHit {
  query: string;
  page: number;
  pageSize: number;
  hitCount: number;
  searchTimeMs: number;
  minScore: number;
  maxScore: number;
  filters?: unknown[];
  itemId?: ItemId;
  searchField?: string;
  customSorting?: boolean;
  additionalInfo?: string;
}

/**
 * - `stepPercent`: 1 to 100. Default 10. A percentage is never lower than before and never sent twice; the last one is sent when the page is
 *   hidden and when the timer ends.
 *
 * "time" and "words": the time in which the page was visible.
 * - `fullAfterMs`, or `words` at `wordsPerMinute` (default 230): how long the whole item takes;
 * - `idleAfterMs`: without any act for so long the clock stops. Default 60000.
 *
 * "scroll": how far down its element was scrolled into view, while the page was visible. The element's height counts when it has not changed
 * for a second, for late images make it longer; so a short element is consumed when it was there for a second.
 *
 * "media": the share of the medium that was really played, each part once, at any speed; in a hidden page too, because it is heard there.
 * - `ignoreTailMs`: end titles, which need not be played. Default 0.
 * A live stream has no duration, so nothing is sent of it. For another film in the same element start another timer.
 */
export type ConsumeOptions =
  | { by: "time"; fullAfterMs: number; idleAfterMs?: number; stepPercent?: number }
  | { by: "words"; words: number; wordsPerMinute?: number; idleAfterMs?: number; stepPercent?: number }
  | { by: "scroll"; element: Element; stepPercent?: number }
  | { by: "media"; element: HTMLMediaElement; ignoreTailMs?: number; stepPercent?: number };

export interface ConsumeTimer {
  /** Whole, rounded down. */
  readonly percentage: number;
  /** Ends it; what was not sent yet is sent. */
  stop(): void;
}

/** Counted in deliveries: one event for one destination. At every moment accepted = queued + sent + acknowledged + merged + dropped. */
export interface Stats {
  /** Also what was taken over from a page that is gone. What another page took over from this one is no longer in it. */
  accepted: number;
  /** Calls that were wrong, or made while consent is "denied". */
  rejected: number;
  /** Not final. */
  queued: number;
  /** The browser took it, and no answer will come: vendors, and what could not be read. */
  sent: number;
  /** The destination said that it has it. */
  acknowledged: number;
  /** Joined with another event before sending: a higher `consume` percentage, more `rendered` items. */
  merged: number;
  /** Lost, or not for this destination. */
  dropped: number;
  destinations?: Record<string, Omit<Stats, "destinations">>;
}

// ----------------------------------------------------------------------- tracking without code

/*
 * Attributes (`autoTrack: { attributes: true }`), on elements that are there now and on those that come later:
 *
 *   data-reco="<method>"           calls it when the element appears, and again when what it says has changed;
 *   data-reco-on="click"           or instead when this happens to it ("submit", "change", any event that the element has an on... for);
 *   data-reco-item, -item-type, -category, -price, -quantity, -order-id, -rating, -trigger-name, -scenario and every other field of the
 *                                  method by its name (-model-id, -campaign, ...), each from the nearest element upwards that has it;
 *                                  what stands on an element of another item is that item's;
 *   data-reco-consume="time:30000" or "words:850", "scroll", "media": a consume timer for the element's item;
 *   data-reco-scenario             without data-reco: a container, as for observeRecommendations.
 *
 * `login`, `followLink` and `consent` have their argument in data-reco-user, -url and -state.
 */

// -------------------------------------------------------------------------------------- errors

export interface TrackerError extends Error {
  /**
   * - `config`: the configuration cannot be used; `unknown-option`: a field that is not known was ignored;
   * - `missing-field`, `bad-type`, `out-of-range`, `bad-character`, `personal-data`: what is wrong with `field`;
   * - `unknown-event`: no such method; `unsupported-event`: this destination, or this version, has none;
   * - `duplicate-order`: this order was sent before;
   * - `queue-full`, `expired`, `refused`, `unreachable`: events were lost, and why;
   * - `wasm-unavailable`: the module could not be loaded; `internal`: it failed. The tracker is dead, the page unharmed. `internal` with
   *   the field "measure": what watches the page could not be loaded, everything else goes on.
   */
  code:
    | "config"
    | "missing-field"
    | "bad-type"
    | "out-of-range"
    | "bad-character"
    | "personal-data"
    | "duplicate-order"
    | "unknown-event"
    | "unknown-option"
    | "unsupported-event"
    | "queue-full"
    | "expired"
    | "refused"
    | "unreachable"
    | "wasm-unavailable"
    | "internal";
  /** Path to the field at fault, for example "buy.price"; the destination's name where events were lost. */
  field?: string;
}
