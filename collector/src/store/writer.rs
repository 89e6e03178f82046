//! The thread that writes to the database.

use super::batches;
use super::copy;
use super::db::{self, Connection, Transaction};
use super::erased;
use super::forward;
use super::group::{Group, Job};
use super::health::Health;
use super::orders::Way;
use super::progress::Progress;
use super::refused::Refused;
use super::retention::Sweeper;
use super::row::{Inserted, Row};
use super::schema;
use super::upkeep::{Failed, TRIED_BYTES, Upkeep, try_write};
use super::visitors;
use crate::clock::now_ms;
use crate::config::Config;
use crate::event::{Delivery, NewEvent};
use crate::limits::Limits;
use crate::metrics::{Metrics, Written};
use crate::place::Place;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The parts of the state that other threads see.
pub struct Shared {
    /// The result of the last attempts.
    pub health: Arc<Health>,
    /// The time of the current transaction.
    pub progress: Arc<Progress>,
    /// Refused requests that are not written yet.
    pub refused: Arc<Refused>,
    /// Is cancelled when another process stores events.
    pub lost: CancellationToken,
}

/// The state of the thread.
pub struct Writer {
    connection: Connection,
    committed: watch::Sender<i64>,
    health: Arc<Health>,
    progress: Arc<Progress>,
    refused: Arc<Refused>,
    lost: CancellationToken,
    metrics: Metrics,
    /// To connect again.
    place: Place,
    upkeep: Upkeep,
    /// The size of the events that could not be stored. 0 after a success.
    failed_bytes: usize,
    /// Whether the last events met damaged pages. A test write does not use the same pages.
    is_damaged: bool,
    sweeper: Sweeper,
    swept: Option<Instant>,
    /// The earliest receipt of the events whose visitors may have been erased before they were stored.
    unchecked: Option<u64>,
}

impl Writer {
    /// Writes to the database at this path with this connection.
    pub fn new(
        connection: Connection,
        config: &Config,
        committed: watch::Sender<i64>,
        Shared { health, progress, refused, lost }: Shared,
        metrics: Metrics,
    ) -> db::Result<Self> {
        let upkeep = Upkeep::new(&connection, config)?;
        Ok(Self {
            connection,
            committed,
            health,
            progress,
            refused,
            lost,
            metrics,
            place: config.database.clone(),
            upkeep,
            failed_bytes: 0,
            is_damaged: false,
            sweeper: Sweeper::new(config.retention.clone(), &config.database),
            swept: None,
            unchecked: None,
        })
    }

    /// Runs until a job closes it, or until all senders are gone.
    pub fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        loop {
            let first = if self.sweeper.is_busy() {
                // Deletes while no event waits.
                match jobs.try_recv() {
                    Ok(job) => job,
                    Err(TryRecvError::Empty) => {
                        self.sweep();
                        self.upkeep.tend(&self.connection);
                        continue;
                    }
                    Err(TryRecvError::Disconnected) => break,
                }
            } else {
                let Some(job) = jobs.blocking_recv() else { break };
                job
            };
            // This transaction has the requests that arrived while the last one was flushed.
            let mut group = Group::new(first, &mut jobs);
            let stored = self.work(&mut group, &mut jobs);
            if stored {
                let received = group.all_deliveries().map(|delivery| delivery.received_at);
                self.unchecked = received.chain(self.unchecked).min();
            }
            let refused = std::mem::take(&mut group.refused);
            let (tends, closes) = (group.tends, group.closes);
            group.answer(stored);
            if closes || !refused.is_empty() {
                self.write_refused();
            }
            for answer in refused {
                let _ = answer.send(());
            }
            // The answered clients send their next requests meanwhile.
            self.erase_late();
            self.upkeep.tend(&self.connection);
            if tends {
                // Without events, nothing else would notice that the server has ended the connection.
                if !self.connection.is_alive()
                    && let Err(error) = self.renew()
                {
                    self.health.note(&error);
                }
                self.begin_sweep();
            }
            // Also under load, when an event always waits.
            self.sweep();
            if closes {
                break;
            }
        }
        if let Err(error) = self.connection.close() {
            tracing::warn!("the database could not be closed cleanly: {error}");
        }
    }

    /// Erases the stored events of visitors who were erased between receipt and storing.
    fn erase_late(&mut self) {
        let Some(earliest) = self.unchecked else { return };
        match erased::apply_since(&mut self.connection, &self.place, earliest) {
            Ok(rows) => {
                self.unchecked = None;
                if rows > 0 {
                    tracing::info!("{rows} late rows of erased visitors were erased");
                }
            }
            // It is tried again with the next job. The next start erases them in any case.
            Err(error) => self.health.note(&error),
        }
    }

    /// Begins a round of deleting by age, if it is time for one.
    fn begin_sweep(&mut self) {
        if self.swept.is_some_and(|at| at.elapsed() < Limits::SWEEP_PAUSE) {
            return;
        }
        self.swept = Some(Instant::now());
        self.write_refused();
        if let Err(error) = self.sweeper.begin(&mut self.connection, now_ms()) {
            self.health.note(&error);
        }
    }

    fn write_refused(&mut self) {
        if let Err(error) = self.refused.write(&mut self.connection) {
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

    /// Connects again after the server has ended the connection.
    fn renew(&mut self) -> db::Result<()> {
        if self.connection.is_closed() {
            let connection = schema::attach(&self.place)?;
            if let Err(error) = connection.lead() {
                if matches!(error, db::Error::Led) {
                    self.lost.cancel();
                }
                return Err(error);
            }
            self.connection = connection;
            tracing::info!("connected to the database again");
        }
        Ok(())
    }

    /// Writes the group or a test write. Returns whether it is on disk. Jobs that arrive while the
    /// group is written are added to it.
    fn work(&mut self, group: &mut Group, jobs: &mut mpsc::Receiver<Job>) -> bool {
        // A test write would succeed in another page.
        if group.len() == 0 && !group.tries.is_empty() && self.is_damaged {
            return false;
        }
        let mut written = Written::default();
        let progress = Arc::clone(&self.progress);
        let (row, took) = progress.during(|| {
            if group.len() == 0 && group.tries.is_empty() {
                Ok(None)
            } else if self.upkeep.is_log_large() {
                Err(Failed::Large)
            } else if let Err(error) = self.renew() {
                Err(Failed::Database(error))
            } else if group.len() > 0 {
                commit(&mut self.connection, group, jobs, &mut written)
                    .map_err(|error| self.upkeep.cause(&self.connection, error))
            } else {
                let tried = try_write(&mut self.connection, self.failed_bytes).map(|()| None);
                tried.map_err(|error| self.upkeep.cause(&self.connection, error))
            }
        });
        match row.and_then(|row| self.upkeep.check().map(|()| row)) {
            Ok(row) => {
                // A change of the forwarding queue may have written nothing, so it proves nothing.
                if !(group.deliveries.is_empty() && group.tries.is_empty()) {
                    self.health.succeeded();
                    self.failed_bytes = 0;
                    self.is_damaged = false;
                }
                if !group.deliveries.is_empty() {
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

/// The approximate size of the events, rounded up: pages are not filled completely.
fn bytes(group: &Group) -> usize {
    let events = group.all_deliveries().flat_map(|delivery| &delivery.events);
    events.map(|event| event.fields.len().saturating_add(EVENT_BYTES).saturating_mul(2)).sum()
}

/// The approximate size of an event without its fields, in its table and the indexes.
const EVENT_BYTES: usize = 600;

/// Writes the group in one transaction. Returns the last new row, if there is one.
fn commit(
    connection: &mut Connection,
    group: &mut Group,
    jobs: &mut mpsc::Receiver<Job>,
    written: &mut Written,
) -> db::Result<Option<i64>> {
    let transaction = connection.transaction()?;
    let mut last = None;
    let (mut deliveries, mut changes) = (0, 0);
    while deliveries + changes < group.len() {
        let new = group.deliveries.iter().skip(deliveries);
        last = append(&transaction, new.flat_map(|(new, _)| new.iter()), written)?.or(last);
        for (change, _) in group.changes.iter().skip(changes) {
            forward::apply(&transaction, change)?;
        }
        (deliveries, changes) = (group.deliveries.len(), group.changes.len());
        // A flush costs the same for more jobs.
        group.take_waiting(jobs);
    }
    transaction.commit()?;
    Ok(last)
}

/// Stores the events of the deliveries. PostgreSQL gets all rows at once.
fn append<'a>(
    transaction: &Transaction<'_>,
    deliveries: impl Iterator<Item = &'a Delivery>,
    written: &mut Written,
) -> db::Result<Option<i64>> {
    let mut last = None;
    if transaction.sqlite().is_some() {
        for delivery in deliveries {
            let rows = rows(delivery);
            let insert = |row: &Row<&str>| row.insert(transaction, Way::Interface);
            let results = rows.iter().map(insert).collect::<db::Result<Vec<_>>>()?;
            let (row, stored) = finish(transaction, delivery, &results, written)?;
            batches::insert(transaction, delivery, stored)?;
            last = row.or(last);
        }
        return Ok(last);
    }
    let deliveries: Vec<&Delivery> = deliveries.collect();
    let rows: Vec<_> = deliveries.iter().flat_map(|delivery| rows(delivery)).collect();
    let results = copy::insert(transaction, &rows, Way::Interface)?;
    let mut rest = results.as_slice();
    let mut stored_of = Vec::with_capacity(deliveries.len());
    for delivery in &deliveries {
        let (of_delivery, after) = rest.split_at_checked(delivery.events.len()).unwrap_or_default();
        let (row, stored) = finish(transaction, delivery, of_delivery, written)?;
        last = row.or(last);
        stored_of.push(stored);
        rest = after;
    }
    batches::insert_all(transaction, deliveries.into_iter().zip(stored_of))?;
    Ok(last)
}

/// Writes what belongs to the rows of a delivery. Returns the last new row, and the number of new rows.
fn finish(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    results: &[Inserted],
    written: &mut Written,
) -> db::Result<(Option<i64>, u32)> {
    let mut last = None;
    let mut stored = 0u32;
    for (place, (event, result)) in delivery.events.iter().zip(results).enumerate() {
        match result {
            Inserted::New(number) => {
                visitors::link_older(transaction, &event.older)?;
                last = Some(*number);
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
    written.add(&delivery.source, delivery.events.len() as u64, u64::from(stored));
    Ok((last, stored))
}

/// The rows of a delivery.
fn rows(delivery: &Delivery) -> Vec<Row<&str>> {
    let events = delivery.events.iter().enumerate();
    events.map(|(place, event)| row(delivery, place, event)).collect()
}

/// The row of an event.
fn row<'a>(delivery: &'a Delivery, place: usize, event: &'a NewEvent) -> Row<&'a str> {
    let head = delivery.source.batch();
    let hashed = event.user.is_some() || event.anonymous.is_some() || event.has_more_ids;
    Row {
        id: &event.id,
        kind: event.kind,
        at: event.at,
        received_at: delivery.received_at,
        sent_at: head.and_then(|head| head.sent_at),
        source: delivery.source.name(),
        stream: head.map(|head| head.stream.as_str()),
        seq: head.map(|head| head.seq),
        place: head.map(|_| place as u64),
        client: head.and_then(|head| head.client.as_deref()),
        customer: delivery.source.customer(),
        user: event.user.as_deref(),
        anonymous: event.anonymous.as_deref(),
        key: hashed.then_some(delivery.key),
        fields: &event.fields,
        has_more_ids: event.has_more_ids,
        older_ids: Vec::new(),
        older_hashes: Vec::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::{Source, Vendor};
    use tokio::sync::oneshot;

    fn append(job: u64) -> Job {
        let source = Source::Vendor(Vendor::Ibexa, "shop".to_owned());
        let (events, entries) = (Vec::new(), Vec::new());
        let delivery = Delivery { source, received_at: job, key: 1, events, entries };
        Job::Append(Arc::new([delivery]), oneshot::channel().0)
    }

    #[test]
    fn a_transaction_takes_the_jobs_that_arrive_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = schema::new_for_test(folder.path());
        let (sender, mut jobs) = mpsc::channel(2 * Limits::GROUP);
        let mut group = Group::new(append(0), &mut jobs);
        for job in 1..=Limits::GROUP as u64 {
            sender.try_send(append(job)).unwrap();
        }
        let mut written = Written::default();
        commit(&mut connection, &mut group, &mut jobs, &mut written).unwrap();
        let received: Vec<u64> = group.all_deliveries().map(|one| one.received_at).collect();
        assert_eq!(received, (0..Limits::GROUP as u64).collect::<Vec<_>>(), "up to the limit");
        assert_eq!(written.requests(), Limits::GROUP as u64, "each of them once");
        assert!(jobs.try_recv().is_ok(), "the next one waits for the next transaction");
    }
}
