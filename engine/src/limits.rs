//! All limits and defaults of the tracker.
//!
//! Sizes are in bytes of UTF-8, times in milliseconds, unless the name says otherwise.

/// The limits. They bound the tracker's memory for all values of the page and all network failures.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Longest identifier: item, user, category path, scenario, trigger, order. It is four times
    /// the longest id in the vendors' documents, and still fits into a URL of 2,000 characters.
    pub const IDENTIFIER_BYTES: usize = 512;
    /// Longest customer id at Ibexa.
    pub const CUSTOMER_BYTES: usize = 64;
    /// Longest free text: title, search query, campaign, feedback message.
    pub const TEXT_BYTES: usize = 2_000;
    /// Longest address that a page supplies (an endpoint).
    pub const URL_BYTES: usize = 2_000;
    /// Deepest nesting of a value from the page. Deeper parts are ignored, because a DOM element
    /// passed by mistake is a cyclic graph.
    pub const VALUE_DEPTH: u8 = 5;
    /// Deepest nesting of a JSON document, which cannot be cyclic. A filter's value can be
    /// anything.
    pub const JSON_DEPTH: u8 = 16;
    /// Most elements of a list or fields of an object that are read.
    pub const VALUE_WIDTH: usize = 1_000;
    /// Most characters of a text that are read. No request may be as long.
    pub const VALUE_CHARACTERS: u32 = 65_536;
    /// All arguments of a call together may have as many characters and values as this many of the
    /// longest texts: 2,000 for each line of the longest purchase. Without this limit the lengths
    /// of nested lists would multiply.
    pub const VALUE_TEXTS: u32 = 30;
    /// Largest number that a JavaScript number holds exactly.
    pub const SAFE_INTEGER: u64 = (1 << 53) - 1;

    /// Largest `quantity` (index.d.ts).
    pub const QUANTITY: u64 = 1_000_000;
    /// Decimals of a price or a score.
    pub const DECIMALS: u32 = 6;
    /// Amounts are below this, so that six decimals are exact in a JavaScript number.
    pub const AMOUNT: f64 = 9_000_000_000.0;
    /// Largest item type of Ibexa, and the largest item id that counts as numeric: `1 to
    /// 2147483647` in its tracking API.
    pub const IBEXA_ID: u64 = 2_147_483_647;
    /// Largest item type of YOOCHOOSE.
    pub const YOOCHOOSE_ITEM_TYPE: u64 = 5;
    /// Longest request URL of a protocol with events in the URL. 2,000 characters pass every common
    /// proxy. Ibexa answers 414 above a limit that it does not document.
    pub const REQUEST_URL: usize = 2_000;

    /// Default of `batch.maxEvents`.
    pub const BATCH_EVENTS: u64 = 20;
    /// Largest `batch.maxEvents`. The collector refuses batches of more events.
    pub const BATCH_EVENTS_MAX: u64 = 1_000;
    /// Default of `batch.maxBytes`.
    pub const BATCH_BYTES: u64 = 16_000;
    /// Smallest `batch.maxBytes`: one event with every field at a common length.
    pub const BATCH_BYTES_MIN: u64 = 1_000;
    /// Largest `batch.maxBytes`. All scripts of a page share 64 KiB (Fetch standard).
    pub const BATCH_BYTES_MAX: u64 = 60_000;
    /// Default of `batch.maxWaitMs`.
    pub const BATCH_WAIT_MS: u64 = 2_000;
    /// Largest `batch.maxWaitMs`.
    pub const BATCH_WAIT_MS_MAX: u64 = 600_000;

    /// Default of `queue.maxEvents`. It holds a burst of ten thousand events in one task.
    pub const QUEUE_EVENTS: u64 = 20_000;
    /// The number of events that the default room in `localStorage` is for, and the most calls that
    /// are kept while the module loads.
    pub const STORED_EVENTS: u64 = 1_000;
    /// Largest `queue.maxEvents`.
    pub const QUEUE_EVENTS_MAX: u64 = 100_000;
    /// Default and largest value of `queue.maxAgeMs`.
    pub const QUEUE_AGE_MS: u64 = 7 * Self::DAY_MS;
    /// Vendors that accept no event time get no event older than this.
    pub const UNDATED_AGE_MS: u64 = Self::DAY_MS;

    /// Delay of valuable events after the call. They are sent in a task of their own, not within
    /// the page's handler. Zero: the next task.
    pub const VALUE_WAIT_MS: u64 = 0;
    /// Most requests of one destination in one task while the page is visible. Chromium drops
    /// requests beyond 256 in flight for each frame, although it returns true.
    pub const BURST_VISIBLE: u32 = 24;
    /// The same for a hidden page, which may have no other chance.
    pub const BURST_HIDDEN: u32 = 200;
    /// Pause between two bursts.
    pub const BURST_PAUSE_MS: u64 = 1_000;

    /// Delay of the `fetchLater` copy after an event, so that one copy serves a burst of events.
    pub const FETCH_LATER_WAIT_MS: u64 = 200;

    /// Most requests of all destinations in flight while the page is visible.
    pub const FLIGHT_REQUESTS: u32 = 4;
    /// Most bytes of their bodies. All scripts of a page share 64 KiB.
    pub const FLIGHT_BYTES: usize = 48 * 1024;
    /// Time for which a request counts as in flight, unless its end is seen earlier.
    pub const SLOT_MS: u64 = 10_000;
    /// Time after which an unacknowledged beacon is sent once more. The response's cookie may
    /// appear after the next page's first check: 1.2 s were measured.
    pub const ACKNOWLEDGED_MS: u64 = 15_000;
    /// Most acknowledgement cookies that are left for other pages. All requests of the site carry
    /// them, and servers refuse more than 8 kB of headers (Apache's `LimitRequestFieldSize`).
    pub const ACKNOWLEDGEMENTS: usize = 20;
    /// Most characters of the tracker's keys in `localStorage`: a tenth of the five million that a
    /// browser gives an origin. A configured `queue.maxEvents` above
    /// [`STORED_EVENTS`](Self::STORED_EVENTS) raises it in proportion.
    pub const STORAGE_CHARACTERS: u32 = 500_000;
    /// The upper limit of that.
    pub const STORAGE_CHARACTERS_MAX: u32 = 4_000_000;

    /// First pause after a failure. Each further failure doubles it.
    pub const RETRY_MS: u64 = 1_000;
    /// Largest `Retry-After` that is honoured.
    pub const RETRY_MS_MAX: u64 = 300_000;
    /// Failures in a row after which the circuit breaker opens.
    pub const BREAKER_FAILURES: u32 = 5;
    /// Time for which it stays open, plus up to a quarter. Even a page that is left sends nothing
    /// then.
    pub const BREAKER_MS: u64 = 600_000;

    /// Lifetime of the cookie for denied consent, in days.
    pub const OFF_DAYS: u64 = 180;
    /// Default of `identity.cookieDays`: 90 days from the last use, as Ibexa recommends.
    pub const COOKIE_DAYS: u64 = 90;
    /// Browsers limit a cookie's lifetime to this (RFC 6265bis).
    pub const COOKIE_DAYS_MAX: u64 = 400;
    /// Shortest time between two writes of the identity cookie.
    pub const COOKIE_RENEW_MS: u64 = Self::DAY_MS;
    /// Idle time after which FACT-Finder's session ends (as in its Web Components).
    pub const SESSION_IDLE_MS: u64 = Self::DAY_MS;
    /// Shortest time between two writes of the session's last use.
    pub const SESSION_SAVE_MS: u64 = 60_000;
    /// Length of FACT-Finder's `sid` in letters and digits.
    pub const SESSION_LETTERS: usize = 30;
    /// Most orders that are remembered across pages.
    pub const ORDERS: usize = 50;
    /// Most orders of one page whose lines may come in further calls. A page at a cash desk is
    /// never left.
    pub const PAGE_ORDERS: usize = 100;
    /// Most lines of these orders that are remembered.
    pub const PAGE_ORDER_LINES: usize = 1_000;
    /// Time for which an order id is remembered.
    pub const ORDER_AGE_MS: u64 = 30 * Self::DAY_MS;
    /// Most pairs of anonymous id and account whose login is remembered.
    pub const LOGIN_PAIRS: usize = 20;
    /// Time for which such a pair is remembered, as long as a cookie can live.
    pub const LOGIN_AGE_MS: u64 = Self::COOKIE_DAYS_MAX * Self::DAY_MS;

    /// Default of `stepPercent`.
    pub const STEP_PERCENT: u64 = 10;
    /// Default of `wordsPerMinute`: the silent reading speed of adults (Brysbaert 2019: 238; rounded down).
    pub const WORDS_PER_MINUTE: u64 = 230;
    /// Default of `idleAfterMs`.
    pub const IDLE_MS: u64 = 60_000;
    /// Longest time that can be configured for a timer.
    pub const TIMER_MS: u64 = Self::DAY_MS;
    /// Most timers of one page.
    pub const TIMERS: usize = 100;
    /// Time after a change of height for which it counts as unstable, because images may still
    /// load.
    pub const SCROLL_SETTLE_MS: u64 = 1_000;
    /// CSS pixels by which scrolling to the end may miss the height: browsers round only one of the
    /// two values (MDN, `Element.scrollHeight`).
    pub const SCROLL_SLACK_PX: u64 = 1;
    /// Largest difference between a player's clock and the duration when all was played.
    pub const MEDIA_SLACK_MS: u64 = 100;
    /// Most separate played ranges of a medium.
    pub const MEDIA_RANGES: usize = 1_000;

    /// Visible share, in thousandths, at which an element counts as in view (Media Rating Council).
    pub const SEEN_SHARE: f64 = 500.0;
    /// Time for which it must be in view without a break (Media Rating Council).
    pub const SEEN_MS: u64 = 1_000;
    /// Most observed containers of recommendations.
    pub const CONTAINERS: usize = 1_000;
    /// Most elements in all containers, and most items reported as seen in one page view.
    pub const RECOMMENDATIONS: usize = 5_000;

    /// Time within which an entry of the data layer can be a copy for another of Google's accounts.
    pub const COPIES_MS: u64 = 1_000;
    /// Most entries that are remembered for that.
    pub const COPIES: usize = 50;

    /// Most different warnings that are given only once (unknown fields, unsupported events).
    pub const WARNED_ONCE: usize = 100;

    /// A day.
    pub const DAY_MS: u64 = 86_400_000;
}
