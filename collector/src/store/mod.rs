//! The database. It stores each event once, and a request is answered only after its events are on
//! disk.
//!
//! One thread writes. Requests that wait at the same time share a transaction, because flushing to
//! disk costs more than all the rest. Readers have connections of their own. In SQLite's WAL mode
//! readers and writer do not wait for each other.

mod files;
pub mod forward;
mod health;
mod log;
mod reader;
mod schema;
mod writer;

pub use reader::Page;
pub use schema::is_current;

use crate::event::Delivery;
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use health::Health;
use reader::Readers;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot, watch};
use writer::{Job, Writer};

/// The database.
#[derive(Debug)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    readers: Readers,
    last: watch::Receiver<i64>,
    writer: Mutex<Option<JoinHandle<()>>>,
    health: Arc<Health>,
    /// The time and the result of the last test write.
    tried: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

/// Why something was not stored or read.
#[derive(Debug)]
pub enum StoreError {
    /// The database could not be opened or migrated.
    Open(String),
    /// Too many requests are waiting.
    Full,
    /// The transaction failed, or the collector is stopping. Nothing was stored.
    NotStored,
    /// A query failed.
    NotRead(rusqlite::Error),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(sentence) => f.write_str(sentence),
            Self::Full => f.write_str("too many requests wait for the disk"),
            Self::NotStored => f.write_str("the events could not be stored"),
            Self::NotRead(error) => write!(f, "the database does not answer: {error}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl Store {
    /// Opens the database, creates it if it is missing, and starts the writer.
    ///
    /// # Errors
    /// The database cannot be opened, a newer version made it, or its rows were hashed with a
    /// different key of the same number.
    pub fn open(path: &Path, hasher: &Hasher, limits: &Limits) -> Result<Self, StoreError> {
        let opened = schema::open(path, hasher).and_then(|connection| {
            let last = schema::last_row(&connection)?;
            Ok((connection, last))
        });
        let (connection, last) = opened.map_err(|error| {
            StoreError::Open(format!("the database {}: {error}", path.display()))
        })?;
        let (jobs, waiting) = mpsc::channel(limits.waiting);
        let (committed, last) = watch::channel(last);
        let health = Arc::new(Health::default());
        let writer = Writer::new(connection, path, committed, Arc::clone(&health));
        let writer = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|error| StoreError::Open(format!("the writer cannot start: {error}")))?;
        Ok(Self {
            jobs,
            readers: Readers::new(path.to_owned(), Arc::clone(&health)),
            last,
            writer: Mutex::new(Some(writer)),
            health,
            tried: tokio::sync::Mutex::default(),
        })
    }

    /// Stores one request's events, all or none. They are on disk when this returns.
    ///
    /// # Errors
    /// Nothing was stored.
    pub async fn append(&self, delivery: Delivery) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job::Append(delivery, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Full,
            mpsc::error::TrySendError::Closed(_) => StoreError::NotStored,
        })?;
        match answered.await {
            Ok(true) => Ok(()),
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

    /// Changes the forwarding queue. Returns whether the change is on disk. It waits for its turn,
    /// because an outcome that is not written would be forgotten.
    pub async fn change(&self, change: forward::Change) -> bool {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Forward(change, answer)).await.is_ok()
            && answered.await.unwrap_or(false)
    }

    /// Runs a query of the forwarding queue.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.run(query).await.inspect_err(|error| self.health.note(error))
    }

    async fn read(&self, query: reader::Query, after: i64, limit: u32) -> Result<Page, StoreError> {
        let page = self.readers.page(query, after, limit).await;
        page.inspect_err(|error| self.health.note(error))
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
