//! The one thread that writes.

use crate::event::{Delivery, NewEvent};
use crate::limits::Limits;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot, watch};

/// What the writer is asked to do.
#[derive(Debug)]
pub enum Job {
    /// Store this, and say whether it is on disk.
    Append(Delivery, oneshot::Sender<bool>),
    /// Finish what came before, and end.
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

/// Runs until it is told to close, or nobody is left to tell.
pub fn run(
    mut connection: Connection,
    mut jobs: mpsc::Receiver<Job>,
    committed: &watch::Sender<i64>,
) {
    let mut open = true;
    while open {
        let Some(first) = jobs.blocking_recv() else { break };
        let mut group = Vec::new();
        let mut next = Some(first);
        // Whoever came while the last transaction was flushed is in this one.
        while let Some(job) = next.take() {
            match job {
                Job::Append(delivery, answer) => group.push((delivery, answer)),
                Job::Close => {
                    open = false;
                    jobs.close();
                }
            }
            if group.len() < Limits::GROUP {
                next = jobs.try_recv().ok();
            }
        }
        let stored = commit(&mut connection, group.iter().map(|(delivery, _)| delivery));
        match &stored {
            Ok(Some(row)) => {
                committed.send_replace(*row);
            }
            Ok(None) => {}
            Err(error) => tracing::error!("{} requests were not stored: {error}", group.len()),
        }
        for (_, answer) in group {
            // A client that has gone away needs no answer.
            let _ = answer.send(stored.is_ok());
        }
    }
    if let Err((_, error)) = connection.close() {
        tracing::warn!("the database was not closed in order: {error}");
    }
}

/// Stores the deliveries in one transaction; the last new row, if there is one.
fn commit<'a>(
    connection: &mut Connection,
    deliveries: impl Iterator<Item = &'a Delivery>,
) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut last = None;
    for delivery in deliveries {
        last = append(&transaction, delivery)?.or(last);
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

/// The new row, or none where an event of that id is there already.
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
