// The configuration of a tracker.

import type { TrackerError } from "./index.js";

export interface Config<Destinations = Destination | readonly Destination[]> {
  /** Where events go. Each destination gets its own translation of every event. Required, at least one. */
  destinations: Destinations;
  /** Item type of events that name none. Default "1". */
  itemType?: number | string | undefined;
  identity?: IdentityConfig | undefined;
  /** Default "granted". Under Global Privacy Control, or after a remembered "denied", it is "denied" instead. */
  consent?: ConsentState | undefined;
  /**
   * Where consent comes from instead of calls to `consent()`: a banner's interface, by name or with options, or a function that calls `set`. Until
   * there is an answer, consent is what `consent` says, by default "pending". A banner may come later than the tracker, or never. What the
   * page says by `consent()` stands until the banner gives another answer than its last.
   */
  consentFrom?: ConsentSource["source"] | ConsentSource | ((set: (state: ConsentState) => void) => void) | undefined;
  /** Which of the browser's signals mean "denied". Default `{ gpc: true, dnt: false }`. */
  respect?: { gpc?: boolean | undefined; dnt?: boolean | undefined } | undefined;
  /** When a batch is closed: whichever comes first. */
  batch?:
    | {
        /** 1 to 1000 events. Default 20. While more than half of `queue.maxEvents` wait, a batch takes as many as `maxBytes` lets it. */
        maxEvents?: number | undefined;
        /** Most bytes of a request's body, 1000 to 60000. Default 16000: the browser's 64 KiB for beacons are shared by all scripts of a page. */
        maxBytes?: number | undefined;
        /** Milliseconds after the batch's first event, 0 to 600000. Default 2000. */
        maxWaitMs?: number | undefined;
      }
    | undefined;
  /** The queue of each destination. */
  queue?:
    | {
        /** 1 to 100000. Default 1000. A full queue is sent at once; over it the oldest event is given up (`queue-full`, and `dropped` tells how many). */
        maxEvents?: number | undefined;
        /** Milliseconds, up to 7 days, which is the default. The vendors, who take no time of the event: at most 24 hours. */
        maxAgeMs?: number | undefined;
        /** Whether what is not delivered may be kept in localStorage for the site's next page. Default true; never without consent. */
        persist?: boolean | undefined;
      }
    | undefined;
  /**
   * Tracking without code; `true` is `{ attributes: true }`. Default false for npm, true for the script tag.
   * - `attributes`: elements with `data-reco-*`, see below;
   * - `dataLayer`: Google's e-commerce events in the page's data layer, see DataLayerOptions;
   * - `jsonLd`: where such an element names no item, it is about the page's `Product` in JSON-LD or `<meta>`. It sends nothing by itself;
   * - `routes`: another address, not counting what stands behind `#`, calls `page()`.
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
   * true: logs every call, request and warning to the console. false: nothing is written to the console. Left out: where nobody listens for
   * warnings, the console gets the first of each code.
   */
  debug?: boolean | undefined;
  /** Called with everything that went wrong: bad calls, lost events, an unreachable endpoint. */
  onWarning?: ((warning: TrackerError) => void) | undefined;
  /**
   * Where the module is loaded from, instead of beside `reco.js` or from within the package: `recobeacon.wasm`, or `recobeacon-all.wasm` where a
   * destination is "yoochoose", "factfinder" or "intempt", or `autoTrack.dataLayer` is on.
   */
  wasmUrl?: string | URL | undefined;
  /**
   * With the script tag: the folder in which the other files of `dist/` are, for a page that runs reco.js where its own address cannot be
   * known (combined with other scripts, as a blob, by `eval`). It covers the module, measure.js and whatever is loaded later.
   * `wasmUrl` goes before it. Default: the folder of reco.js.
   */
  baseUrl?: string | URL | undefined;
}

/**
 * `transport`:
 * - "beacon", the default but for a "batch" destination of another origin: `navigator.sendBeacon` first, `fetch` with `keepalive` when it refuses;
 * - "auto", the default there, since a beacon to another origin cannot be acknowledged: `fetch` while the page is visible, so that the answer can
 *   be read, a beacon when it is hidden;
 * - "fetch": always `fetch` with `keepalive`, as for every destination with an `apiKey` and every GET.
 *
 * Keys stand in the page, where everybody can read them: only keys that are meant for that.
 */
export type Destination = {
  transport?: "beacon" | "auto" | "fetch" | undefined;
} /** A first-party collector. `endpoint` is used as given, relative to the page is fine. */ & (
  | { protocol: "batch"; endpoint: string; token?: string | undefined }
  /**
   * Ibexa Personalization. `customerId` is letters and digits. `endpoint` "https://event.perso.ibexa.co", `path` "api", `method` "POST". "GET" always goes by fetch: a beacon cannot.
   */
  | {
      protocol: "ibexa";
      customerId: string;
      endpoint?: string | undefined;
      path?: string | undefined;
      method?: "POST" | "GET" | undefined;
    }
  /** Ibexa's older form. `endpoint` "https://event.yoochoose.net", `solutionId` "ebl", `method` "POST". `buy` needs a price, item types are 1 to 5. */
  | {
      protocol: "yoochoose";
      customerId: string;
      solutionId?: string | undefined;
      endpoint?: string | undefined;
      method?: "POST" | "GET" | undefined;
    }
  /**
   * FACT-Finder. `version` "v5"; "7" is `Tracking.ff`. `apiKey` is sent as `X-FF-API-Key`; without one requests are such as need no preflight, for a
   * proxy or a collector. `currency`: the channel's; a price in another one is left out with a warning.
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
   * Intempt. `endpoint` "https://api.intempt.com". `source` is text: it has more digits than a number holds. `apiKey` "identifier.secret", of a key
   * that can do nothing but bring events in. An anonymous visitor goes as `profileId` and `anotherUserId`.
   * `idempotent`: Intempt is believed to remove copies by their `eventId`, so requests are repeated until they are answered. Default false.
   * `names`: the names that events have in your account instead of Intempt's own.
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
 * `autoTrack.dataLayer`: Google's e-commerce events (GA4) are tracked as they are pushed to the page's data layer, as objects or by `gtag()`, those
 * from before too. docs/google-ecommerce.md has what becomes of each. `true` is `{}`.
 */
export interface DataLayerOptions {
  /**
   * Which item lists are recommendations: their scenarios by the lists' names or ids (`item_list_name`, `item_list_id`), or `true`: all, with their
   * names as scenarios. Only for these `view_item_list` is `rendered` and `select_item` is `clickRecommended`. Default: none.
   */
  lists?: true | Record<string, string> | undefined;
  /** The layer's name in the page. Default "dataLayer". */
  name?: string | undefined;
}

export interface IdentityConfig {
  /**
   * The account that this page was made for: like `login(userId)` at load, one login event a pair. null: nobody is logged in. Left out: whoever
   * `login` left. Case-sensitive; up to 512 bytes.
   */
  userId?: string | null | undefined;
  /** The site's own visitor id. Then no identity cookie is written. */
  anonymousId?: string | undefined;
  /** FACT-Finder: the shop's own session id, exactly 30 letters or digits. Used as it is, and not kept. */
  sessionId?: string | undefined;
  /** Intempt: the account that the visitor belongs to. */
  accountId?: string | undefined;
  /** FACT-Finder: the purchaser that the visitor buys for. */
  purchaserId?: string | undefined;
  /** Default "reco_id"; letters, digits and `-_.`. Its companion `<name>_at` says when it was written. */
  cookieName?: string | undefined;
  /** Default: the registrable domain, found by trying. */
  cookieDomain?: string | undefined;
  /** Days from the last use, 1 to 400. Default 90 (Ibexa's advice). Safari keeps a script's cookie 7 days. */
  cookieDays?: number | undefined;
  /** "memory": nothing is stored on the device. Default "cookie". */
  storage?: "cookie" | "memory" | undefined;
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

/** One destination at least. The length of a list is in its type where it is known, so that an empty one does not compile. */
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
      /** The purposes that all have to have consent. Default `[1, 5, 6]`: storage, profiles for personalised content, and their use. */
      purposes?: readonly number[] | undefined;
      /** The id of a vendor that has to have consent as well. Default: none. */
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
