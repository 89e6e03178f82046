//! Every bound of the collector, in one place. All of them can be set in the table `[limits]`.

use recobeacon::engine::limits::Limits as Tracker;
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The bounds that keep one client, however broken or hostile, from taking the others' share.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest body of `POST /v1/events`, in bytes; above it the answer is 413.
    pub body_bytes: usize,
    /// Longest path and query, in bytes; above it the answer is 414.
    pub url_bytes: usize,
    /// Most events in one batch; above it the answer is 413, so that the tracker halves it.
    pub batch_events: usize,
    /// Time that a request's header may take, and that an idle connection is kept.
    pub header_seconds: u64,
    /// Time that a request's body may take; after it the answer is 408.
    pub body_seconds: u64,
    /// Time that open requests are given when the collector stops.
    pub stop_seconds: u64,
    /// Connections at the same time; further ones wait in the operating system's queue.
    pub connections: usize,
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
            header_seconds: 30,
            body_seconds: 10,
            stop_seconds: 5,
            connections: 1024,
            streams: 32,
            waiting: 1024,
        }
    }
}

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
    /// Raw batches that are read at the same time; further ones wait. Each may keep a core busy for a while.
    pub const RAW: usize = 2;
    /// Connections to the database that read.
    pub const READERS: usize = 4;
    /// Time that a full disk or a locked database is given before a request is refused.
    pub const BUSY: Duration = Duration::from_secs(5);
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

    /// Whether each bound leaves something that works; else the name of the one that does not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let values = [
            ("body_bytes", self.body_bytes as u64),
            ("url_bytes", self.url_bytes as u64),
            ("batch_events", self.batch_events as u64),
            ("header_seconds", self.header_seconds),
            ("body_seconds", self.body_seconds),
            ("connections", self.connections as u64),
            ("streams", self.streams as u64),
            ("waiting", self.waiting as u64),
        ];
        match values.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(name),
            None => Ok(()),
        }
    }
}
