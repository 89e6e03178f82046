/**
 * recobeacon: recommendation tracking for shops and publishers.
 *
 * No call throws into the page or waits for anything. Calls may be made before the module is loaded: they are kept with their time and carried out
 * in order. Wrong calls are reported to `onWarning` and have no other effect.
 */

import type { Config, ConsentState, Destination, DestinationList } from "./config.js";

/**
 * Makes a tracker. Returns at once; the module loads in the background.
 *
 * Importing the package does nothing. In Node, where pages are rendered for many visitors, every call is silently without effect and `ready`
 * resolves; so it is in jsdom where that has no `fetch` or no `TextDecoder` (Jest). A second tracker for the same destinations is the first one
 * again: its `onWarning` is added, its other options have no effect, and a warning names those that differ.
 *
 * With the script tag the same is `reco("create", config)`, then `reco("click", {...})` and so on; `reco("ready", (tracker) => ...)` hands out the
 * tracker. Until the script is there `reco` returns undefined and keeps `[verb, args[], Date.now()]` in `reco.q`. Calls of a page that is left
 * before that are parked for the next page, or sent to the collector as they are: docs/loading.md.
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

export interface Item {
  itemId: ItemId;
  itemType?: number | string | undefined;
  /** "Shoes/Children" or ["Shoes", "Children"]. Outer slashes don't count; a list's element has none, an empty one is skipped. */
  categoryPath?: string | readonly string[] | undefined;
  /** The product that a variant belongs to. */
  masterId?: string | undefined;
  /** Up to 2000 bytes. */
  title?: string | undefined;
}

/**
 * What one unit cost, taxes and discounts included: "12.45EUR", or an amount and an ISO 4217 currency in capitals. Not negative, below
 * 9,000,000,000, at most 6 decimals. Nothing is padded or converted; a number is written as JavaScript prints it.
 */
export type Price = `${string}${CurrencyEnd}` | { amount: number | string; currency: string };

/** What a price with its currency ends with. A text that may have none goes as an object. */
type CurrencyEnd = CurrencyLetter | Lowercase<CurrencyLetter>;
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

/** The result list that a click came from. `position` counts from 1 over all pages; a navigation's `query` may be empty. */
export interface SearchContext {
  query: string;
  position: number;
  originalPosition?: number | undefined;
  page?: number | undefined;
  pageSize?: number | undefined;
  originalPageSize?: number | undefined;
  score?: number | undefined;
  campaign?: string | undefined;
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
   * idle for 24 hours or the visitor logs out; reading it is a use. null where no destination is FACT-Finder's, before `ready`, and while consent is "denied".
   */
  readonly sessionId: string | null;

  /**
   * An item's own page was opened. Ibexa expects `categoryPath`: without it there is one warning. FACT-Finder gets the clicks that come with
   * `search`, and no others.
   */
  click(event: Item & { search?: SearchContext | undefined }): void;
  /** An item was read or watched. `percentage` 0 to 100, rounded down; left out it counts as 100. */
  consume(event: Item & { percentage?: number | undefined }): void;
  /** An item was put into the basket. `price` is what one unit costs. */
  basket(event: Item & Origin & { quantity?: number | undefined; price?: Price | undefined }): void;
  /** An item was taken out of the basket. */
  deleteFromBasket(event: Item & { quantity?: number | undefined }): void;
  /** An item was put on the wish list. */
  wishlist(event: Item & { price?: Price | undefined }): void;
  /** An item was taken off the wish list. */
  deleteFromWishlist(event: Item): void;
  /** Items were bought. Call it where nothing can go wrong any more: on the confirmation page. */
  buy(event: Purchase | readonly Purchase[]): void;
  /** An item was rated. `rating`: whole, 0 to 100. */
  rate(event: Item & { rating: number }): void;
  /** The visitor has this item, however they got it: no purchase here. Ibexa. */
  owns(event: Item): void;
  /** The visitor wants no more recommendations of this item. */
  blacklist(event: Item): void;

  /** Recommendations were seen. 1 to 1000 items. */
  rendered(event: {
    items: readonly (ItemId | Item)[];
    itemType?: number | string | undefined;
    scenario?: string | undefined;
  }): void;
  /** A recommendation was clicked. Ibexa and YOOCHOOSE need the `scenario` that it came from, FACT-Finder the `mainId` of the product that it was for. */
  clickRecommended(
    event: Item & { scenario?: string | undefined; modelId?: ItemId | undefined; mainId?: ItemId | undefined },
  ): void;
  /**
   * A ready-made link out of a recommendation response or a trigger message, with or without a scheme. It is called if its host is that of an Ibexa or
   * YOOCHOOSE destination's endpoint, or the vendor's own, whose links go to that endpoint; path and customer are added where they are missing. Only
   * while consent is "granted", because it has a user id in it.
   */
  followLink(url: string): void;
  /** A trigger message, an e-mail for example, was opened. Ibexa. */
  triggerOpened(event: { triggerName: string }): void;
  /** An item in a trigger message was clicked. Ibexa. */
  clickTriggered(event: Item & { triggerName: string }): void;

  /** The visitor judged a search result. FACT-Finder. */
  feedback(event: { query: string; positive: boolean; message?: string | undefined }): void;
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
  /** Back to the anonymous id; with `forget`, to a new one. Begins another FACT-Finder session. */
  logout(options?: { forget?: boolean | undefined }): void;
  /**
   * A new page view of a single-page application: ends the consume timers, and recommendations count afresh. Timers of elements
   * (`data-reco-consume`) that are still there a frame later start again.
   */
  page(): void;
  /** The visitor has decided. Calls from before are carried out or forgotten accordingly; "denied" is remembered on this device. */
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
    options: { scenario: string; itemType?: number | string | undefined },
  ): { disconnect(): void };

  /** Sends everything that is queued now. Resolves after that one attempt, whatever came of it. */
  flush(): Promise<void>;
  /** What became of all events of this page so far. */
  stats(): Stats;
  /** Listens to one kind of news. Returns the function that ends it. */
  on<Type extends keyof TrackerEvents>(type: Type, listener: (detail: TrackerEvents[Type]) => void): () => void;
  /** Sends what is queued, also what was called before the module is there, removes every listener and timer, and ignores later calls. */
  dispose(): void;
}

/** What `on` tells, and what its listeners get. */
export interface TrackerEvents {
  /** The browser took a request, and no answer to it can be read. */
  sent: Delivery;
  /** The destination said that it has the events. */
  acknowledged: Delivery;
  /** Events are lost, or are not for this destination. */
  dropped: Loss;
  /** Something went wrong. */
  warning: TrackerError;
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

/** Where a product in the basket came from. FACT-Finder; `query` for version 7, `filters` for the collector alone. */
export interface Origin {
  campaign?: string | undefined;
  query?: string | undefined;
  filters?: readonly unknown[] | undefined;
}

export interface Purchase extends Item, Origin {
  price?: Price | undefined;
  /** Above 0, up to 1,000,000, with at most 6 decimals. Left out it is 1. Ibexa and Intempt get whole pieces, rounded up. */
  quantity?: number | undefined;
  /** With it, a reloaded confirmation page counts once: lines of an order that this browser sent in the last 30 days are dropped (`duplicate-order`). */
  orderId?: string | undefined;
}

export interface CacheHit {
  query: string;
  page: number;
  pageSize: number;
  hitCount: number;
  searchTimeMs: number;
  minScore: number;
  maxScore: number;
  filters?: readonly unknown[] | undefined;
  itemId?: ItemId | undefined;
  masterId?: string | undefined;
  title?: string | undefined;
  searchField?: string | undefined;
  customSorting?: boolean | undefined;
  additionalInfo?: string | undefined;
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
  | { by: "time"; fullAfterMs: number; idleAfterMs?: number | undefined; stepPercent?: number | undefined }
  | {
      by: "words";
      words: number;
      wordsPerMinute?: number | undefined;
      idleAfterMs?: number | undefined;
      stepPercent?: number | undefined;
    }
  | { by: "scroll"; element: Element; stepPercent?: number | undefined }
  | { by: "media"; element: HTMLMediaElement; ignoreTailMs?: number | undefined; stepPercent?: number | undefined };

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
  destinations?: Record<string, Omit<Stats, "destinations">> | undefined;
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

// ------------------------------------------------------------------------------ the script tag

/** The function of the stub and of `reco.js`. */
export interface Reco {
  /** Makes the tracker. Returns it once `reco.js` is there. */
  <Length extends number>(verb: "create", config: Config<Destination | DestinationList<Length>>): Tracker | undefined;
  /** Calls the listener with the tracker when the module is there. */
  (verb: "ready", listener: (tracker: Tracker) => void): void;
  /** Listens, as the tracker's `on` does. */
  <Type extends keyof TrackerEvents>(
    verb: "on",
    type: Type,
    listener: (detail: TrackerEvents[Type]) => void,
  ): (() => void) | undefined;
  /** Calls a method of the tracker: `reco("click", { itemId: 1 })`. Its result is there once `reco.js` is. */
  <Verb extends TrackerMethod>(verb: Verb, ...args: Parameters<Tracker[Verb]>): ReturnType<Tracker[Verb]> | undefined;
  /** Until `reco.js` is there the calls, `[verb, arguments, milliseconds]`; then something to push such calls to. */
  q: { push(...calls: [verb: string, args: unknown[], at: number][]): unknown };
}

type TrackerMethod = {
  [Name in keyof Tracker]: Tracker[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Tracker];

declare global {
  interface Window {
    /** In pages with the stub or the script tag. */
    reco?: Reco;
  }
}

// -------------------------------------------------------------------------------------- errors

export interface TrackerError extends Error {
  /**
   * - `config`: the configuration cannot be used; `unknown-option`: a field that is not known was ignored;
   * - `missing-field`, `bad-type`, `out-of-range`, `bad-character`, `personal-data`: what is wrong with `field`;
   * - `unknown-event`: no such method; `unsupported-event`: this destination, or this version, has none;
   * - `duplicate-order`: this order was sent before;
   * - `queue-full`, `expired`, `refused`, `unreachable`, `damaged`: events were lost, and why;
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
    | "damaged"
    | "wasm-unavailable"
    | "internal";
  /** Path to the field at fault, for example "buy.price"; the destination's name where events were lost. */
  field?: string | undefined;
}
