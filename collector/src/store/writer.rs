//! The thread that writes to the database.

use super::files;
use super::files::Files;
use super::forward::{self, Change};
use super::health::Health;
use super::log::Log;
use super::orders::Way;
use super::progress::Progress;
use super::retention::Sweeper;
use super::row::{Inserted, Row};
use super::visitors;
use crate::clock::now_ms;
use crate::config::Config;
use crate::event::{Delivery, NewEvent};
use crate::limits::Limits;
use crate::metrics::{Metrics, Written};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};

/// Events to store, and the channel for the result.
type Waiting = (Deliveries, oneshot::Sender<bool>);

/// Deliveries for the same transaction.
#[derive(Debug)]
pub enum Deliveries {
    /// Of one request.
    One(Delivery),
    /// Of several messages of a cluster's stream, in order.
    Many(Arc<[Delivery]>),
}

impl Deliveries {
    fn as_slice(&self) -> &[Delivery] {
        match self {
            Self::One(delivery) => std::slice::from_ref(delivery),
            Self::Many(deliveries) => deliveries,
        }
    }
}

/// A job for the writer.
#[derive(Debug)]
pub enum Job {
    /// Store this, and report whether it is on disk.
    Append(Deliveries, oneshot::Sender<bool>),
    /// Change the forwarding queue, and report whether the change is on disk.
    Forward(Change, oneshot::Sender<bool>),
    /// Do a test write, and report whether it is on disk.
    Try(oneshot::Sender<bool>),
    /// Check the files.
    Tend,
    /// Finish the earlier jobs and end.
    Close,
}

const BATCH: &str = "
    INSERT INTO batches (stream, seq, bytes, events, stored, received_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (stream, seq)
    DO UPDATE SET copies = copies + 1, stored = stored + excluded.stored";

/// Why a transaction failed.
#[derive(Debug)]
enum Failed {
    Sqlite(rusqlite::Error),
    Gone,
    /// The database or its log has reached the limit.
    Large,
    /// Pages of the database are wrong.
    Damaged(rusqlite::Error),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Gone => f.write_str(
                "its file was deleted, moved or replaced; put it back, or restart the collector",
            ),
            Self::Damaged(error) => write!(
                f,
                "{error}. Stop the collector and restore a backup (recobeacon-collector restore \
                 BACKUP), which keeps the damaged database beside it"
            ),
            Self::Large => f.write_str(
                "it has reached limits.database_mib; raise the limit, or let [retention] delete \
                 old rows",
            ),
        }
    }
}

/// The state of the thread.
pub struct Writer {
    connection: Connection,
    committed: watch::Sender<i64>,
    health: Arc<Health>,
    progress: Arc<Progress>,
    metrics: Metrics,
    files: Files,
    log: Log,
    /// The size of the events that could not be stored. 0 after a success.
    failed_bytes: usize,
    /// Whether the last events met damaged pages. A test write does not use the same pages.
    is_damaged: bool,
    sweeper: Sweeper,
    swept: Option<Instant>,
    /// The path of the database's log, and the largest size in bytes. 0: no limit.
    wal: PathBuf,
    most_bytes: u64,
}

impl Writer {
    /// Writes to the database at this path with this connection.
    pub fn new(
        connection: Connection,
        config: &Config,
        committed: watch::Sender<i64>,
        health: Arc<Health>,
        progress: Arc<Progress>,
        metrics: Metrics,
    ) -> rusqlite::Result<Self> {
        let database = &config.database;
        let (files, log) = (Files::new(database), Log::new(database));
        let most_bytes = config.limits.database_mib.saturating_mul(1024 * 1024);
        if most_bytes > 0 {
            let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let pages = (most_bytes as i64) / page.max(1);
            // A larger database keeps its size, and takes only what fits into its free pages.
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        Ok(Self {
            connection,
            committed,
            health,
            progress,
            metrics,
            files,
            log,
            failed_bytes: 0,
            is_damaged: false,
            sweeper: Sweeper::new(config.retention.clone(), database),
            swept: None,
            wal: files::wal(database),
            most_bytes,
        })
    }

    /// Runs until a job closes it, or until all senders are gone.
    pub fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut open = true;
        while open {
            let first = if self.sweeper.is_busy() {
                // Deletes while no event waits.
                match jobs.try_recv() {
                    Ok(job) => job,
                    Err(TryRecvError::Empty) => {
                        self.sweep();
                        continue;
                    }
                    Err(TryRecvError::Disconnected) => break,
                }
            } else {
                let Some(job) = jobs.blocking_recv() else { break };
                job
            };
            let mut group = Vec::new();
            let mut changes = Vec::new();
            let mut tries = Vec::new();
            let mut next = Some(first);
            // This transaction has the requests that arrived while the last one was flushed.
            while let Some(job) = next.take() {
                match job {
                    Job::Append(deliveries, answer) => group.push((deliveries, answer)),
                    Job::Forward(change, answer) => changes.push((change, answer)),
                    Job::Try(answer) => tries.push(answer),
                    Job::Tend => self.begin_sweep(),
                    Job::Close => {
                        open = false;
                        jobs.close();
                    }
                }
                if group.len() + changes.len() < Limits::GROUP {
                    next = jobs.try_recv().ok();
                }
            }
            let stored = self.work(&group, &changes, &tries);
            let changed = changes.into_iter().map(|(_, answer)| answer);
            for answer in group.into_iter().map(|(_, answer)| answer).chain(changed).chain(tries) {
                // The client may have disconnected.
                let _ = answer.send(stored);
            }
            self.log.tend(&self.connection);
            // Also under load, when an event always waits.
            self.sweep();
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!("the database could not be closed cleanly: {error}");
        }
    }

    /// Begins a round of deleting by age, if it is time for one.
    fn begin_sweep(&mut self) {
        if self.swept.is_some_and(|at| at.elapsed() < Limits::SWEEP_PAUSE) {
            return;
        }
        self.swept = Some(Instant::now());
        if let Err(error) = self.sweeper.begin(&mut self.connection, now_ms()) {
            self.health.note(&error);
        }
    }

    /// Continues the round.
    fn sweep(&mut self) {
        if let Err(error) = self.sweeper.step(&mut self.connection, now_ms()) {
            self.health.note(&error);
            self.sweeper.pause();
        }
    }

    /// A long reader keeps the log from being written into the database.
    fn is_log_large(&self) -> bool {
        let size = || std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        self.most_bytes > 0 && size() > self.most_bytes.max(Limits::WAL_BYTES * 2)
    }

    /// The cause of a failed write.
    fn cause(&self, error: rusqlite::Error) -> Failed {
        let code = error.sqlite_error_code();
        if matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) {
            return Failed::Damaged(error);
        }
        let full = code == Some(ErrorCode::DiskFull);
        let value = |name| {
            self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap_or(0)
        };
        let bytes = value("page_size").saturating_mul(value("page_count")).unsigned_abs();
        // A transaction needs more pages than are left.
        let near = bytes.saturating_add(TRIED_BYTES as u64 * 2) >= self.most_bytes;
        if full && self.most_bytes > 0 && near { Failed::Large } else { Failed::Sqlite(error) }
    }

    /// Writes the group or a test write. Returns whether it is on disk.
    fn work(
        &mut self,
        group: &[Waiting],
        changes: &[(Change, oneshot::Sender<bool>)],
        tries: &[oneshot::Sender<bool>],
    ) -> bool {
        let deliveries = group.iter().flat_map(|(deliveries, _)| deliveries.as_slice());
        // A test write would succeed in another page.
        if group.is_empty() && changes.is_empty() && !tries.is_empty() && self.is_damaged {
            return false;
        }
        let all_changes = changes.iter().map(|(change, _)| change);
        let mut written = Written::default();
        let progress = Arc::clone(&self.progress);
        let (row, took) = progress.during(|| {
            if group.is_empty() && changes.is_empty() && tries.is_empty() {
                Ok(None)
            } else if self.is_log_large() {
                Err(Failed::Large)
            } else if !group.is_empty() || !changes.is_empty() {
                commit(&mut self.connection, deliveries, all_changes, &mut written)
                    .map_err(|error| self.cause(error))
            } else {
                let tried = try_write(&mut self.connection, self.failed_bytes).map(|()| None);
                tried.map_err(|error| self.cause(error))
            }
        });
        // Checked after the commit, so that events in a deleted file are not confirmed.
        let there = || if self.files.are_there() { Ok(()) } else { Err(Failed::Gone) };
        match row.and_then(|row| there().map(|()| row)) {
            Ok(row) => {
                // A change of the forwarding queue may have written nothing, so it proves nothing.
                if !(group.is_empty() && tries.is_empty()) {
                    self.health.succeeded();
                    self.failed_bytes = 0;
                    self.is_damaged = false;
                }
                if !group.is_empty() {
                    self.metrics.committed(took, &written);
                }
                if let Some(row) = row {
                    self.committed.send_replace(row);
                }
                true
            }
            Err(error) => {
                self.health.set_large(matches!(error, Failed::Large));
                self.is_damaged = matches!(error, Failed::Damaged(_));
                self.health.failed(&error);
                self.metrics.commit_failures.inc();
                self.failed_bytes = self.failed_bytes.max(bytes(group)).min(TRIED_BYTES);
                false
            }
        }
    }
}

/// Largest test write in bytes.
const TRIED_BYTES: usize = 4 * 1024 * 1024;

/// The approximate size of the events, rounded up: pages are not filled completely.
fn bytes(group: &[Waiting]) -> usize {
    let deliveries = group.iter().flat_map(|(deliveries, _)| deliveries.as_slice());
    let events = deliveries.flat_map(|delivery| &delivery.events);
    events.map(|event| event.fields.len().saturating_add(EVENT_BYTES).saturating_mul(2)).sum()
}

/// The approximate size of an event without its fields, in its table and the indexes.
const EVENT_BYTES: usize = 600;

/// A test write as large as the events that could not be stored. A small write would still succeed
/// on an almost full disk.
fn try_write(connection: &mut Connection, bytes: usize) -> rusqlite::Result<()> {
    if bytes > 0 {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch("CREATE TABLE IF NOT EXISTS tried (bytes BLOB)")?;
        transaction.execute("INSERT INTO tried VALUES (zeroblob(?))", [bytes as i64])?;
        transaction.commit()?;
        return connection.execute_batch("DROP TABLE tried");
    }
    // Writes one page without changing it.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

/// Stores the deliveries and the changes in one transaction. Returns the last new row, if there is
/// one.
fn commit<'a>(
    connection: &mut Connection,
    deliveries: impl Iterator<Item = &'a Delivery>,
    changes: impl Iterator<Item = &'a Change>,
    written: &mut Written,
) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut last = None;
    for delivery in deliveries {
        last = append(&transaction, delivery, written)?.or(last);
    }
    for change in changes {
        forward::apply(&transaction, change)?;
    }
    transaction.commit()?;
    Ok(last)
}

fn append(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    written: &mut Written,
) -> rusqlite::Result<Option<i64>> {
    let mut last = None;
    let mut stored = 0u32;
    for (place, event) in delivery.events.iter().enumerate() {
        match row(delivery, place, event).insert(transaction, Way::Interface)? {
            Inserted::New(number) => {
                visitors::link_older(transaction, &event.older)?;
                last = Some(number);
                stored += 1;
            }
            // The shop's report has no id of a visitor, so it was not forwarded.
            Inserted::ConfirmedBefore => {}
            // A copy of an event is not forwarded again.
            Inserted::Copy => continue,
        }
        for entry in delivery.entries.iter().filter(|entry| entry.place == place) {
            forward::insert(transaction, &event.id, delivery.received_at, entry)?;
        }
    }
    if let Some(head) = delivery.source.batch() {
        transaction.prepare_cached(BATCH)?.execute(params![
            head.stream,
            head.seq as i64,
            head.bytes as i64,
            delivery.events.len() as i64,
            stored,
            delivery.received_at as i64,
        ])?;
    }
    written.add(&delivery.source, delivery.events.len() as u64, u64::from(stored));
    Ok(last)
}

/// The row of an event.
fn row(delivery: &Delivery, place: usize, event: &NewEvent) -> Row {
    let head = delivery.source.batch();
    let hashed = event.user.is_some() || event.anonymous.is_some() || event.has_more_ids;
    Row {
        id: event.id.clone(),
        kind: event.kind.to_owned(),
        at: event.at,
        received_at: delivery.received_at,
        sent_at: head.and_then(|head| head.sent_at),
        source: delivery.source.name().to_owned(),
        stream: head.map(|head| head.stream.clone()),
        seq: head.map(|head| head.seq),
        place: head.map(|_| place as u64),
        client: head.and_then(|head| head.client.clone()),
        customer: delivery.source.customer().map(str::to_owned),
        user: event.user.clone(),
        anonymous: event.anonymous.clone(),
        key: hashed.then_some(delivery.key),
        fields: event.fields.clone(),
        has_more_ids: event.has_more_ids,
        older_ids: Vec::new(),
        older_hashes: Vec::new(),
    }
}
