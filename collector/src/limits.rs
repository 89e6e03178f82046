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
    /// Most event streams (SSE) at the same time. A further one is answered 503.
    pub streams: usize,
    /// Most requests that wait for the disk at the same time. A further one is answered 503.
    pub waiting: usize,
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
            streams: 32,
            waiting: 1024,
        }
    }
}

/// A setting of [`Limits`]: its name, its working values, and its setter.
type Setting = (&'static str, RangeInclusive<u64>, fn(&mut Limits, u64));

const MOST_BODY_BYTES: u64 = 64 * 1024 * 1024;
/// The connection's buffer holds a whole header, including the address.
const MOST_URL_BYTES: u64 = 64 * 1024;
const MOST_SECONDS: u64 = 3600;
const MOST_AT_ONCE: u64 = 100_000;

const SETTINGS: [Setting; 13] = [
    ("body_bytes", 1..=MOST_BODY_BYTES, |limits, value| limits.body_bytes = value as usize),
    ("url_bytes", 1..=MOST_URL_BYTES, |limits, value| limits.url_bytes = value as usize),
    ("batch_events", 1..=10_000, |limits, value| limits.batch_events = value as usize),
    ("first_byte_seconds", 1..=MOST_SECONDS, |limits, value| limits.first_byte_seconds = value),
    ("header_seconds", 1..=MOST_SECONDS, |limits, value| limits.header_seconds = value),
    ("body_seconds", 1..=MOST_SECONDS, |limits, value| limits.body_seconds = value),
    ("write_seconds", 1..=MOST_SECONDS, |limits, value| limits.write_seconds = value),
    ("stop_seconds", 0..=MOST_SECONDS, |limits, value| limits.stop_seconds = value),
    ("connections", 1..=MOST_AT_ONCE, |limits, value| limits.connections = value as usize),
    ("address_connections", 1..=MOST_AT_ONCE, |limits, value| {
        limits.address_connections = value as usize;
    }),
    ("address_requests", 1..=MOST_AT_ONCE, |limits, value| {
        limits.address_requests = value as usize;
    }),
    ("streams", 1..=MOST_AT_ONCE, |limits, value| limits.streams = value as usize),
    ("waiting", 1..=MOST_AT_ONCE, |limits, value| limits.waiting = value as usize),
];

impl Limits {
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
    /// Accepted times of Intempt's events, in milliseconds: the years 2010 to 2040. Times in
    /// seconds, a common mistake, fall outside.
    pub const TIMESTAMPS: RangeInclusive<u64> = 1_262_304_000_000..=2_240_611_199_999;
    /// Largest number of a batch that JavaScript holds exactly.
    pub const SEQ: u64 = Tracker::SAFE_INTEGER;
    /// Most rows of one page of `GET /v1/events` and `GET /v1/batches`.
    pub const PAGE_ROWS: u32 = 10_000;
    /// Rows of a page without `limit`.
    pub const PAGE_ROWS_DEFAULT: u32 = 1_000;
    /// Rows that an event stream reads at once. This limits the memory that a slow client needs.
    pub const STREAM_ROWS: u32 = 256;
    /// Most requests in one transaction.
    pub const GROUP: usize = 256;
    /// Raw batches that are read at the same time. Further ones wait. Each may use a CPU core for
    /// some time.
    pub const RAW: usize = 2;
    /// Connections of the admin listener, in addition to those of its streams.
    pub const ADMIN_CONNECTIONS: usize = 32;
    /// Seconds over which the request rate of an address is averaged.
    pub const BURST_SECONDS: u32 = 10;
    /// Most addresses whose request rate is kept.
    pub const ADDRESSES: usize = 65_536;
    /// Database connections for reading.
    pub const READERS: usize = 4;
    /// Wait for a full disk or a locked database before a request is refused.
    pub const BUSY: Duration = Duration::from_secs(5);
    /// Time within which a healthy database answers. Shorter than [`Limits::BUSY`].
    pub const HEALTHY: Duration = Duration::from_secs(3);
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
    /// Most bytes of a vendor's response that are read.
    pub const FORWARD_RESPONSE_BYTES: usize = 16 * 1024;
    /// Longest message of a vendor that is kept with a dead letter.
    pub const FORWARD_MESSAGE_BYTES: usize = 500;
    /// Wait for a connection to a vendor, with its TLS handshake.
    pub const FORWARD_CONNECT: Duration = Duration::from_secs(10);
    /// Time after which an idle connection to a vendor is not used again. Shorter than the usual
    /// limits of servers, because a request on a connection that the server is closing is lost.
    pub const FORWARD_IDLE: Duration = Duration::from_secs(2);
    /// Size of the database's log (WAL) above which it is truncated.
    pub const WAL_BYTES: u64 = 16 * 1024 * 1024;
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
    /// `Retry-After` of a 503, in seconds.
    pub const RETRY_SECONDS: u32 = 5;

    /// The defaults, overridden by the settings of the table.
    ///
    /// # Errors
    /// A sentence with the setting and its bounds.
    pub(crate) fn set(table: BTreeMap<String, Whole>) -> Result<Self, String> {
        let mut limits = Self::default();
        for (name, value) in table {
            let setting = SETTINGS.iter().find(|(known, ..)| *known == name);
            let (_, bounds, set) =
                setting.ok_or_else(|| format!("limits: unknown field `{name}`"))?;
            set(&mut limits, whole::within(&format!("limits.{name}"), value, bounds)?);
        }
        Ok(limits)
    }
}
