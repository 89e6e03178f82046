//! The unfinished batches of one destination, in the order in which they were made.

use super::batch::{Batch, Stage};
use super::context::Context;
use super::flight::Flight;
use crate::text::{parse_whole, split_once};
use crate::time::NEVER;

/// The unfinished batches.
#[derive(Debug, Default)]
pub struct Batches {
    #[allow(clippy::vec_box)]
    // Boxed, because the list moves its elements and a batch is large.
    list: Vec<Box<Batch>>,
}

impl Batches {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of events in them.
    pub fn events(&self) -> usize {
        self.list.iter().map(|batch| batch.events.len()).sum()
    }

    /// The number of deliveries that they stand for.
    pub fn deliveries(&self) -> u32 {
        self.list.iter().map(|batch| batch.deliveries()).sum()
    }

    /// Appends a batch and returns its index.
    pub fn push(&mut self, batch: Box<Batch>) -> usize {
        self.list.push(batch);
        self.list.len() - 1
    }

    /// Inserts a batch at this index.
    pub fn insert(&mut self, index: usize, batch: Box<Batch>) {
        self.list.insert(index, batch);
    }

    /// The batch at this index.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut Batch> {
        self.list.get_mut(index).map(|batch| &mut **batch)
    }

    /// Removes the batch at this index, which another method returned.
    pub fn remove(&mut self, index: usize) -> Box<Batch> {
        self.list.remove(index)
    }

    /// Removes all batches.
    pub fn take(&mut self) -> Vec<Box<Batch>> {
        std::mem::take(&mut self.list)
    }

    /// All batches.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Box<Batch>> {
        self.list.iter_mut()
    }

    /// The index and the size in bytes of the first batch that is to be sent now.
    pub fn first_due(&self, mono_ms: u64) -> Option<(usize, usize)> {
        let index = self.list.iter().position(|batch| batch.is_due(mono_ms))?;
        Some((index, self.list.get(index)?.bytes()))
    }

    /// The index of the batch whose request has this number.
    pub fn with_id(&self, id: u32) -> Option<usize> {
        self.list.iter().position(|batch| batch.id == id)
    }

    /// The index of the batch of this name, `<stream>.<seq>`.
    pub fn named(&self, name: &str) -> Option<usize> {
        let (stream, seq) = split_once(name, b'.')?;
        let seq = parse_whole(seq)?;
        self.list.iter().position(|batch| batch.seq == seq && *batch.stream.name == stream)
    }

    /// Whether there is a raw batch with this key.
    pub fn has_raw(&self, key: &str) -> bool {
        self.list.iter().any(|batch| batch.raw_key.as_deref() == Some(key))
    }

    /// The first batch with events that is not in flight. It may be dropped.
    pub fn first_evictable(&self) -> Option<usize> {
        let is_evictable =
            |batch: &Batch| batch.stage != Stage::InFlight && !batch.events.is_empty();
        self.list.iter().position(|batch| is_evictable(batch))
    }

    /// The first batch that may be dropped and has an event from before this moment. A batch's
    /// first event is its oldest. A raw batch, which has none, is as old as its request.
    pub fn first_older_than(&self, at: u64) -> Option<usize> {
        let is_old =
            |batch: &Batch| batch.events.first().map_or(batch.made_at, |first| first.at) < at;
        self.list.iter().position(|batch| batch.stage != Stage::InFlight && is_old(batch))
    }

    /// The time when the first batch is to be sent.
    pub fn due_at(&self) -> u64 {
        self.list.iter().map(|batch| batch.due_at()).min().unwrap_or(NEVER)
    }

    /// The requests that count as being in flight.
    pub fn in_flight(&self, mono_ms: u64) -> Flight {
        let mut flight = Flight::default();
        for batch in self.list.iter().filter(|batch| batch.in_flight_until > mono_ms) {
            flight.add_request(batch.bytes(), batch.in_flight_until);
        }
        flight
    }

    /// Makes unacknowledged batches due at once, unless they still count as in flight.
    pub fn retry_unacknowledged(&mut self, mono_ms: u64) {
        for batch in self.list.iter_mut().filter(|batch| batch.in_flight_until <= mono_ms) {
            if let Stage::AwaitingAck(until) = &mut batch.stage {
                *until = 0;
            }
        }
    }

    /// Writes missing batches to the outbox. A batch that must not arrive twice is not written
    /// while the browser has it.
    pub fn write_missing(&mut self, context: &mut Context<'_>) {
        for batch in &mut self.list {
            if !batch.slot.is_stored() && (batch.is_idempotent() || batch.stage == Stage::Ready) {
                batch.write(context);
            }
        }
    }

    /// Handles an outbox entry that could not be written.
    pub fn write_failed(&mut self, number: u32, context: &mut Context<'_>) {
        for batch in &mut self.list {
            batch.write_failed(number, context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::Slot;
    use super::super::stream::{PendingEvent, StreamId};
    use super::*;
    use crate::effect::Via;
    use crate::event::Kind;
    use crate::protocol::RetryPolicy;
    use crate::request::{Method, Request};
    use std::rc::Rc;

    fn event() -> Box<PendingEvent> {
        let (record, slot) = (None, Slot::default());
        let (kind, encoded) = (Kind::Click, String::new());
        Box::new(PendingEvent {
            record,
            kind,
            at: 0,
            encoded,
            deliveries: 1,
            slot,
            seq: 0,
            serial: 0,
        })
    }

    fn batch(id: u32, stage: Stage) -> Box<Batch> {
        let stream = StreamId { destination: Rc::default(), name: Rc::new("s".to_owned()) };
        let request = Request {
            method: Method::Post,
            url: String::new(),
            body: Some("12345".to_owned()),
            key: None,
            to_vendor: false,
            no_cors: false,
        };
        Box::new(Batch {
            id,
            stream: Rc::new(stream),
            seq: id.into(),
            made_at: 0,
            request: Rc::new(request),
            events: vec![event()],
            retry_policy: RetryPolicy::Idempotent,
            stage,
            via: Via::Beacon,
            refused: false,
            retried: false,
            may_store: true,
            no_retry: false,
            in_flight_until: if stage == Stage::InFlight { 100 } else { 0 },
            slot: Slot::default(),
            raw_key: None,
        })
    }

    fn batches(stages: &[Stage]) -> Batches {
        let mut batches = Batches::default();
        for (id, stage) in stages.iter().enumerate() {
            batches.push(batch(id as u32, *stage));
        }
        batches
    }

    #[test]
    fn the_first_due_batch_is_one_that_the_browser_does_not_have() {
        let batches = batches(&[Stage::InFlight, Stage::AwaitingAck(50), Stage::Ready]);
        assert_eq!(batches.first_due(49), Some((2, 5)));
        assert_eq!(batches.first_due(50), Some((1, 5)));
        assert_eq!(batches.due_at(), 0);
        assert_eq!(batches.first_evictable(), Some(1));
    }

    #[test]
    fn a_batch_is_found_by_its_name() {
        let batches = batches(&[Stage::Ready, Stage::Ready]);
        assert_eq!(batches.named("s.1"), Some(1));
        for other in ["s.2", "t.1", "s", "s.x", ""] {
            assert_eq!(batches.named(other), None, "{other}");
        }
    }

    #[test]
    fn a_batch_counts_as_in_flight_until_its_timeout() {
        let batches = batches(&[Stage::InFlight, Stage::Ready]);
        let flight = batches.in_flight(99);
        assert_eq!((flight.requests, flight.bytes, flight.until), (1, 5, 100));
        assert_eq!(batches.in_flight(100).requests, 0);
    }

    #[test]
    fn unacknowledged_batches_are_due_when_the_network_is_back() {
        let mut batches = batches(&[Stage::InFlight, Stage::AwaitingAck(5_000)]);
        batches.retry_unacknowledged(10);
        assert_eq!(batches.first_due(10), Some((1, 5)));
    }
}
