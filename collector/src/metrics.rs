//! The figures of `GET /metrics`. No label has an id, a path or a customer, so their number is small
//! and fixed. `forward/figures.rs` has those of forwarding.

use crate::event::{INTERFACES, Source};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The interface of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Of {
    /// One of [`INTERFACES`], `files`, or `admin` for the admin listener.
    pub interface: &'static str,
}

/// The interface of a refused request, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Refused {
    /// As in [`Of`].
    pub interface: &'static str,
    /// [`Refusal::reason`](crate::error::Refusal::reason), or `malformed`.
    pub reason: &'static str,
}

/// The listener of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct On {
    /// `events` or `admin`.
    pub listener: &'static str,
}

/// Seconds as a fraction.
type Seconds = Gauge<f64, AtomicU64>;

/// The figures of a collector of a cluster.
#[derive(Clone, Debug)]
pub struct Published {
    /// Requests whose events the stream has.
    requests: Family<Of, Counter>,
    /// Their events.
    events: Family<Of, Counter>,
    /// Time until the stream has a request's events.
    duration: Histogram,
    /// Requests whose events the stream did not confirm.
    pub failures: Counter,
}

impl Published {
    /// Makes the figures, each 0, and registers them.
    pub fn new(registry: &mut Registry) -> Self {
        let all = Self {
            requests: Family::default(),
            events: Family::default(),
            duration: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            failures: Counter::default(),
        };
        for interface in INTERFACES {
            for family in [&all.requests, &all.events] {
                drop(family.get_or_create(&Of { interface }));
            }
        }
        let Self { requests, events, duration, failures } = all.clone();
        let mut add = Adder(registry.sub_registry_with_prefix("recobeacon_publish"));
        add.one("requests", "Requests whose events the stream has", requests);
        add.one("events", "Events that the stream has", events);
        add.unit("duration", "Time until the stream has a request's events", duration);
        add.one("failures", "Requests whose events the stream did not confirm", failures);
        all
    }

    /// Counts a request.
    pub fn published(&self, source: &Source, events: usize, took: Duration) {
        let of = Of { interface: source.name() };
        self.requests.get_or_create(&of).inc();
        self.events.get_or_create(&of).inc_by(events as u64);
        self.duration.observe(took.as_secs_f64());
    }
}

/// The figures of a writer of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Consumed {
    /// Messages whose events are on disk.
    pub messages: Counter,
    /// Messages that this version cannot read, counted at each delivery.
    pub unreadable: Counter,
    /// Attempts to store messages that failed.
    pub failures: Counter,
    /// Messages in the stream.
    pub backlog: Gauge,
}

impl Consumed {
    /// Makes the figures, each 0, and registers them.
    pub fn new(registry: &mut Registry) -> Self {
        let all = Self::default();
        let Self { messages, unreadable, failures, backlog } = all.clone();
        let mut add = Adder(registry.sub_registry_with_prefix("recobeacon_consume"));
        add.one("messages", "Messages of the stream whose events are on disk", messages);
        add.one("unreadable", "Messages that this version cannot read", unreadable);
        add.one("failures", "Attempts to store messages that failed", failures);
        add.one("backlog", "Messages in the stream that are not stored yet", backlog);
        all
    }
}

/// The figures of the feeds. They are read when they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Fed {
    /// Items of the model.
    items: Gauge,
    /// Rows after the last one that the model has read.
    behind: Gauge,
}

impl Fed {
    /// Makes the figures, each 0, and registers them.
    pub fn new(registry: &mut Registry) -> Self {
        let all = Self::default();
        let Self { items, behind } = all.clone();
        let mut add = Adder(registry.sub_registry_with_prefix("recobeacon_feeds"));
        add.one("items", "Items of the model of the feeds", items);
        add.one("behind_rows", "Rows that the model of the feeds has not read yet", behind);
        all
    }

    /// Sets the figures.
    pub fn set(&self, items: usize, behind: i64) {
        self.items.set(i64::try_from(items).unwrap_or(i64::MAX));
        self.behind.set(behind);
    }
}

/// All figures. A clone has the same figures.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Requests whose events are on disk.
    pub accepted_requests: Family<Of, Counter>,
    /// New rows.
    pub stored_events: Family<Of, Counter>,
    /// Events that were stored before.
    pub copies: Family<Of, Counter>,
    /// Events of unknown types, left out of accepted requests.
    pub unknown_events: Family<Of, Counter>,
    /// Refused requests.
    pub refused_requests: Family<Refused, Counter>,
    /// Connections that were refused because their address had the most allowed.
    pub refused_connections: Counter,
    /// Open connections.
    pub connections: Family<On, Gauge>,
    /// Time from the begin of a transaction to its end on disk.
    pub commit: Histogram,
    /// Requests in one transaction.
    pub commit_requests: Histogram,
    /// Transactions that failed.
    pub commit_failures: Counter,
    /// Time of the last transaction that succeeded, since the Unix epoch.
    pub last_commit: Seconds,
    /// The figures that are read for each answer.
    pub state: State,
}

/// The figures that are read when they are asked for.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Requests that wait for the writer.
    pub queue: Gauge,
    /// The most that may wait.
    pub queue_limit: Gauge,
    /// Size of the database.
    pub database: Gauge,
    /// Size of its log.
    pub log: Gauge,
    /// Free space on its disk.
    pub free: Gauge,
    /// Stored events.
    pub rows: Gauge,
    /// The last row.
    pub last_row: Gauge,
    /// Whether events can be stored.
    pub ready: Gauge,
}

/// The numbers of a transaction, by interface.
#[derive(Clone, Debug, Default)]
pub struct Written(BTreeMap<&'static str, [u64; 3]>);

impl Written {
    /// Counts a request with this number of events, of which some are new.
    pub fn add(&mut self, source: &Source, events: u64, stored: u64) {
        let [requests, new, copies] = self.0.entry(source.name()).or_default();
        *requests += 1;
        *new += stored;
        *copies += events.saturating_sub(stored);
    }

    /// The number of requests.
    pub fn requests(&self) -> u64 {
        self.0.values().map(|[requests, ..]| requests).sum()
    }
}

impl Metrics {
    /// Makes the figures, each 0, and registers them.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            accepted_requests: Family::default(),
            stored_events: Family::default(),
            copies: Family::default(),
            unknown_events: Family::default(),
            refused_requests: Family::default(),
            refused_connections: Counter::default(),
            connections: Family::default(),
            // Half a millisecond to 16 seconds: SQLite waits 5 seconds for a lock.
            commit: Histogram::new(exponential_buckets(0.0005, 2.0, 16)),
            commit_requests: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            commit_failures: Counter::default(),
            last_commit: Seconds::default(),
            state: State::default(),
        };
        // A rate needs the series before its first event.
        for interface in INTERFACES {
            let of = Of { interface };
            let Self { accepted_requests, stored_events, copies, unknown_events, .. } = &metrics;
            for family in [accepted_requests, stored_events, copies, unknown_events] {
                drop(family.get_or_create(&of));
            }
        }
        let start = Seconds::default();
        start.set(crate::clock::now_ms() as f64 / 1000.0);
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        let mut add = Adder(registry.sub_registry_with_prefix("recobeacon"));
        add.one("build", "The version of the collector", version);
        add.unit("start_time", "Start of the process, since the Unix epoch", start);
        add.all(&metrics);
        metrics.state.register(&mut add);
        metrics
    }

    /// The events that were stored since the start.
    pub fn stored(&self) -> u64 {
        let of = |interface| self.stored_events.get_or_create(&Of { interface }).get();
        INTERFACES.into_iter().map(of).sum()
    }

    /// Counts a successful transaction.
    pub fn committed(&self, took: Duration, written: &Written) {
        self.commit.observe(took.as_secs_f64());
        self.last_commit.set(crate::clock::now_ms() as f64 / 1000.0);
        self.commit_requests.observe(written.requests() as f64);
        for (interface, [requests, stored, copies]) in &written.0 {
            let of = Of { interface };
            self.accepted_requests.get_or_create(&of).inc_by(*requests);
            self.stored_events.get_or_create(&of).inc_by(*stored);
            self.copies.get_or_create(&of).inc_by(*copies);
        }
    }
}

/// Registers metrics.
struct Adder<'a>(&'a mut Registry);

impl Adder<'_> {
    fn one(&mut self, name: &str, help: &str, metric: impl prometheus_client::registry::Metric) {
        self.0.register(name, help, metric);
    }

    fn unit(&mut self, name: &str, help: &str, metric: impl prometheus_client::registry::Metric) {
        self.0.register_with_unit(name, help, Unit::Seconds, metric);
    }

    fn bytes(&mut self, name: &str, help: &str, metric: impl prometheus_client::registry::Metric) {
        self.0.register_with_unit(name, help, Unit::Bytes, metric);
    }

    fn all(&mut self, all: &Metrics) {
        let Metrics {
            accepted_requests,
            stored_events,
            copies,
            unknown_events,
            refused_requests,
            refused_connections,
            connections,
            commit,
            commit_requests,
            commit_failures,
            last_commit,
            state: _,
        } = all.clone();
        self.one("accepted_requests", "Requests whose events are on disk", accepted_requests);
        self.one("stored_events", "Events that were stored", stored_events);
        self.one("copies", "Events that arrived again and were not stored", copies);
        let help = "Events of unknown types that were left out of accepted requests";
        self.one("unknown_events", help, unknown_events);
        self.one("refused_requests", "Refused requests", refused_requests);
        let help = "Connections refused because of limits.address_connections";
        self.one("refused_connections", help, refused_connections);
        self.one("connections", "Open connections", connections);
        self.unit("commit_duration", "Time of a transaction until it is on disk", commit);
        self.one("commit_requests", "Requests in one transaction", commit_requests);
        self.one("commit_failures", "Transactions that failed", commit_failures);
        let help = "The last successful transaction, since the Unix epoch";
        self.unit("last_commit_time", help, last_commit);
    }
}

impl State {
    fn register(&self, add: &mut Adder<'_>) {
        let Self { queue, queue_limit, database, log, free, rows, last_row, ready } = self.clone();
        add.one("queue_requests", "Requests that wait for the disk", queue);
        add.one("queue_limit_requests", "The setting limits.waiting", queue_limit);
        add.bytes("database_size", "Size of the database file", database);
        add.bytes("wal_size", "Size of the database's log", log);
        add.bytes("disk_free", "Free space on the database's disk", free);
        add.one("rows", "Stored events, counted every ten minutes and when one is added", rows);
        add.one("last_row", "The number of the last row", last_row);
        add.one("ready", "1 while events can be stored, as in /readyz", ready);
    }
}
