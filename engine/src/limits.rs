//! Every bound and default of the tracker, in one place.
//!
//! Sizes are in bytes of UTF-8, times in milliseconds, unless the name says otherwise.

/// The bounds. They exist so that nothing that a page hands over, and nothing that a network
/// fails to do, can make the tracker grow without end.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Longest identifier: item, user, category path, scenario, trigger, order.
    /// Four times the longest id in the vendors' documents; a URL of 2,000 characters still holds it.
    pub const IDENTIFIER_BYTES: usize = 512;
    /// Longest id of a customer at Ibexa.
    pub const CUSTOMER_BYTES: usize = 64;
    /// Longest free text: title, search query, campaign, feedback message.
    pub const TEXT_BYTES: usize = 2_000;
    /// Longest page-supplied address (an endpoint).
    pub const URL_BYTES: usize = 2_000;
    /// Nesting of a value that a page hands over. Deeper parts are not looked at: a DOM element
    /// that got in by mistake is a cyclic graph.
    pub const VALUE_DEPTH: u8 = 5;
    /// The same of a JSON document, which cannot be cyclic: a filter's value can be anything.
    pub const JSON_DEPTH: u8 = 16;
    /// Elements of one list, or fields of one object, that are looked at.
    pub const VALUE_WIDTH: usize = 1_000;
    /// Characters of one text of a page that are looked at: no request may be as long.
    pub const VALUE_CHARACTERS: u32 = 65_536;
    /// Largest number that a JavaScript number holds exactly.
    pub const SAFE_INTEGER: u64 = (1 << 53) - 1;

    /// Largest `quantity` (index.d.ts).
    pub const QUANTITY: u64 = 1_000_000;
    /// Decimals of a price or a score.
    pub const DECIMALS: u32 = 6;
    /// Amounts stay below this, so that six decimals are exact in a JavaScript number.
    pub const AMOUNT: f64 = 9_000_000_000.0;
    /// Largest item type of Ibexa, and the largest item id that it calls numeric: its tracking API says `1 to 2147483647`.
    pub const IBEXA_ID: u64 = 2_147_483_647;
    /// Largest item type of YOOCHOOSE.
    pub const YOOCHOOSE_ITEM_TYPE: u64 = 5;
    /// Longest request URL of a protocol that puts its events there. 2,000 characters pass every
    /// proxy in common use; Ibexa answers 414 somewhere above and does not say where.
    pub const REQUEST_URL: usize = 2_000;

    /// Defaults and bounds of `batch`.
    pub const BATCH_EVENTS: u64 = 20;
    /// The collector refuses batches of more events than this.
    pub const BATCH_EVENTS_MAX: u64 = 1_000;
    /// Default of `batch.maxBytes`.
    pub const BATCH_BYTES: u64 = 16_000;
    /// Least `batch.maxBytes`: one event with every field at a common length.
    pub const BATCH_BYTES_MIN: u64 = 1_000;
    /// Most `batch.maxBytes`: 64 KiB are shared by every script of the page (Fetch standard).
    pub const BATCH_BYTES_MAX: u64 = 60_000;
    /// Default of `batch.maxWaitMs`.
    pub const BATCH_WAIT_MS: u64 = 2_000;
    /// Most `batch.maxWaitMs`.
    pub const BATCH_WAIT_MS_MAX: u64 = 600_000;

    /// Default of `queue.maxEvents`.
    pub const QUEUE_EVENTS: u64 = 1_000;
    /// Most `queue.maxEvents`.
    pub const QUEUE_EVENTS_MAX: u64 = 100_000;
    /// Default and most of `queue.maxAgeMs`.
    pub const QUEUE_AGE_MS: u64 = 7 * Self::DAY_MS;
    /// Vendors that take no time of the event get none that is older than this.
    pub const UNDATED_AGE_MS: u64 = Self::DAY_MS;

    /// Events of value leave in a task of their own this soon after the call, never inside the
    /// page's own handler. Zero: the next task.
    pub const VALUE_WAIT_MS: u64 = 0;
    /// Requests of one destination in one task while the page is visible. Chromium drops what
    /// passes 256 in flight a frame while it answers true.
    pub const BURST_VISIBLE: u32 = 24;
    /// The same once the page is hidden: there may be no other chance.
    pub const BURST_HIDDEN: u32 = 200;
    /// Pause between two bursts.
    pub const BURST_PAUSE_MS: u64 = 1_000;

    /// So long after an event `fetchLater` gets a copy of what waits: one for a burst of events.
    pub const FETCH_LATER_WAIT_MS: u64 = 200;

    /// Requests of all destinations that the browser has at once while the page is visible,
    pub const FLIGHT_REQUESTS: u32 = 4;
    /// and the bytes of their bodies: 64 KiB are shared by every script of the page.
    pub const FLIGHT_BYTES: usize = 48 * 1024;
    /// A request counts as one of them for so long, unless its end is seen earlier.
    pub const SLOT_MS: u64 = 10_000;
    /// A beacon that is not acknowledged so long after it went goes once more. The answer's cookie
    /// may come later than the next page's first look: 1.2 s were seen.
    pub const ACKNOWLEDGED_MS: u64 = 15_000;
    /// As many acknowledgements stay for other pages: the cookies go with every request of the site, and servers refuse more than 8 kB
    /// of headers (Apache's `LimitRequestFieldSize`).
    pub const ACKNOWLEDGEMENTS: usize = 20;
    /// Characters of all keys of ours in `localStorage`: a tenth of the five million that a browser gives an origin. A site that
    /// asks for a larger queue than the default asks for more of it, in proportion, up to
    pub const STORAGE_CHARACTERS: u32 = 500_000;
    /// so many.
    pub const STORAGE_CHARACTERS_MAX: u32 = 4_000_000;

    /// First pause after a failure; doubles with each further one.
    pub const RETRY_MS: u64 = 1_000;
    /// The most of `Retry-After` that is honoured.
    pub const RETRY_MS_MAX: u64 = 300_000;
    /// After so many failures in a row a destination is left alone
    pub const BREAKER_FAILURES: u32 = 5;
    /// for this long, and up to a quarter longer: a page that is left tries nothing either.
    pub const BREAKER_MS: u64 = 600_000;

    /// A cookie that says "denied".
    pub const OFF_DAYS: u64 = 180;
    /// Default of `identity.cookieDays`: 90 days from the last use (Ibexa's advice).
    pub const COOKIE_DAYS: u64 = 90;
    /// Browsers cut a cookie's life to this (RFC 6265bis).
    pub const COOKIE_DAYS_MAX: u64 = 400;
    /// The identity cookie is written at most this often.
    pub const COOKIE_RENEW_MS: u64 = Self::DAY_MS;
    /// FACT-Finder's session ends when it was not used for so long (its Web Components' rule).
    pub const SESSION_IDLE_MS: u64 = Self::DAY_MS;
    /// That it was used is written at most this often.
    pub const SESSION_SAVE_MS: u64 = 60_000;
    /// Letters and digits of FACT-Finder's `sid`, exactly.
    pub const SESSION_LETTERS: usize = 30;
    /// Orders that are remembered.
    pub const ORDERS: usize = 50;
    /// Orders of one page to which lines may be added by further calls: a cash desk's page is never left,
    pub const PAGE_ORDERS: usize = 100;
    /// and the lines of these that are known again.
    pub const PAGE_ORDER_LINES: usize = 1_000;
    /// How long an order id is remembered.
    pub const ORDER_AGE_MS: u64 = 30 * Self::DAY_MS;
    /// Pairs of anonymous and account id whose login was sent.
    pub const LOGIN_PAIRS: usize = 20;
    /// How long such a pair is remembered: as long as a cookie can live.
    pub const LOGIN_AGE_MS: u64 = Self::COOKIE_DAYS_MAX * Self::DAY_MS;

    /// Default of `stepPercent`.
    pub const STEP_PERCENT: u64 = 10;
    /// Default of `wordsPerMinute`: the silent reading speed of adults (Brysbaert 2019: 238; rounded down).
    pub const WORDS_PER_MINUTE: u64 = 230;
    /// Default of `idleAfterMs`.
    pub const IDLE_MS: u64 = 60_000;
    /// Longest time that a timer may be set to.
    pub const TIMER_MS: u64 = Self::DAY_MS;
    /// Timers of one page.
    pub const TIMERS: usize = 100;
    /// A height that changed so lately is not believed yet: images are still to come.
    pub const SCROLL_SETTLE_MS: u64 = 1_000;
    /// CSS pixels that scrolling to the very end may miss it by: browsers round the one and not
    /// the other (MDN, `Element.scrollHeight`).
    pub const SCROLL_SLACK_PX: u64 = 1;
    /// What a player's clock may be away from the duration when all was played.
    pub const MEDIA_SLACK_MS: u64 = 100;
    /// Parts of a medium, with others in between that were not played.
    pub const MEDIA_RANGES: usize = 1_000;

    /// Something was seen if so much of it, in thousandths, was in view
    pub const SEEN_SHARE: f64 = 500.0;
    /// for so long (Media Rating Council).
    pub const SEEN_MS: u64 = 1_000;
    /// Containers of recommendations that are observed.
    pub const CONTAINERS: usize = 1_000;
    /// Elements in all of them, and items that are said to have been seen in one page view.
    pub const RECOMMENDATIONS: usize = 5_000;

    /// So long an event in a data layer may be followed by its copy for another of Google's accounts, and so many are looked at.
    pub const COPIES_MS: u64 = 1_000;
    /// The same.
    pub const COPIES: usize = 50;

    /// Different warnings that are said only once (unknown fields, unsupported events).
    pub const WARNED_ONCE: usize = 100;

    /// A day.
    pub const DAY_MS: u64 = 86_400_000;
}
