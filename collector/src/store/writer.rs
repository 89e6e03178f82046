//! The thread that writes to the database.

use super::files::Files;
use super::forward::{self, Change};
use super::health::Health;
use super::log::Log;
use crate::event::{Delivery, NewEvent};
use crate::limits::Limits;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
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
    /// Change the forwarding queue, and report whether the change is on disk.
    Forward(Change, oneshot::Sender<bool>),
    /// Do a test write, and report whether it is on disk.
    Try(oneshot::Sender<bool>),
    /// Check the files.
    Tend,
    /// Finish the earlier jobs and end.
    Close,
}

const EVENT: &str = "
    INSERT INTO events (id, type, at, received_at, sent_at, source, stream, seq, place, client,
                        customer, user, anonymous, key, fields)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING
    RETURNING row";

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
    ) -> Self {
        let (files, log) = (Files::new(database), Log::new(database));
        Self { connection, committed, health, files, log, failed_bytes: 0 }
    }

    /// Runs until a job closes it, or until all senders are gone.
    pub fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut open = true;
        while open {
            let Some(first) = jobs.blocking_recv() else { break };
            let mut group = Vec::new();
            let mut changes = Vec::new();
            let mut tries = Vec::new();
            let mut next = Some(first);
            // This transaction has the requests that arrived while the last one was flushed.
            while let Some(job) = next.take() {
                match job {
                    Job::Append(delivery, answer) => group.push((delivery, answer)),
                    Job::Forward(change, answer) => changes.push((change, answer)),
                    Job::Try(answer) => tries.push(answer),
                    Job::Tend => {}
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
        }
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!("the database could not be closed cleanly: {error}");
        }
    }

    /// Writes the group or a test write. Returns whether it is on disk.
    fn work(
        &mut self,
        group: &[Waiting],
        changes: &[(Change, oneshot::Sender<bool>)],
        tries: &[oneshot::Sender<bool>],
    ) -> bool {
        let deliveries = group.iter().map(|(delivery, _)| delivery);
        let all_changes = changes.iter().map(|(change, _)| change);
        let written = if !group.is_empty() || !changes.is_empty() {
            commit(&mut self.connection, deliveries, all_changes).map_err(Failed::from)
        } else if !tries.is_empty() {
            try_write(&mut self.connection, self.failed_bytes).map(|()| None).map_err(Failed::from)
        } else {
            Ok(None)
        };
        // Checked after the commit, so that events in a deleted file are not confirmed.
        let there = || if self.files.are_there() { Ok(()) } else { Err(Failed::Gone) };
        match written.and_then(|row| there().map(|()| row)) {
            Ok(row) => {
                // A change of the forwarding queue may have written nothing, so it proves nothing.
                if !(group.is_empty() && tries.is_empty()) {
                    self.health.succeeded();
                    self.failed_bytes = 0;
                }
                if let Some(row) = row {
                    self.committed.send_replace(row);
                }
                true
            }
            Err(error) => {
                self.health.failed(&error);
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

/// Stores the deliveries and the changes in one transaction. Returns the last new row, if there is
/// one.
fn commit<'a>(
    connection: &mut Connection,
    deliveries: impl Iterator<Item = &'a Delivery>,
    changes: impl Iterator<Item = &'a Change>,
) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut last = None;
    for delivery in deliveries {
        last = append(&transaction, delivery)?.or(last);
    }
    for change in changes {
        forward::apply(&transaction, change)?;
    }
    transaction.commit()?;
    Ok(last)
}

fn append(transaction: &Transaction<'_>, delivery: &Delivery) -> rusqlite::Result<Option<i64>> {
    let mut last = None;
    let mut stored = 0u32;
    for (place, event) in delivery.events.iter().enumerate() {
        if let Some(row) = insert(transaction, delivery, place, event)? {
            last = Some(row);
            stored += 1;
            // A copy of an event is not forwarded again.
            for entry in delivery.entries.iter().filter(|entry| entry.place == place) {
                forward::insert(transaction, &event.id, delivery.received_at, entry)?;
            }
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
    Ok(last)
}

/// Returns the new row, or `None` if an event with this id exists.
fn insert(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    place: usize,
    event: &NewEvent,
) -> rusqlite::Result<Option<i64>> {
    let head = delivery.source.batch();
    let hashed = event.user.is_some() || event.anonymous.is_some() || event.has_more_ids;
    let values = params![
        event.id,
        event.kind,
        event.at as i64,
        delivery.received_at as i64,
        head.and_then(|head| head.sent_at).map(|at| at as i64),
        delivery.source.name(),
        head.map(|head| &head.stream),
        head.map(|head| head.seq as i64),
        head.map(|_| place as i64),
        head.and_then(|head| head.client.as_ref()),
        delivery.source.customer(),
        event.user,
        event.anonymous,
        hashed.then_some(delivery.key),
        event.fields,
    ];
    transaction.prepare_cached(EVENT)?.query_row(values, |row| row.get(0)).optional()
}
