//! Every bound of the collector, in one place. Those that are fields can be set in the table `[limits]`.

use crate::config::whole::{self, Whole};
use recobeacon_engine::limits::Limits as Tracker;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The bounds that keep one client, however broken or hostile, from taking the others' share.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest body of `POST /v1/events`, in bytes; above it the answer is 413.
    pub body_bytes: usize,
    /// Longest path and query, in bytes; above it the answer is 414.
    pub url_bytes: usize,
    /// Most events in one batch; above it the answer is 413, so that the tracker halves it.
    pub batch_events: usize,
    /// Time until a new connection has sent its first byte.
    pub first_byte_seconds: u64,
    /// Time that a request's header may take, and that an idle connection is kept.
    pub header_seconds: u64,
    /// Time that a request's body may take; after it the answer is 408.
    pub body_seconds: u64,
    /// Time that a client may take nothing of its answer.
    pub write_seconds: u64,
    /// Time that open requests are given when the collector stops.
    pub stop_seconds: u64,
    /// Connections at the same time. A further one ends the one that is idle for the longest, or
    /// waits in the operating system's queue.
    pub connections: usize,
    /// Connections of one address at the same time, unless it is a trusted proxy's.
    pub address_connections: usize,
    /// Requests a second of one address, unless it is a trusted proxy's: the mean of
    /// [`Limits::BURST_SECONDS`]. A further one is answered 429.
    pub address_requests: usize,
    /// Event streams (SSE) at the same time; a further one is answered 503.
    pub streams: usize,
    /// Requests that wait for the disk at the same time; a further one is answered 503.
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

/// A field of [`Limits`] as it can be set: its name, the values that leave something that works,
/// and where it goes.
type Setting = (&'static str, RangeInclusive<u64>, fn(&mut Limits, u64));

const MOST_BODY_BYTES: u64 = 64 * 1024 * 1024;
/// The connection's buffer holds a whole header, of which the address is a part.
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
    /// A body above [`Limits::body_bytes`] is read and thrown away up to this many times that
    /// size: a connection that is closed on unread data is reset, and then the sender never sees
    /// the 413 on which it would halve its batch.
    pub const DISCARDED_BODIES: usize = 16;
    /// Longest stream name (it becomes part of a cookie's name).
    pub const STREAM_BYTES: usize = 64;
    /// Longest name of a client.
    pub const CLIENT_BYTES: usize = 64;
    /// Longest name of a customer in a path: Ibexa's customer id, a channel, an organization.
    pub const CUSTOMER_BYTES: usize = Tracker::CUSTOMER_BYTES;
    /// Longest user id, the tracker's own bound.
    pub const USER_BYTES: usize = Tracker::IDENTIFIER_BYTES;
    /// Latest time that a JavaScript `Date` can hold, in milliseconds. Nothing earlier is refused:
    /// a device with a wrong clock has real visitors, and `receivedAt` tells the difference.
    pub const LATEST_MS: u64 = 8_640_000_000_000_000;
    /// Times of events that Intempt believes, in milliseconds: the years 2010 to 2040. Seconds, which
    /// some send by mistake, are none of them.
    pub const TIMESTAMPS: RangeInclusive<u64> = 1_262_304_000_000..=2_240_611_199_999;
    /// Largest number of a batch that JavaScript holds exactly.
    pub const SEQ: u64 = Tracker::SAFE_INTEGER;
    /// Most rows of one page of `GET /v1/events` and `GET /v1/batches`.
    pub const PAGE_ROWS: u32 = 10_000;
    /// Rows of a page for which no `limit` was given.
    pub const PAGE_ROWS_DEFAULT: u32 = 1_000;
    /// Rows that an event stream reads at once: all that a slow reader makes the collector hold.
    pub const STREAM_ROWS: u32 = 256;
    /// Requests that share one transaction, at most.
    pub const GROUP: usize = 256;
    /// Raw batches that are read at the same time; further ones wait. Each may keep a core busy for a
    /// while.
    pub const RAW: usize = 2;
    /// Connections of the admin listener beside those of its streams.
    pub const ADMIN_CONNECTIONS: usize = 32;
    /// Seconds over which the requests of an address are counted.
    pub const BURST_SECONDS: u32 = 10;
    /// Addresses that are remembered for that.
    pub const ADDRESSES: usize = 65_536;
    /// Connections to the database that read.
    pub const READERS: usize = 4;
    /// Time that a full disk or a locked database is given before a request is refused.
    pub const BUSY: Duration = Duration::from_secs(5);
    /// Time in which the database must answer to be healthy. Shorter than [`Limits::BUSY`].
    pub const HEALTHY: Duration = Duration::from_secs(3);
    /// Time for which an answer about the database's health is used again.
    pub const HEALTH_KEPT: Duration = Duration::from_secs(1);
    /// Pause between two lines of the log about the same thing.
    pub const LOG_PAUSE: Duration = Duration::from_secs(60);
    /// Pause between two looks after the database's files.
    pub const TEND_PAUSE: Duration = Duration::from_secs(5);
    /// Size of the database's log from which it is emptied and cut.
    pub const WAL_BYTES: u64 = 16 * 1024 * 1024;
    /// Time that readers are given to leave the log for that; meanwhile nothing is written.
    pub const WAL_PATIENCE: Duration = Duration::from_millis(100);
    /// Pause between two signs of life on an event stream.
    pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
    /// Largest file that is kept in memory in compressed form.
    pub const COMPRESSED_FILE_BYTES: u64 = 4 * 1024 * 1024;
    /// All such files together, compressed.
    pub const COMPRESSED_CACHE_BYTES: usize = 32 * 1024 * 1024;
    /// Life of an acknowledgement cookie, in seconds.
    pub const ACK_SECONDS: u32 = 600;
    /// The identity cookie is renewed when it was last written longer ago than this.
    pub const RENEW_SECONDS: u64 = 86_400;
    /// Seconds after which a client that got a 503 may try again.
    pub const RETRY_SECONDS: u32 = 5;

    /// The defaults, and over them the settings of the table.
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
