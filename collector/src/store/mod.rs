//! The database. It stores each event once, and a request is answered only after its events are on
//! disk.
//!
//! One thread writes. Requests that wait at the same time share a transaction, because flushing to
//! disk costs more than all the rest. Readers have connections of their own. In SQLite's WAL mode
//! readers and writer do not wait for each other.

pub mod backup;
mod batches;
pub mod bounded_read;
mod copy;
pub mod db;
pub mod desk;
mod disk;
mod erased;
pub mod feeds;
mod files;
pub mod forward;
mod group;
mod health;
pub mod history;
mod lead;
mod log;
mod orders;
mod progress;
mod reader;
mod reading;
mod refused;
mod retention;
mod row;
mod rows;
pub(crate) mod schema;
mod server;
mod upkeep;
pub mod variants;
pub mod visitors;
mod writer;

pub use disk::Disk;
pub use lead::Lead;
pub use reader::Page;
pub use reading::Reading;
pub use row::Row;

use crate::clock::now_ms;
use crate::config::Config;
use crate::event::Delivery;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::place::Place;
use crate::pseudonym::Hasher;
use group::Job;
use health::Health;
use progress::Progress;
use reader::Readers;
use refused::Refused;
use rows::Rows;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use writer::{Shared, Writer};

/// The database.
#[derive(Debug)]
pub struct Store {
    place: Place,
    jobs: mpsc::Sender<Job>,
    readers: Arc<Readers>,
    rows: Rows,
    last: watch::Receiver<i64>,
    writer: Mutex<Option<JoinHandle<()>>>,
    health: Arc<Health>,
    progress: Arc<Progress>,
    refused: Arc<Refused>,
    /// A report takes the time of a core, so there is one at a time.
    reports: Semaphore,
    /// The time and the result of the last test write.
    tried: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

/// A part of the time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub from: u64,
    /// The first moment after it. It must not be in the future.
    pub to: u64,
}

/// The reporters of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// Pages only.
    Page,
    /// The shop only.
    Shop,
    /// Pages and the shop.
    Both,
}

/// Why something was not stored or read.
#[derive(Debug)]
pub enum StoreError {
    /// The database could not be opened or migrated.
    Open(String),
    /// Too many requests are waiting.
    Full,
    /// The database has the size of `limits.database_mib`.
    Large,
    /// The message for the stream has this many bytes, more than the stream's servers take.
    LargeMessage(usize),
    /// The transaction failed, or the collector is stopping. Nothing was stored.
    NotStored,
    /// A query failed.
    NotRead(db::Error),
    /// A report took too long.
    Slow,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(sentence) => f.write_str(sentence),
            Self::Full => f.write_str("too many requests wait for the disk"),
            Self::Large => f.write_str("the database has reached limits.database_mib"),
            Self::LargeMessage(bytes) => {
                write!(f, "the message of {bytes} bytes is larger than the servers' max_payload")
            }
            Self::NotStored => f.write_str("the events could not be stored"),
            Self::NotRead(error) => write!(f, "the database does not answer: {error}"),
            Self::Slow => f.write_str("the report took too long"),
        }
    }
}

impl std::error::Error for StoreError {}

impl Store {
    /// Opens the database, creates it if it is missing, and starts the writer. `count_rows`: the
    /// rows of each customer are counted, for [`Store::rows_of`].
    ///
    /// # Errors
    /// The database cannot be opened, a newer version made it, or its rows were hashed with a
    /// different key of the same number.
    pub fn open(
        config: &Config,
        hasher: &Hasher,
        metrics: Metrics,
        lead: &Lead,
    ) -> Result<Self, StoreError> {
        let place = &config.database;
        let failed =
            |error: &dyn fmt::Display| StoreError::Open(format!("the database {place}: {error}"));
        let count_rows = config.customers.bounds_rows();
        let opened = lead.patiently(place, || {
            let lead = |connection: &_| lead.take(connection, place);
            let mut connection = schema::open(place, hasher, lead)?;
            let last = schema::last_row(&connection)?;
            rows::count(&mut connection, count_rows)?;
            Ok((connection, last))
        });
        let (mut connection, last) = opened.map_err(|error| failed(&error))?;
        let again = erased::apply(&mut connection, place).map_err(|error| failed(&error))?;
        if again > 0 {
            tracing::info!("{again} rows of erased visitors were erased again");
        }
        let (jobs, waiting) = mpsc::channel(config.limits.waiting);
        let (committed, last) = watch::channel(last);
        let health = Arc::new(Health::default());
        let progress = Arc::new(Progress::default());
        let refused = Arc::new(Refused::default());
        let shared = Shared {
            health: Arc::clone(&health),
            progress: Arc::clone(&progress),
            refused: Arc::clone(&refused),
            lost: lead.lost.clone(),
        };
        let writer = Writer::new(connection, config, committed, shared, metrics)
            .map_err(|error| failed(&error))?;
        let writer = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|error| StoreError::Open(format!("the writer cannot start: {error}")))?;
        Ok(Self {
            place: place.clone(),
            jobs,
            readers: Arc::new(Readers::new(place.clone(), Arc::clone(&health))),
            rows: Rows::default(),
            last,
            writer: Mutex::new(Some(writer)),
            health,
            progress,
            refused,
            reports: Semaphore::new(1),
            tried: tokio::sync::Mutex::default(),
        })
    }

    /// Stores one request's events, all or none. They are on disk when this returns.
    ///
    /// # Errors
    /// Nothing was stored.
    pub async fn append(&self, delivery: Delivery) -> Result<(), StoreError> {
        self.append_all(Arc::new([delivery])).await
    }

    /// Stores several deliveries in one transaction, all or none. They are on disk when this
    /// returns.
    ///
    /// # Errors
    /// Nothing was stored.
    pub async fn append_all(&self, deliveries: Arc<[Delivery]>) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job::Append(Arc::clone(&deliveries), answer)).map_err(|error| {
            match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Full,
                mpsc::error::TrySendError::Closed(_) => StoreError::NotStored,
            }
        })?;
        match answered.await {
            Ok(true) => Ok(()),
            Ok(false) if self.health.is_large() => Err(StoreError::Large),
            Ok(false) | Err(_) => Err(StoreError::NotStored),
        }
    }

    /// Stored events after a row, as JSON objects.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn events(&self, after: i64, limit: u32) -> Result<Page, StoreError> {
        self.read(reader::events, after, limit).await
    }

    /// Batches after a row, as JSON objects.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn batches(&self, after: i64, limit: u32) -> Result<Page, StoreError> {
        self.read(reader::batches, after, limit).await
    }

    /// Orders after a row, as JSON objects.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn orders(
        &self,
        reported: Option<Reported>,
        after: i64,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let query = match reported {
            None => orders::all,
            Some(Reported::Page) => orders::by_page,
            Some(Reported::Shop) => orders::by_shop,
            Some(Reported::Both) => orders::by_both,
        };
        self.read(query, after, limit).await
    }

    /// Changes the forwarding queue. Returns whether the change is on disk. It waits for its turn,
    /// because an outcome that is not written would be forgotten.
    pub async fn change(&self, change: forward::Change) -> bool {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Forward(change, answer)).await.is_ok()
            && answered.await.unwrap_or(false)
    }

    /// Runs a query.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&db::Connection) -> db::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.query(query).await
    }

    /// Reads the events that this process stores.
    pub fn reading(&self) -> Reading {
        Reading::of_own(Arc::clone(&self.readers), self.last())
    }

    /// Runs a query that may take long, after the counts of refused requests are written. It ends by
    /// itself after [`Limits::REPORT_TIME`], and when the returned future is dropped.
    ///
    /// # Errors
    /// The database does not answer, or not in time.
    pub async fn answer<T: Send + 'static>(
        &self,
        query: impl FnOnce(&db::Connection) -> db::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let end = Instant::now() + Limits::REPORT_TIME;
        let place = tokio::time::timeout(Limits::REPORT_TIME, self.reports.acquire()).await;
        let _place = place.map_err(|_| StoreError::Slow)?;
        self.write_refused().await;
        let waiting = bounded_read::Waiting::default();
        let sign = waiting.sign();
        let read =
            move |connection: &mut db::Connection| bounded_read::run(connection, end, sign, query);
        match self.readers.run(read).await {
            Err(StoreError::NotRead(error)) if error.is_interrupted() => Err(StoreError::Slow),
            result => result.inspect_err(|error| self.health.note(error)),
        }
    }

    /// Counts a request that was refused now.
    pub fn note_refused(&self, interface: &'static str, reason: &'static str) {
        self.refused.note(interface, reason, now_ms());
    }

    /// Writes the counts of refused requests, so that a reader has the latest. If the writer is busy,
    /// they are written later.
    async fn write_refused(&self) {
        let (answer, answered) = oneshot::channel();
        if self.jobs.try_send(Job::Refused(answer)).is_ok() {
            let _ = answered.await;
        }
    }

    async fn read(&self, query: reader::Query, after: i64, limit: u32) -> Result<Page, StoreError> {
        let page = self.readers.page(query, after, limit).await;
        page.inspect_err(|error| self.health.note(error))
    }

    /// The number of a customer's stored rows, at most a second old.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rows_of(&self, source: &'static str, customer: &str) -> Result<u64, StoreError> {
        let rows = self.rows.of(&self.readers, source, customer).await;
        rows.inspect_err(|error| self.health.note(error))
    }

    /// The last row on disk, with a notification about each new one.
    pub fn last(&self) -> watch::Receiver<i64> {
        self.last.clone()
    }

    /// Whether events can be stored and read. Does a test write at most once a second.
    pub async fn is_well(&self) -> bool {
        let stored = async {
            let mut tried = self.tried.lock().await;
            match *tried {
                Some((at, well)) if at.elapsed() < Limits::HEALTH_KEPT => well,
                Some(_) | None => {
                    let well = self.try_write().await;
                    *tried = Some((Instant::now(), well));
                    well
                }
            }
        };
        let all = async { stored.await && self.events(i64::MAX, 1).await.is_ok() };
        // A locked database does not answer in time.
        let in_time = tokio::time::timeout(Limits::HEALTHY, all).await;
        in_time.unwrap_or(false) && self.health.is_well()
    }

    /// Whether the last failure was for `limits.database_mib`.
    pub fn is_large(&self) -> bool {
        self.health.is_large()
    }

    /// Whether the last transaction succeeded, or else a new test write.
    pub async fn has_committed(&self) -> bool {
        self.health.is_well() || self.is_well().await
    }

    /// How long the writer has been busy with the same transaction.
    pub fn busy(&self) -> Option<Duration> {
        self.progress.busy()
    }

    /// The number of requests that wait for the writer, and the most that may wait.
    pub fn waiting(&self) -> (usize, usize) {
        let most = self.jobs.max_capacity();
        (most.saturating_sub(self.jobs.capacity()), most)
    }

    /// The sizes of the files. `None` if they cannot be read.
    pub async fn disk(&self) -> Option<Disk> {
        let Some(path) = self.place.file().map(Path::to_owned) else {
            let size = "SELECT pg_database_size(current_database())";
            let size = |open: &mut db::Connection| open.query_row(size, (), |row| row.get(0));
            return self.readers.run(size).await.ok().map(Disk::of_server);
        };
        tokio::task::spawn_blocking(move || disk::read(&path)).await.ok().flatten()
    }

    /// Counts the stored events. Reads a whole index: a second for ten million rows.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count(&self) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM events";
        self.readers.run(|connection| connection.query_row(sql, (), |row| row.get(0))).await
    }

    /// Whether this process stores events into a database that several ones may use. Does a test write.
    pub async fn leads(&self) -> bool {
        self.place.file().is_some() || self.try_write().await
    }

    async fn try_write(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job::Try(answer)).is_ok() && answered.await.unwrap_or(false)
    }

    /// Checks the database's files and the size of the log.
    pub fn tend(&self) {
        // With a full queue this is not needed: the writer checks after each commit.
        let _ = self.jobs.try_send(Job::Tend);
    }

    /// Writes the waiting events and closes the file. Later requests are refused.
    pub async fn close(&self) {
        // The readers close first. The last connection to close writes the log into the database,
        // and a read-only one cannot.
        self.readers.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An error means that the writer has ended already.
        let _ = self.jobs.send(Job::Close).await;
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}
