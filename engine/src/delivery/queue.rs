//! The queue of one destination: takes events in, and coordinates the parts that deliver them.
//!
//! `accepted = queued + sent + acknowledged + merged + dropped` holds at every moment. An event
//! that leaves the queue also leaves the outbox.

use super::backoff::Backoff;
use super::batches::Batches;
use super::context::Context;
use super::counts::{Counters, Counts};
use super::fetch_later::FetchLater;
use super::flight::Flight;
use super::outbox::Slot;
use super::pending::Pending;
use super::stream::{PendingEvent, Stream};
use crate::config::{Config, Destination};
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Problem};
use crate::event::Kind;
use crate::hash::hash;
use crate::limits::Limits;
use crate::number::whole;
use crate::protocol::{BatchShape, Envelope, RetryPolicy};
use crate::record::Record;
use crate::text::concat;
use std::rc::Rc;

static TOO_LONG: Problem = Problem::new(ErrorCode::OutOfRange, "got an event that is too long");

/// The queue of one destination.
#[derive(Debug)]
pub struct Queue {
    pub(super) destination: Rc<Destination>,
    pub(super) config: Rc<Config>,
    /// The destination's name in outbox entries.
    pub(super) key: Rc<String>,
    /// Events older than this are dropped.
    pub(super) max_age_ms: u64,
    pub(super) pending: Pending,
    pub(super) batches: Batches,
    pub(super) backoff: Backoff,
    pub(super) fetch_later: FetchLater,
    pub(super) counters: Counters,
    /// The number of the last request.
    pub(super) last_sent: u32,
    /// A request is due but must wait because too much is in flight.
    pub(super) waits_for_flight: bool,
    /// A flush was requested and is not finished.
    pub(super) flushing: bool,
    /// The page was warned that the queue is full. Reset when the queue is empty.
    pub(super) warned_full: bool,
    /// The page was warned that a response points to a wrong configuration.
    pub(super) warned_misconfigured: bool,
}

impl Queue {
    /// Makes an empty queue. `number` distinguishes destinations of the same name.
    pub fn new(
        destination: Rc<Destination>,
        config: Rc<Config>,
        number: Option<usize>,
        stream: String,
    ) -> Self {
        let protocol = &destination.protocol;
        // Some vendors accept no time and would count an old event as one of today.
        let max_age_ms = match protocol.retry_policy(Kind::Buy) {
            RetryPolicy::Idempotent => config.queue_age_ms,
            RetryPolicy::OnceMore | RetryPolicy::AtMostOnce => {
                config.queue_age_ms.min(Limits::UNDATED_AGE_MS)
            }
        };
        let mut name = protocol.name();
        if let Some(number) = number {
            name = concat(&[&name, " #", &whole(number as u64)]);
        }
        // The address of a request without events identifies a destination.
        let envelope = Envelope { stream: "", seq: 0, sent_at: 0, ack: false };
        let empty = protocol.request(Kind::Click, &[], &envelope);
        let key = Rc::new(whole(hash(&[&name, &empty.url]) >> 32));
        Self {
            max_age_ms,
            pending: Pending::new(Stream::new(&key, stream)),
            batches: Batches::default(),
            backoff: Backoff::default(),
            fetch_later: FetchLater::default(),
            counters: Counters::new(name),
            last_sent: 0,
            waits_for_flight: false,
            flushing: false,
            warned_full: false,
            warned_misconfigured: false,
            key,
            destination,
            config,
        }
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> &Rc<String> {
        &self.counters.destination
    }

    /// The counters of all deliveries so far.
    pub fn counts(&self) -> Counts {
        self.counters.with_queued(self.pending.deliveries() + self.batches.deliveries())
    }

    /// Its requests in flight.
    pub fn in_flight(&self, mono_ms: u64) -> Flight {
        self.batches.in_flight(mono_ms)
    }

    /// Whether a flush is not finished.
    pub fn is_flushing(&self) -> bool {
        self.flushing
    }

    /// Whether it has an unfinished batch.
    pub fn has_batches(&self) -> bool {
        !self.batches.is_empty()
    }

    /// Takes an event in. Warnings go to `advice`.
    pub fn push(
        &mut self,
        record: &Rc<Record>,
        advice: &mut Vec<Error>,
        context: &mut Context<'_>,
    ) {
        self.counters.accept(1);
        let encoded = match self.destination.protocol.encode(record, advice) {
            Ok(encoded) => encoded,
            Err(error) => {
                self.counters.drop(1, error.code, context.out);
                advice.push(error);
                return;
            }
        };
        let kind = record.event.kind();
        if matches!(kind, Kind::Consume | Kind::Rendered) && self.merge(record, context) {
            self.counters.merge();
            self.plan_fetch_later(context);
            return;
        }
        self.add(record, encoded, context);
    }

    /// Takes a vendor's ready-made link in. Returns whether the link belongs to this destination.
    pub fn push_link(
        &mut self,
        link: &str,
        record: &Rc<Record>,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(url) = self.destination.protocol.own_link(link) else { return false };
        self.counters.accept(1);
        self.add(record, url, context);
        true
    }

    /// Counts deliveries that are dropped: lines of a known order, or lost calls.
    pub fn refuse(&mut self, deliveries: u32, code: ErrorCode, out: &mut Vec<Effect>) {
        self.counters.accept(deliveries);
        self.counters.drop(deliveries, code, out);
    }

    fn add(&mut self, record: &Rc<Record>, encoded: String, context: &mut Context<'_>) {
        let kind = record.event.kind();
        self.append(record.clone(), encoded, 1, context);
        self.enforce_limit(context);
        let own = self.pending.own();
        let is_full = own.len() as u64 >= self.config.batch.max_events
            || own.bytes() as u64 >= self.config.batch.max_bytes;
        let wait = if is_urgent(kind) || is_full {
            Limits::VALUE_WAIT_MS
        } else {
            self.config.batch.max_wait_ms
        };
        self.pending.due_at = self.pending.due_at.min(context.now.mono_ms + wait);
        self.plan_fetch_later(context);
    }

    /// Merges the event with a pending one, if the result fits into a request.
    fn merge(&mut self, record: &Record, context: &mut Context<'_>) -> bool {
        let own = self.pending.own_mut();
        let Some(pending) = own.mergeable(record) else { return false };
        let serial = pending.serial;
        let Some(merged) = pending.record.as_ref().and_then(|first| first.merged(record)) else {
            return false;
        };
        let protocol = &self.destination.protocol;
        // The warnings were given when each of the two events came in.
        match protocol.encode(&merged, &mut Vec::new()) {
            Ok(encoded) if protocol.fits(&encoded) => {
                own.replace(serial, merged, encoded, context);
                true
            }
            _ => false,
        }
    }

    /// Appends an event, split into as many pieces as the protocol's requests need. Only the last
    /// piece counts as deliveries.
    pub(super) fn append(
        &mut self,
        record: Rc<Record>,
        encoded: String,
        deliveries: u32,
        context: &mut Context<'_>,
    ) {
        let protocol = &self.destination.protocol;
        if protocol.fits(&encoded) {
            let (kind, at, slot) = (record.event.kind(), record.at, Slot::default());
            let record = Some(record);
            let (seq, serial) = (0, 0);
            let event = PendingEvent { record, kind, at, encoded, deliveries, slot, seq, serial };
            self.pending.own_mut().store(Box::new(event), context);
            return;
        }
        // An event with an id is not split, because two events with the same id would count once.
        let halves =
            if protocol.batch_shape() == BatchShape::Single { record.halves() } else { None };
        let Some((first, second)) = halves else {
            self.counters.lose(deliveries, &TOO_LONG, context.out);
            return;
        };
        self.append_half(first, 0, context);
        self.append_half(second, deliveries, context);
    }

    fn append_half(&mut self, half: Record, deliveries: u32, context: &mut Context<'_>) {
        if let Ok(encoded) = self.destination.protocol.encode(&half, &mut Vec::new()) {
            self.append(half.into(), encoded, deliveries, context);
        }
    }

    /// Writes events and batches that are only in memory to the outbox.
    pub fn write_missing(&mut self, context: &mut Context<'_>) {
        self.pending.write_missing(context);
        self.batches.write_missing(context);
    }

    /// Handles an outbox entry that could not be written.
    pub fn write_failed(&mut self, number: u32, context: &mut Context<'_>) {
        self.pending.write_failed(number, context);
        self.batches.write_failed(number, context);
    }

    /// Makes a new stream for this destination.
    pub(super) fn new_stream(&self, name: String) -> Stream {
        Stream::new(&self.key, name)
    }
}

/// Whether such an event closes the batch and is sent at once.
fn is_urgent(kind: Kind) -> bool {
    matches!(kind, Kind::Buy | Kind::Basket | Kind::Login | Kind::ClickRecommended)
}
