/**
 * recobeacon: recommendation tracking for shops and publishers.
 *
 * No call throws into the page or waits. Calls may be made before the module has loaded: they are kept with their time
 * and executed in order. Invalid calls are reported to `onWarning` and have no other effect.
 */

import type { Config, ConsentState, Destination, DestinationList } from "./config.js";

/**
 * Creates a tracker. Returns at once; the module loads in the background.
 *
 * Importing the package has no effect. In Node, where pages are rendered for many visitors, every call is silently
 * without effect and `ready` resolves. The same applies in jsdom (Jest) without `fetch` or `TextDecoder`. A second
 * tracker for the same destinations is the first one: its `onWarning` is added, its other options have no effect, and a
 * warning names those that differ.
 *
 * With the script tag use `reco("create", config)`, then `reco("click", {...})` and so on; `reco("ready", (tracker) =>
 * ...)` passes the tracker. Until the script has loaded, `reco` returns undefined and keeps `[verb, args[],
 * Date.now()]` in `reco.q`. If the page is left before that, its calls are parked for the next page or sent to the
 * collector unchanged: docs/loading.md.
 */
export function createTracker<Length extends number>(config: Config<Destination | DestinationList<Length>>): Tracker;

export type {
  Config,
  ConsentSource,
  ConsentState,
  DataLayerOptions,
  Destination,
  DestinationList,
  IdentityConfig,
} from "./config.js";

// -------------------------------------------------------------------------------------- events

/** Text up to 512 bytes, or a whole number from 0. No backslash, no control character. */
export type ItemId = string | number;

/** A field that may be absent: `null`, `undefined` and an empty text mean that. */
export type Optional<Value> = Value | null | undefined;

/** A number, or its text, for example from an attribute or an address. */
export type NumberOrText = number | string;

export interface Item {
  itemId: ItemId;
  itemType?: Optional<ItemId>;
  /**
   * "Shoes/Children" or ["Shoes", "Children"]. Outer slashes are ignored. An element of the list must have no slash,
   * and an empty one is skipped.
   */
  categoryPath?: Optional<string | readonly string[]>;
  /** The product that a variant belongs to. */
  masterId?: Optional<ItemId>;
  /**
   * Up to 2000 bytes. E-mail addresses, card numbers and IBANs become "[removed]", with the warning `personal-data`, as in
   * all texts that people write: also `categoryPath`, `query`, `campaign`, `message`, `searchField`, `additionalInfo`,
   * `filters`.
   */
  title?: Optional<string>;
}

/**
 * The price of one unit, including taxes and discounts: "12.45EUR", or an amount and an ISO 4217 currency. The currency
 * may be before the amount. Not negative, below 9,000,000,000, at most 6 decimals. Nothing is padded or converted; a
 * number is written as JavaScript prints it.
 */
export type Price =
  | `${string}${CurrencySign}`
  | `${CurrencySign}${string}`
  | { amount: NumberOrText; currency: string };

/** The first or last character of a price with currency. Pass an object if the text may have no currency. */
type CurrencySign = CurrencyLetter | Lowercase<CurrencyLetter> | "€";
type CurrencyLetter =
  | "A"
  | "B"
  | "C"
  | "D"
  | "E"
  | "F"
  | "G"
  | "H"
  | "I"
  | "J"
  | "K"
  | "L"
  | "M"
  | "N"
  | "O"
  | "P"
  | "Q"
  | "R"
  | "S"
  | "T"
  | "U"
  | "V"
  | "W"
  | "X"
  | "Y"
  | "Z";

/** The result list of a click. `position` counts from 1 over all pages; a navigation's `query` may be empty. */
export interface SearchContext {
  query: string;
  position: NumberOrText;
  originalPosition?: Optional<NumberOrText>;
  page?: Optional<NumberOrText>;
  pageSize?: Optional<NumberOrText>;
  originalPageSize?: Optional<NumberOrText>;
  score?: Optional<NumberOrText>;
  campaign?: Optional<string>;
}

export interface Tracker {
  /**
   * Resolves when the module has loaded. Rejects with a TrackerError (`config`, `wasm-unavailable`); a handler is not
   * required.
   */
  readonly ready: Promise<void>;
  /** The account, or null. Before `ready`: the account of the configuration or of `login`. With `identity.hash`: the hash. */
  readonly userId: string | null;
  /** The anonymous id. null before `ready`, and if consent forbids one. */
  readonly anonymousId: string | null;
  /**
   * FACT-Finder's `sid`, which every search request must have as well: `identity.sessionId`, or 30 letters and digits
   * that stay the same until 24 hours without use or a logout. Reading it counts as a use. null without a FACT-Finder
   * destination, before `ready`, and while consent is "denied".
   */
  readonly sessionId: string | null;

  /**
   * An item's own page was opened. Ibexa expects `categoryPath`: without it there is one warning. FACT-Finder gets only
   * clicks with `search`.
   */
  click(event: Item & { search?: Optional<SearchContext> }): void;
  /** An item was read or watched. `percentage` is 0 to 100, rounded down; without it the event counts as 100. */
  consume(event: Item & { percentage?: Optional<NumberOrText> }): void;
  /** An item was put into the basket. `price` is that of one unit. `quantity` is above 0, up to 1,000,000, with at most 6 decimals. */
  basket(event: Item & Origin & { quantity?: Optional<NumberOrText>; price?: Optional<Price> }): void;
  /** An item was taken out of the basket. `quantity` as in `basket`. */
  deleteFromBasket(event: Item & { quantity?: Optional<NumberOrText> }): void;
  /** An item was put on the wish list. */
  wishlist(event: Item & { price?: Optional<Price> }): void;
  /** An item was taken off the wish list. */
  deleteFromWishlist(event: Item): void;
  /** Items were bought: 1 to 1000 lines. Call it on the confirmation page, when the purchase is certain. */
  buy(event: Purchase | readonly Purchase[]): void;
  /** An item was rated. `rating` is whole, 0 to 100. */
  rate(event: Item & { rating: NumberOrText }): void;
  /** The visitor has this item, in whatever way they got it. It is not a purchase. Ibexa. */
  owns(event: Item): void;
  /** The visitor wants no more recommendations of this item. */
  blacklist(event: Item): void;

  /** Recommendations were viewed. 1 to 1000 items. */
  rendered(event: RecommendationList & { items: readonly (ItemId | Item)[]; itemType?: Optional<ItemId> }): void;
  /**
   * A recommendation was clicked. Ibexa and YOOCHOOSE need its `scenario`, FACT-Finder the `mainId` of the product that
   * it was made for.
   */
  clickRecommended(event: Item & RecommendationList & { modelId?: Optional<ItemId>; mainId?: Optional<ItemId> }): void;
  /**
   * Calls a ready-made link from a recommendation response or a trigger message, with or without a scheme. Its host
   * must be that of an Ibexa or YOOCHOOSE destination's endpoint, or the vendor's own, whose links are sent to that
   * endpoint. A missing path or customer is added. It works only while consent is "granted", because the link has a
   * user id.
   */
  followLink(url: string): void;
  /** A trigger message, for example an e-mail, was opened. Ibexa. */
  triggerOpened(event: { triggerName: ItemId }): void;
  /** An item in a trigger message was clicked. Ibexa. */
  clickTriggered(event: Item & { triggerName: ItemId }): void;

  /** The visitor rated a search result. FACT-Finder. */
  feedback(event: { query: string; positive: boolean; message?: Optional<string> }): void;
  /** A search was answered from the shop's own cache. FACT-Finder. */
  cacheHit(event: CacheHit): void;
  /** An item on a campaign's landing page was clicked. FACT-Finder from v4. */
  landingPageClick(event: Item & { campaign: string; pageId: ItemId }): void;
  /** An item of a predicted basket was clicked. FACT-Finder except version 7, and only for a logged-in user. */
  predictiveBasketClick(event: Item): void;

  /**
   * Joins the anonymous visitor's events to an account, once for each pair, and uses the account from then on, also on
   * later pages (cookie `reco_user`), until `logout` or `identity.userId: null`. An e-mail address is refused
   * (`personal-data`), unless `identity.hash` is set. Without effect while consent is "anonymous" or "denied".
   */
  login(userId: string): void;
  /** Returns to the anonymous id; with `forget`, to a new one. Starts another FACT-Finder session. */
  logout(options?: { forget?: boolean | undefined }): void;
  /**
   * A new page view of a single-page application: ends the consume timers, and counts viewed recommendations again.
   * Timers of elements (`data-reco-consume`) that still exist a frame later start again.
   */
  page(): void;
  /** The visitor's decision. Earlier calls are executed or dropped accordingly; "denied" is stored on this device. */
  consent(state: ConsentState): void;

  /** Measures consumption and sends `consume` at each step, until 100 % or `stop()`. A missing element is reported. */
  consumeTimer(item: Item, options: ConsumeOptions): ConsumeTimer;
  /**
   * Sends `rendered` for the items that were viewed: half of an item's element for one second without a break, while
   * the page was visible. Items viewed at the same time share an event, and each item counts once for each page view. A
   * click in an item's element sends `clickRecommended`. An item is an element in the container with `data-reco-item`
   * (its id) and optionally `data-reco-item-type`. Items may be added, changed or removed at any time. `scenario` is
   * required, and its `variant` is that of all events. `disconnect()` still sends the items viewed before. A missing container is reported.
   */
  observeRecommendations(
    container: Element | null,
    options: { scenario: ItemId; variant?: Optional<ItemId>; itemType?: Optional<ItemId> },
  ): { disconnect(): void };

  /** Sends everything that is queued now. Resolves after one attempt, with any outcome. */
  flush(): Promise<void>;
  /** The counters of all events of this page so far. */
  stats(): Stats;
  /** Adds a listener. Returns a function that removes it. */
  on<Type extends keyof TrackerEvents>(type: Type, listener: (detail: TrackerEvents[Type]) => void): () => void;
  /**
   * Sends everything that is queued, including calls from before the module has loaded, removes all listeners and
   * timers, and ignores later calls. Only `consent` keeps its effect on what is stored: a later no deletes it and is
   * remembered, and a later yes ends an earlier no. Other open tabs do not hear it.
   */
  dispose(): void;
}

/** The types for `on`, and the argument of their listeners. */
export interface TrackerEvents {
  /** The browser took a request whose response cannot be read. */
  sent: Delivery;
  /** The destination confirmed the events. */
  acknowledged: Delivery;
  /** Events are lost, or the destination does not support them. */
  dropped: Loss;
  /** There is a problem. */
  warning: TrackerError;
}

/** A request that the browser took, or that was answered. */
export interface Delivery {
  destination: string;
  events: number;
  url: string;
  /** The size of the body. */
  bytes: number;
  transport: "beacon" | "fetch";
}

/** Events that a destination does not get. */
export interface Loss {
  destination: string;
  events: number;
  code: TrackerError["code"];
}

/** The origin of a product in the basket. FACT-Finder; `query` for version 7, `filters` only for the collector. */
export interface Origin {
  campaign?: Optional<string>;
  query?: Optional<string>;
  filters?: Optional<readonly unknown[]>;
}

/** A list of recommendations. `variant` is the visitor's variant in a test of this scenario; vendors do not get it. */
export interface RecommendationList {
  scenario?: Optional<ItemId>;
  variant?: Optional<ItemId>;
}

export interface Purchase extends Item, Origin {
  price?: Optional<Price>;
  /** Above 0, up to 1,000,000, with at most 6 decimals. Default 1. Ibexa and Intempt get whole quantities, rounded up. */
  quantity?: Optional<NumberOrText>;
  /**
   * With it, a reloaded confirmation page counts once: lines of an order that this browser has sent within 30 days are
   * dropped (`duplicate-order`).
   */
  orderId?: Optional<ItemId>;
}

/**
 * A search that the shop answered from its cache. FACT-Finder. Texts, and `filters` as JSON, have at most 2000 bytes. `page`, `pageSize` and `hitCount` are
 * whole, from 0. `searchTimeMs` and the scores are any numbers, rounded to 6 decimals.
 */
export interface CacheHit {
  query: string;
  page: NumberOrText;
  pageSize: NumberOrText;
  hitCount: NumberOrText;
  searchTimeMs: NumberOrText;
  minScore: NumberOrText;
  maxScore: NumberOrText;
  filters?: Optional<readonly unknown[]>;
  itemId?: Optional<ItemId>;
  masterId?: Optional<ItemId>;
  title?: Optional<string>;
  searchField?: Optional<string>;
  customSorting?: Optional<boolean>;
  additionalInfo?: Optional<string>;
}

/**
 * - `stepPercent`: 1 to 100. Default 10. Percentages never fall, and none is sent twice. The last one is sent when the
 *   page is hidden and when the timer ends.
 *
 * "time" and "words": the time during which the page was visible.
 * - `fullAfterMs`, or `words` at `wordsPerMinute` (default 230): the time for the whole item. Each is whole, 1 to 86,400,000;
 * - `idleAfterMs`: the time without activity after which the clock stops. 1 to 86,400,000. Default 60000.
 *
 * "scroll": the depth to which its element was scrolled into view while the page was visible. The element's height
 * counts once it has not changed for a second, because late images make it longer. A short element therefore counts as
 * consumed after a second in view.
 *
 * "media": the played share of the medium, each part once, at any speed, also in a hidden page, because it can be heard
 * there.
 * - `ignoreTailMs`: end titles, which need not be played. 0 to 86,400,000. Default 0.
 * A live stream has no duration, so nothing is sent for it. For another film in the same element start another timer.
 * A page has at most 100 timers below 100 %. Another one is refused (`out-of-range`).
 */
export type ConsumeOptions =
  | { by: "time"; fullAfterMs: number; idleAfterMs?: number | undefined; stepPercent?: number | undefined }
  | {
      by: "words";
      words: number;
      wordsPerMinute?: number | undefined;
      idleAfterMs?: number | undefined;
      stepPercent?: number | undefined;
    }
  | { by: "scroll"; element: Element | null; stepPercent?: number | undefined }
  | {
      by: "media";
      element: HTMLMediaElement | null;
      ignoreTailMs?: number | undefined;
      stepPercent?: number | undefined;
    };

export interface ConsumeTimer {
  /** Whole, rounded down. */
  readonly percentage: number;
  /** Ends the timer and sends the last percentage. */
  stop(): void;
}

/**
 * Counted in deliveries: one event for one destination. accepted = queued + sent + acknowledged + merged + dropped
 * holds at every moment. Until `ready`, each call that waits counts as one accepted and queued delivery, also one that is no event.
 */
export interface Stats {
  /** Includes events taken over from a page that is gone. Excludes events that another page took over from this one. */
  accepted: number;
  /** Calls that were invalid, or events made while consent is "denied". A `login` then has no effect and is not counted. */
  rejected: number;
  /** Not finished. */
  queued: number;
  /** The browser took it, and no acknowledgement will come: vendors, and responses that could not be read. */
  sent: number;
  /** The destination confirmed it. */
  acknowledged: number;
  /** Merged with another event before sending: a higher `consume` percentage, more `rendered` items. */
  merged: number;
  /** Lost, or not supported by the destination. */
  dropped: number;
  destinations?: Record<string, Omit<Stats, "destinations">> | undefined;
}

// ----------------------------------------------------------------------- tracking without code

/*
 * Attributes (`autoTrack: { attributes: true }`), on elements that are present and on elements that are added later:
 *
 *   data-reco="<method>"           calls the method when the element appears, and again when the arguments have changed;
 *   data-reco-on="click"           calls it at this event instead ("submit", "change", any event for which the element has an on... property);
 *   data-reco-item, -item-type, -category, -price, -quantity, -order-id, -rating, -trigger-name, -scenario, -variant and every other field of the
 *                                  method by its name (-model-id, -campaign, ...). Each value comes from the nearest element upwards that has it.
 *                                  Attributes on an element of another item belong to that item;
 *   data-reco-consume="time:30000" or "words:850", "scroll", "media": a consume timer for the element's item;
 *   data-reco-scenario             without data-reco: a container, as for observeRecommendations.
 *
 * The arguments of `login`, `followLink` and `consent` are in data-reco-user, -url and -state.
 */

// ------------------------------------------------------------------------------ the script tag

/** The function of the stub and of `reco.js`. */
export interface Reco {
  /** Creates the tracker. Returns it once `reco.js` has loaded. */
  <Length extends number>(verb: "create", config: Config<Destination | DestinationList<Length>>): Tracker | undefined;
  /** Calls the listener with the tracker when the module has loaded, or never if the configuration is wrong. */
  (verb: "ready", listener: (tracker: Tracker) => void): void;
  /** Adds a listener like the tracker's `on`. */
  <Type extends keyof TrackerEvents>(
    verb: "on",
    type: Type,
    listener: (detail: TrackerEvents[Type]) => void,
  ): (() => void) | undefined;
  /** Calls a method of the tracker: `reco("click", { itemId: 1 })`. Returns its result once `reco.js` has loaded. */
  <Verb extends TrackerMethod>(verb: Verb, ...args: Parameters<Tracker[Verb]>): ReturnType<Tracker[Verb]> | undefined;
  /** Until `reco.js` has loaded: the calls as `[verb, arguments, milliseconds]`. Afterwards an object with `push` for such calls. */
  q: { push(...calls: [verb: string, args: unknown[], at: number][]): unknown };
}

type TrackerMethod = {
  [Name in keyof Tracker]: Tracker[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Tracker];

declare global {
  interface Window {
    /** Present in pages with the stub or the script tag. */
    reco?: Reco;
  }
}

// -------------------------------------------------------------------------------------- errors

export interface TrackerError extends Error {
  /**
   * - `config`: the configuration is invalid; `unknown-option`: an unknown field was ignored;
   * - `missing-field`, `bad-type`, `out-of-range`, `bad-character`, `personal-data`: `field` is invalid;
   *   `personal-data` also if a part of a text was replaced by "[removed]";
   * - `unknown-event`: there is no such method; `unsupported-event`: this destination, or this version, has no such
   *   event;
   * - `duplicate-order`: this order was sent before;
   * - `queue-full`, `expired`, `refused`, `unreachable`, `damaged`: events were lost, for this reason;
   * - `wasm-unavailable`: the module could not be loaded; `internal`: it failed. The tracker stops working, the page is
   *   not affected. `internal` with the field "measure": measure.js could not be loaded, everything else works.
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
    | "damaged"
    | "wasm-unavailable"
    | "internal";
  /** The path to the invalid field, for example "buy.price"; for lost events the destination's name. */
  field?: string | undefined;
}
