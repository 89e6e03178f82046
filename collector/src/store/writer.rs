//! The thread that writes to the database.

use super::files::Files;
use super::health::Health;
use super::log::Log;
use super::progress::Progress;
use super::row::Row;
use crate::event::{Delivery, NewEvent};
use crate::limits::Limits;
use crate::metrics::{Metrics, Written};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Events to store, and the channel for the result.
type Waiting = (Delivery, oneshot::Sender<bool>);

/// A job for the writer.
#[derive(Debug)]
pub enum Job {
    /// Store this, and report whether it is on disk.
    Append(Delivery, oneshot::Sender<bool>),
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
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Gone => f.write_str(
                "its file was deleted, moved or replaced; put it back, or restart the collector",
            ),
        }
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
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
}

impl Writer {
    /// Writes to the database at this path with this connection.
    pub fn new(
        connection: Connection,
        database: &Path,
        committed: watch::Sender<i64>,
        health: Arc<Health>,
        progress: Arc<Progress>,
        metrics: Metrics,
    ) -> Self {
        let (files, log) = (Files::new(database), Log::new(database));
        Self { connection, committed, health, progress, metrics, files, log, failed_bytes: 0 }
    }

    /// Runs until a job closes it, or until all senders are gone.
    pub fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut open = true;
        while open {
            let Some(first) = jobs.blocking_recv() else { break };
            let mut group = Vec::new();
            let mut tries = Vec::new();
            let mut next = Some(first);
            // This transaction has the requests that arrived while the last one was flushed.
            while let Some(job) = next.take() {
                match job {
                    Job::Append(delivery, answer) => group.push((delivery, answer)),
                    Job::Try(answer) => tries.push(answer),
                    Job::Tend => {}
                    Job::Close => {
                        open = false;
                        jobs.close();
                    }
                }
                if group.len() < Limits::GROUP {
                    next = jobs.try_recv().ok();
                }
            }
            let stored = self.work(&group, &tries);
            for answer in group.into_iter().map(|(_, answer)| answer).chain(tries) {
                // The client may have disconnected.
                let _ = answer.send(stored);
            }
            self.log.tend(&self.connection);
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!("the database could not be closed cleanly: {error}");
        }
    }

    /// Writes the group or a test write. Returns whether it is on disk.
    fn work(&mut self, group: &[Waiting], tries: &[oneshot::Sender<bool>]) -> bool {
        let deliveries = group.iter().map(|(delivery, _)| delivery);
        let mut written = Written::default();
        let progress = Arc::clone(&self.progress);
        let (row, took) = progress.during(|| {
            if !group.is_empty() {
                commit(&mut self.connection, deliveries, &mut written).map_err(Failed::from)
            } else if !tries.is_empty() {
                let tried = try_write(&mut self.connection, self.failed_bytes);
                tried.map(|()| None).map_err(Failed::from)
            } else {
                Ok(None)
            }
        });
        // Checked after the commit, so that events in a deleted file are not confirmed.
        let there = || if self.files.are_there() { Ok(()) } else { Err(Failed::Gone) };
        match row.and_then(|row| there().map(|()| row)) {
            Ok(row) => {
                if !(group.is_empty() && tries.is_empty()) {
                    self.health.succeeded();
                    self.failed_bytes = 0;
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

/// The approximate size of the events.
fn bytes(group: &[Waiting]) -> usize {
    let events = group.iter().flat_map(|(delivery, _)| &delivery.events);
    events.map(|event| event.fields.len().saturating_add(EVENT_BYTES)).sum()
}

/// The approximate size of an event without its fields, in its table and the indexes.
const EVENT_BYTES: usize = 400;

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

/// Stores the deliveries in one transaction. Returns the last new row, if there is one.
fn commit<'a>(
    connection: &mut Connection,
    deliveries: impl Iterator<Item = &'a Delivery>,
    written: &mut Written,
) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut last = None;
    for delivery in deliveries {
        last = append(&transaction, delivery, written)?.or(last);
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
        if let Some(number) = row(delivery, place, event).insert(transaction)? {
            last = Some(number);
            stored += 1;
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
    }
}
