//! All limits of the collector. The fields of [`Limits`] can be set in the table `[limits]`.

use crate::whole::{self, Whole};
use recobeacon_engine::limits::Limits as Tracker;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Limits that keep one faulty or hostile client from using up the resources of others.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body of `POST /v1/events`, in bytes. A larger one is answered 413.
    pub body_bytes: usize,
    /// Longest path and query, in bytes. A longer address is answered 414.
    pub url_bytes: usize,
    /// Most events in a batch. A larger batch is answered 413, and the tracker halves it.
    pub batch_events: usize,
    /// Seconds until a new connection must have sent its first byte.
    pub first_byte_seconds: u64,
    /// Seconds for a request's header, and for an idle connection.
    pub header_seconds: u64,
    /// Seconds for a request's body. A slower request is answered 408.
    pub body_seconds: u64,
    /// Seconds for which a client may read nothing of a response.
    pub write_seconds: u64,
    /// Seconds that open requests get when the collector stops.
    pub stop_seconds: u64,
    /// Most connections at the same time. A further one closes the connection that has been idle
    /// longest, or waits in the operating system's queue.
    pub connections: usize,
    /// Most connections of one address at the same time. Trusted proxies are exempt.
    pub address_connections: usize,
    /// Most requests a second of one address, as a mean over [`Limits::BURST_SECONDS`]. Trusted
    /// proxies are exempt. A further request is answered 429.
    pub address_requests: usize,
    /// Most events a second of one customer, as a mean over [`Limits::BURST_SECONDS`]. A further
    /// request is answered 429. 0: no bound. An entry of `[[customers]]` can have its own.
    pub customer_events: u64,
    /// Most stored rows of one customer. A further request is answered 429. 0: no bound. An entry
    /// of `[[customers]]` can have its own.
    pub customer_rows: u64,
    /// Most event streams (SSE) at the same time. A further one is answered 503.
    pub streams: usize,
    /// Most requests that wait for the disk at the same time. A further one is answered 503.
    pub waiting: usize,
    /// Largest size of the database file in MiB. Events that do not fit are answered 503. 0: no
    /// limit.
    pub database_mib: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            url_bytes: 8 * 1024,
            batch_events: Tracker::BATCH_EVENTS_MAX as usize,
            first_byte_seconds: 5,
            header_seconds: 30,
            body_seconds: 10,
            write_seconds: 30,
            stop_seconds: 5,
            connections: 1024,
            address_connections: 128,
            address_requests: 100,
            customer_events: 0,
            customer_rows: 0,
            streams: 32,
            waiting: 1024,
            database_mib: 0,
        }
    }
}

/// A setting of [`Limits`].
struct Setting {
    name: &'static str,
    /// For `--help`.
    meaning: &'static str,
    /// The working values.
    bounds: RangeInclusive<u64>,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

const MOST_BODY_BYTES: u64 = 64 * 1024 * 1024;
/// The connection's buffer holds a whole header, including the address.
const MOST_URL_BYTES: u64 = 64 * 1024;
const MOST_SECONDS: u64 = 3600;
const MOST_AT_ONCE: u64 = 100_000;
/// SQLite's own limit for pages of 4 KiB (<https://www.sqlite.org/limits.html>), 16 TiB.
const MOST_MIB: u64 = 16 * 1024 * 1024;

/// The setting of the field with the same name.
macro_rules! setting {
    ($field:ident, $bounds:expr, $meaning:literal) => {
        Setting {
            name: stringify!($field),
            meaning: $meaning,
            bounds: $bounds,
            get: |limits| limits.$field as u64,
            set: |limits, value| limits.$field = value as _,
        }
    };
}

const SETTINGS: [Setting; 16] = [
    setting!(body_bytes, 1..=MOST_BODY_BYTES, "largest body of a request, in bytes"),
    setting!(url_bytes, 1..=MOST_URL_BYTES, "longest path and query, in bytes"),
    setting!(batch_events, 1..=10_000, "most events in a request"),
    setting!(first_byte_seconds, 1..=MOST_SECONDS, "until a connection's first byte"),
    setting!(header_seconds, 1..=MOST_SECONDS, "for a header, and for an idle connection"),
    setting!(body_seconds, 1..=MOST_SECONDS, "for a request's body"),
    setting!(write_seconds, 1..=MOST_SECONDS, "for a client that reads nothing"),
    setting!(stop_seconds, 0..=MOST_SECONDS, "for open requests at the end"),
    setting!(connections, 1..=MOST_AT_ONCE, "most connections"),
    setting!(address_connections, 1..=MOST_AT_ONCE, "most connections of an address"),
    setting!(address_requests, 1..=MOST_AT_ONCE, "most requests a second of an address"),
    setting!(
        customer_events,
        Limits::CUSTOMER_EVENTS,
        "most events a second of a customer; 0: all"
    ),
    setting!(customer_rows, Limits::CUSTOMER_ROWS, "most stored rows of a customer; 0: all"),
    setting!(streams, 1..=MOST_AT_ONCE, "most event streams"),
    setting!(waiting, 1..=MOST_AT_ONCE, "most requests that wait for the disk"),
    setting!(database_mib, 0..=MOST_MIB, "largest database file, in MiB; 0: no limit"),
];

impl Limits {
    /// The working values of `customer_events`, and of `events` in `[[customers]]`.
    pub const CUSTOMER_EVENTS: RangeInclusive<u64> = 0..=1_000_000;
    /// The working values of `customer_rows`, and of `rows` in `[[customers]]`.
    pub const CUSTOMER_ROWS: RangeInclusive<u64> = 0..=1_000_000_000_000;
    /// A body above [`Limits::body_bytes`] is read and discarded up to this many times that size.
    /// Closing a connection with unread data resets it, and the sender would not see the 413 on
    /// which the tracker halves a batch.
    pub const DISCARDED_BODIES: usize = 16;
    /// Longest stream name. It becomes part of a cookie's name.
    pub const STREAM_BYTES: usize = 64;
    /// Longest name of a client.
    pub const CLIENT_BYTES: usize = 64;
    /// Longest name of a customer in a path: Ibexa's customer id, a channel, an organization.
    pub const CUSTOMER_BYTES: usize = Tracker::CUSTOMER_BYTES;
    /// Longest user id, as in the tracker.
    pub const USER_BYTES: usize = Tracker::IDENTIFIER_BYTES;
    /// Latest time that a JavaScript `Date` can hold, in milliseconds. Earlier times are all
    /// accepted: a device with a wrong clock has a real visitor, and `receivedAt` shows the
    /// difference.
    pub const LATEST_MS: u64 = 8_640_000_000_000_000;
    /// Times of past events before this one, in March 1973, are seconds by mistake.
    pub const EARLIEST_MS: u64 = 100_000_000_000;
    /// Accepted times of Intempt's events, in milliseconds: the years 2010 to 2040. Times in
    /// seconds, a common mistake, fall outside.
    pub const TIMESTAMPS: RangeInclusive<u64> = 1_262_304_000_000..=2_240_611_199_999;
    /// Largest number of a batch that JavaScript holds exactly.
    pub const SEQ: u64 = Tracker::SAFE_INTEGER;
    /// Most rows of one page of `GET /v1/events` and `GET /v1/batches`.
    pub const PAGE_ROWS: u32 = 10_000;
    /// Most variants of all scenarios in `GET /v1/variants`.
    pub const VARIANTS: u32 = 10_000;
    /// Rows of a page without `limit`.
    pub const PAGE_ROWS_DEFAULT: u32 = 1_000;
    /// Rows that an event stream reads at once. This limits the memory that a slow client needs.
    pub const STREAM_ROWS: u32 = 256;
    /// Longest sentence of a refusal in bytes. It may repeat keys and parameters of the request.
    pub const SENTENCE_BYTES: usize = 300;
    /// Pause between two attempts to open the stream of a cluster.
    pub const STREAM_PAUSE: Duration = Duration::from_secs(1);
    /// Most messages that a writer has without having stored them.
    pub const UNCONFIRMED: usize = 512;
    /// Time after which the stream delivers a message again that was not confirmed.
    pub const ACK_WAIT: Duration = Duration::from_secs(30);
    /// Time after which it delivers one again that the writer cannot read, which logs it again. Another
    /// writer gets it at its start.
    pub const UNREADABLE_PAUSE: Duration = Duration::from_secs(3600);
    /// Messages that a writer asks for at once: the half of [`Limits::UNCONFIRMED`], so that it reads
    /// these while it stores the others.
    pub const PULLED: u32 = Self::UNCONFIRMED as u32 / 2;
    /// Time for which a request for messages waits at the server.
    pub const PULL: Duration = Duration::from_secs(10);
    /// Most requests in one transaction.
    pub const GROUP: usize = 256;
    /// Raw batches that are read at the same time. Further ones wait. Each may use a CPU core for
    /// some time.
    pub const RAW: usize = 2;
    /// Connections of the admin listener, in addition to those of its streams.
    pub const ADMIN_CONNECTIONS: usize = 32;
    /// Seconds over which the request rate of an address is averaged.
    pub const BURST_SECONDS: u32 = 10;
    /// Pause between two readings of a customer's stored rows. The bound can be exceeded by the
    /// events of this time.
    pub const ROWS_KEPT: Duration = Duration::from_secs(1);
    /// `Retry-After` for a customer with its most rows, in seconds: the longest that the tracker
    /// waits.
    pub const ROWS_RETRY_SECONDS: u32 = 300;
    /// Most addresses, and most customers, whose rate is kept.
    pub const ADDRESSES: usize = 65_536;
    /// Database connections for reading.
    pub const READERS: usize = 4;
    /// Memory for pages of the database while writing, in KiB.
    pub const CACHE_KIB: u32 = 32 * 1024;
    /// Compiled statements that the writer keeps. It has about thirty different ones.
    pub const STATEMENTS: usize = 64;
    /// Wait for a full disk or a locked database before a request is refused.
    pub const BUSY: Duration = Duration::from_secs(5);
    /// Wait of a command for a running collector.
    pub const PATIENT: Duration = Duration::from_secs(60);
    /// Time for a connection to PostgreSQL.
    pub const DATABASE_CONNECT: Duration = Duration::from_secs(5);
    /// Pause between two attempts to become the writer that stores events.
    pub const LEAD_PAUSE: Duration = Duration::from_millis(250);
    /// Time after which a silent connection to PostgreSQL is tested.
    pub const DATABASE_ALIVE: Duration = Duration::from_secs(10);
    /// Most rows that are deleted in one transaction. Commits of events wait for it.
    pub const SWEEP_ROWS: usize = 250;
    /// Pause between two rounds of deleting by age.
    pub const SWEEP_PAUSE: Duration = Duration::from_secs(60);
    /// Time within which a healthy database answers. Shorter than [`Limits::BUSY`].
    pub const HEALTHY: Duration = Duration::from_secs(3);
    /// Time for which the count of all rows is reused.
    pub const COUNT_KEPT: Duration = Duration::from_secs(600);
    /// Time of one transaction above which the writer counts as stuck. Longer than [`Limits::BUSY`].
    pub const STUCK: Duration = Duration::from_secs(10);
    /// Time for which the result of a health check is reused.
    pub const HEALTH_KEPT: Duration = Duration::from_secs(1);
    /// Pause between two log lines about the same subject.
    pub const LOG_PAUSE: Duration = Duration::from_secs(60);
    /// Pause between two checks of the database's files.
    pub const TEND_PAUSE: Duration = Duration::from_secs(5);
    /// Age of an event above which a vendor without event times does not get it, as in the tracker.
    pub const UNDATED_AGE_MS: u64 = Tracker::UNDATED_AGE_MS;
    /// Age above which the tracker drops an event for any destination.
    pub const TRACKER_AGE_MS: u64 = Tracker::QUEUE_AGE_MS;
    /// Entries of the forwarding queue that are considered at once for each destination. Only those
    /// that are sent next are read with their content.
    pub const FORWARD_WINDOW: u32 = 256;
    /// Pause after which the forwarding queue is read again without news. Another process may have
    /// replayed dead letters.
    pub const FORWARD_PAUSE: Duration = Duration::from_secs(1);
    /// Pause between two deletions of expired ids.
    pub const EXPIRE_PAUSE: Duration = Duration::from_secs(10);
    /// Most dead letters of each destination. The oldest ones are deleted.
    pub const DEAD_LETTERS: u64 = 10_000;
    /// Time for which dead letters are kept, in milliseconds.
    pub const DEAD_LETTER_MS: u64 = 30 * Tracker::DAY_MS;
    /// Time after which a forwarded request has ended, in milliseconds. It is longer than any
    /// `timeout_seconds`.
    pub const FORWARD_ANSWER_MS: u64 = 3_600_000;
    /// Most bytes of a vendor's response that are read.
    pub const FORWARD_RESPONSE_BYTES: usize = 16 * 1024;
    /// Longest message of a vendor that is kept with a dead letter.
    pub const FORWARD_MESSAGE_BYTES: usize = 500;
    /// Time without requests to a vendor after five failures in a row, plus up to a quarter.
    pub const FORWARD_BREAKER_MS: u64 = 48_000;
    /// Wait for a connection to a vendor, with its TLS handshake.
    pub const FORWARD_CONNECT: Duration = Duration::from_secs(10);
    /// Time after which an idle connection to a vendor is not used again. Shorter than the usual
    /// limits of servers, because a request on a connection that the server is closing is lost.
    pub const FORWARD_IDLE: Duration = Duration::from_secs(2);
    /// Items of the feeds' model.
    pub const FEED_ITEMS: u64 = 1_000_000;
    /// Related items that the feeds' model keeps for an item, by views and by purchases.
    pub const FEED_NEIGHBOURS: u64 = 100;
    /// Days after which an event counts half in the feeds.
    pub const FEED_DAYS: u64 = 30;
    /// Hours after which the feeds' model is computed anew.
    pub const FEED_HOURS: u64 = 24;
    /// Rows that the feeds' model reads at once.
    pub const FEED_ROWS: u32 = 500;
    /// Events that the feeds' model learns before requests are answered again.
    pub const FEED_STEP: usize = 100;
    /// Pause between two readings of new rows, and after a failure, for the feeds' model.
    pub const FEED_PAUSE: Duration = Duration::from_millis(200);
    /// Pause after which a process looks for new rows that another one has imported.
    pub const IMPORTED_PAUSE: Duration = Duration::from_secs(60);
    /// Pause after which a collector of a cluster looks for new rows of the writer.
    pub const OTHERS_PAUSE: Duration = Duration::from_secs(1);
    /// A visitor's latest events that personal feeds are made of.
    pub const FEED_OWN_ROWS: u32 = 1_000;
    /// Most recommendations of an answer, as in Ibexa's interface.
    pub const FEED_ANSWER: usize = 50;
    /// The default number of recommendations.
    pub const FEED_ANSWER_DEFAULT: usize = 10;
    /// Most context items of a request.
    pub const FEED_CONTEXT: usize = 50;
    /// Seconds for which an answer for all visitors may be kept.
    pub const FEED_CACHED: u32 = 60;
    /// Size of the database's log (WAL) above which it is truncated.
    pub const WAL_BYTES: u64 = 32 * 1024 * 1024;
    /// Pages in the log above which they are written into the database. A page has 4 KiB.
    pub const WAL_PAGES: i64 = 4000;
    /// Wait for readers of the log before it is truncated. Nothing is written meanwhile.
    pub const WAL_PATIENCE: Duration = Duration::from_millis(100);
    /// Pause between two keep-alive comments on an event stream.
    pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
    /// Largest file whose compressed form is kept in memory.
    pub const COMPRESSED_FILE_BYTES: u64 = 4 * 1024 * 1024;
    /// Total size of the compressed files in memory.
    pub const COMPRESSED_CACHE_BYTES: usize = 32 * 1024 * 1024;
    /// Lifetime of an acknowledgement cookie, in seconds.
    pub const ACK_SECONDS: u32 = 600;
    /// Age in seconds at which the identity cookie is renewed.
    pub const RENEW_SECONDS: u64 = 86_400;
    /// Most days of a report.
    pub const REPORT_DAYS: i64 = 400;
    /// Time after which a click of a recommendation no longer counts for a purchase, in milliseconds.
    /// The view `report_scenario_purchases` has the same.
    pub const REPORT_CLICK_MS: i64 = 7 * Tracker::DAY_MS as i64;
    /// Items of a report.
    pub const REPORT_ITEMS: u32 = 20;
    /// Most scenarios of a report.
    pub const REPORT_SCENARIOS: u32 = 10_000;
    /// Days of which the refused requests are counted.
    pub const REFUSED_DAYS: u32 = 800;
    /// Longest time for a report, and for its wait for another one.
    pub const REPORT_TIME: Duration = Duration::from_secs(20);
    /// Steps of SQLite's machine between two checks of the time.
    pub const REPORT_STEPS: i32 = 10_000;
    /// Pause between two checks whether a report that PostgreSQL makes is still wanted.
    pub const REPORT_CHECK: Duration = Duration::from_millis(100);
    /// Lifetime of a session of the report's page.
    pub const SESSION: Duration = Duration::from_secs(12 * 3600);
    /// Most sessions. A further one ends the oldest.
    pub const SESSIONS: usize = 64;
    /// `Retry-After` of a 503, in seconds.
    pub const RETRY_SECONDS: u32 = 5;

    /// The names of the settings, each with its meaning and default.
    pub(crate) fn settings() -> impl Iterator<Item = (&'static str, String)> {
        let defaults = Self::default();
        SETTINGS.iter().map(move |Setting { name, meaning, get, .. }| {
            (*name, format!("{meaning} [default: {}]", get(&defaults)))
        })
    }

    /// The defaults, overridden by the settings of the table.
    ///
    /// # Errors
    /// A sentence for each fault, with the setting and its bounds.
    pub(crate) fn set(table: BTreeMap<String, Whole>) -> Result<Self, Vec<String>> {
        let mut limits = Self::default();
        let mut faults = Vec::new();
        for (name, value) in table {
            let setting = SETTINGS.iter().find(|setting| setting.name == name);
            let Some(Setting { bounds, set, .. }) = setting else {
                faults.push(format!("limits.{name}: unknown field `{name}`"));
                continue;
            };
            match whole::within(&format!("limits.{name}"), value, bounds) {
                Ok(value) => set(&mut limits, value),
                Err(sentence) => faults.push(sentence),
            }
        }
        if faults.is_empty() { Ok(limits) } else { Err(faults) }
    }
}
