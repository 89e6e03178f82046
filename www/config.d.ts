// The configuration of a tracker.

import type { TrackerError } from "./index.js";

export interface Config<Destinations = Destination | readonly Destination[]> {
  /** The destinations of events. Each destination gets every event in its own format. Required, at least one. */
  destinations: Destinations;
  /** The item type of events without one. Default "1". */
  itemType?: number | string | undefined;
  identity?: IdentityConfig | undefined;
  /** Default "granted". With Global Privacy Control, or after a stored "denied", it is "denied" instead. */
  consent?: ConsentState | undefined;
  /**
   * The source of consent instead of calls to `consent()`: the interface of a banner, by name or with options, or a
   * function that calls `set`. Until there is an answer, the consent is that of the option `consent`, by default
   * "pending". The banner may load later than the tracker, or never. A call of `consent()` is valid until the banner
   * gives a different answer than its last one. `null` and `false`: there is no banner.
   */
  consentFrom?:
    | ConsentSource["source"]
    | ConsentSource
    | ((set: (state: ConsentState) => void) => void)
    | null
    | false
    | undefined;
  /** The browser signals that mean "denied". Default `{ gpc: true, dnt: false }`. */
  respect?: { gpc?: boolean | undefined; dnt?: boolean | undefined } | undefined;
  /** A batch is closed when the first of these limits is reached. */
  batch?:
    | {
        /**
         * 1 to 1000 events. Default 20. While more than half of `queue.maxEvents` are pending, a batch takes as many as
         * `maxBytes` allows.
         */
        maxEvents?: number | undefined;
        /**
         * Most bytes of a request's body, 1000 to 60000. Default 16000, because all scripts of a page share the
         * browser's 64 KiB for beacons.
         */
        maxBytes?: number | undefined;
        /** Milliseconds after the batch's first event, 0 to 600000. Default 2000. */
        maxWaitMs?: number | undefined;
      }
    | undefined;
  /** The queue of each destination. */
  queue?:
    | {
        /**
         * 1 to 100000. Default 20000. A full queue is sent at once. Beyond the limit the oldest event is dropped
         * (`queue-full`; `dropped` has the number).
         */
        maxEvents?: number | undefined;
        /**
         * Milliseconds, up to 7 days, which is the default. For vendors: at most 24 hours, except for
         * Intempt with `idempotent`.
         */
        maxAgeMs?: number | undefined;
        /**
         * Whether undelivered events may be stored in localStorage for the site's next page. Default true. Nothing is
         * stored without consent.
         */
        persist?: boolean | undefined;
      }
    | undefined;
  /**
   * Tracking without code; `true` is `{ attributes: true }`. Default false for npm, true for the script tag. An object
   * names every option that you want: `{ routes: true }` turns attributes off.
   * - `attributes`: elements with `data-reco-*`, see index.d.ts;
   * - `dataLayer`: Google's e-commerce events in the page's data layer, see DataLayerOptions;
   * - `jsonLd`: an element without an item gets the page's `Product` from JSON-LD or `<meta>`. It sends nothing by
   *   itself;
   * - `routes`: a new address, except for a change after `#`, calls `page()`.
   */
  autoTrack?:
    | boolean
    | {
        attributes?: boolean | undefined;
        dataLayer?: boolean | DataLayerOptions | undefined;
        jsonLd?: boolean | undefined;
        routes?: boolean | undefined;
      }
    | undefined;
  /**
   * true: logs the name of every call, every request and every warning to the console. false: writes nothing to the console. Absent: without a
   * listener for warnings, the console shows the first warning of each code and field.
   */
  debug?: boolean | undefined;
  /** Called for every problem: invalid calls, lost events, an unreachable endpoint. */
  onWarning?: ((warning: TrackerError) => void) | undefined;
  /**
   * The address of the module, instead of the file beside `reco.js` or the one in the package: `recobeacon.wasm`, or
   * `recobeacon-all.wasm` if a destination is "yoochoose", "factfinder" or "intempt", or if `autoTrack.dataLayer` is
   * on. The browser refuses a file that is not of the same build (`wasm-unavailable`).
   */
  wasmUrl?: string | URL | undefined;
  /**
   * For the script tag: the folder of the other files of `dist/`, if reco.js cannot know its own address (combined with
   * other scripts, as a blob, by `eval`). It applies to the module, measure.js and everything that is loaded later.
   * `wasmUrl` takes precedence. Default: the folder of reco.js.
   */
  baseUrl?: string | URL | undefined;
}

/**
 * `transport`:
 * - "beacon", the default except for a "batch" destination of another origin: `navigator.sendBeacon` first, `fetch`
 *   with `keepalive` if the browser refuses the beacon;
 * - "auto", the default for that exception, because a beacon to another origin cannot be acknowledged: `fetch` while
 *   the page is visible, so that the response can be read, and a beacon when it is hidden;
 * - "fetch": always `fetch` with `keepalive`, as for every destination with an `apiKey` and every GET.
 *
 * Keys are public in the page. Use only keys that are meant to be public.
 */
export type Destination = {
  transport?: "beacon" | "auto" | "fetch" | undefined;
} /** A first-party collector. `endpoint` is used as given, relative to the page is fine. */ & (
  | { protocol: "batch"; endpoint: string; token?: string | undefined }
  /**
   * Ibexa Personalization. `customerId` has letters and digits. `endpoint` "https://event.perso.ibexa.co", `path`
   * "api", `method` "POST". "GET" always uses fetch, because a beacon cannot send it.
   */
  | {
      protocol: "ibexa";
      customerId: string | number;
      endpoint?: string | undefined;
      path?: string | undefined;
      method?: "POST" | "GET" | undefined;
    }
  /**
   * Ibexa's older form. `endpoint` "https://event.yoochoose.net", `solutionId` "ebl", `method` "POST". `buy` needs a
   * price; item types are 1 to 5.
   */
  | {
      protocol: "yoochoose";
      customerId: string | number;
      solutionId?: string | undefined;
      endpoint?: string | undefined;
      method?: "POST" | "GET" | undefined;
    }
  /**
   * FACT-Finder. `version` "v5"; "7" is `Tracking.ff`. `apiKey` is sent as `X-FF-API-Key`. Without it the requests need
   * no preflight, for a proxy or a collector. `currency` is the channel's; a price in another currency is left out with
   * a warning.
   */
  | {
      protocol: "factfinder";
      endpoint: string;
      channel: string;
      version?: "v2" | "v3" | "v4" | "v5" | "7" | undefined;
      apiKey?: string | undefined;
      currency?: string | undefined;
    }
  /**
   * Intempt. `endpoint` "https://api.intempt.com". `source` is text, because it has more digits than a number can hold.
   * `apiKey` "identifier.secret", of a key that may only send events. An anonymous visitor is sent as `profileId` and
   * `anotherUserId`. `idempotent`: true if your account removes duplicates by their `eventId`. Requests are then
   * repeated until they are answered. Default false. `names`: the event names of your account instead of Intempt's own.
   */
  | {
      protocol: "intempt";
      organization: string;
      project: string;
      source: string;
      apiKey?: string | undefined;
      endpoint?: string | undefined;
      idempotent?: boolean | undefined;
      names?:
        | {
            click?: string | undefined;
            basket?: string | undefined;
            deleteFromBasket?: string | undefined;
            buy?: string | undefined;
            login?: string | undefined;
          }
        | undefined;
    }
);

/**
 * `autoTrack.dataLayer`: Google's e-commerce events (GA4) are tracked when they are pushed to the page's data layer, as
 * objects or by `gtag()`, including those pushed earlier. docs/google-ecommerce.md has the mapping. `true` is `{}`.
 */
export interface DataLayerOptions {
  /**
   * The item lists that are recommendations: their scenarios by list name or id (`item_list_name`, `item_list_id`), or
   * `true` for all lists, with their names as scenarios. Only for these lists `view_item_list` becomes `rendered` and
   * `select_item` becomes `clickRecommended`. Default: none.
   */
  lists?: true | Record<string, string> | undefined;
  /** The layer's name in the page. Default "dataLayer". */
  name?: string | undefined;
}

export interface IdentityConfig {
  /**
   * The account of a page rendered for a user: like `login(userId)` at load, with one login event for each pair. null:
   * no user is logged in. Absent: the account of the last `login`. Case-sensitive; up to 512 bytes.
   */
  userId?: string | null | undefined;
  /**
   * "sha256": `userId`, `login` and the data layer's `user_id` are replaced by the SHA-256 of the id, trimmed and in lower
   * case (`id.trim().toLowerCase()`), as 64 hexadecimal digits, before anything is stored, sent or logged. For shops whose
   * only id is an e-mail address. By Web Crypto, which needs https: without it there is a warning (`personal-data`), and
   * the visitor is anonymous. Default: ids are used as they are, and an e-mail address is refused.
   */
  hash?: "sha256" | undefined;
  /** The site's own visitor id. With it no identity cookie is written. */
  anonymousId?: string | null | undefined;
  /**
   * FACT-Finder, also through a collector that forwards: the shop's own session id, exactly 30 letters or digits. It is
   * used unchanged and not stored.
   */
  sessionId?: string | null | undefined;
  /** Intempt, also through a collector that forwards: the account that the visitor belongs to. No e-mail address. */
  accountId?: string | number | null | undefined;
  /** FACT-Finder, also through a collector that forwards: the purchaser that the visitor buys for. No e-mail address. */
  purchaserId?: string | number | null | undefined;
  /** Default "reco_id"; letters, digits and `-_.`. Its companion `<name>_at` has the time of the last write. */
  cookieName?: string | undefined;
  /** Default: the registrable domain, found by test cookies. */
  cookieDomain?: string | undefined;
  /**
   * Days from the last use, 1 to 400. Default 90 (Ibexa's recommendation). Safari limits a script's cookie to 7 days.
   */
  cookieDays?: number | undefined;
  /** "memory": nothing is stored on the device. Default "cookie". */
  storage?: "cookie" | "memory" | undefined;
}

/**
 * - "pending": keep events in memory, send and store nothing yet;
 * - "granted": track;
 * - "anonymous": send, but store nothing and send no identity (Ibexa gets the user `not_defined`, FACT-Finder a session
 *   for this page, Intempt nothing);
 * - "denied": send and store nothing, and delete what is stored. After `consent("denied")` the cookie `reco_off` stores
 *   it for 180 days, and it overrides `config.consent`; `consent("granted")` ends it.
 */
export type ConsentState = "pending" | "granted" | "anonymous" | "denied";

/** At least one destination. If the list's length is known to the type, an empty list does not compile. */
export type DestinationList<Length extends number> =
  | readonly [Destination, ...Destination[]]
  | (readonly Destination[] & { readonly length: Length extends 0 ? never : Length });

/** A banner's interface. The script tag loads its file, `consent-<source>.js`, from the folder of `reco.js`. */
export type ConsentSource = {
  /** The state for a visitor who refuses. Default "denied". */
  otherwise?: "denied" | "anonymous" | undefined;
} & (
  | {
      /**
       * IAB Europe's TCF, version 2.2 or later (`__tcfapi`), of this page or of a page around its frame. Where GDPR does not apply, the answer is yes.
       * https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
       */
      source: "tcf";
      /** The purposes, 1 to 11, that all have to have consent. Default `[1, 5, 6]`: storage, profiles for personalised content, and their use. */
      purposes?: readonly number[] | undefined;
      /** The id, 1 to 65535, of a vendor that has to have consent as well. Default: none. */
      vendor?: number | undefined;
    }
  | {
      /**
       * IAB's GPP, version 1.1 (`__gpp`). A no is an opt-out from sale, sharing or targeted advertising in a section of the USA, or a Global Privacy Control
       * signal in it; where the section of the TCF applies, the purposes decide. https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform
       */
      source: "gpp";
      /** As for "tcf". */
      purposes?: readonly number[] | undefined;
    }
  | {
      /**
       * Google's Consent Mode, version 2, in the page's data layer. A default of "denied" is no answer: consent stays pending until an update.
       * https://developers.google.com/tag-platform/security/guides/consent
       */
      source: "google";
      /** The types that all have to be granted. Default `["personalization_storage"]`. */
      types?: readonly string[] | undefined;
      /** The global of the data layer. Default "dataLayer". */
      dataLayer?: string | undefined;
    }
  | {
      /**
       * The WP Consent API of WordPress. Under "optin" consent is pending until the visitor answers, under "optout" it is yes until then.
       * https://wordpress.org/plugins/wp-consent-api/
       */
      source: "wp";
      /** Default "preferences". */
      category?: "functional" | "preferences" | "statistics" | "statistics-anonymous" | "marketing" | undefined;
    }
  | {
      /** Shopify's Customer Privacy API, which is loaded where the page has not. https://shopify.dev/docs/api/customer-privacy */
      source: "shopify";
      /** Default "preferences". */
      purpose?: "preferences" | "analytics" | "marketing" | undefined;
    }
);
