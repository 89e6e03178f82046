//! One destination's queue: what waits, what is under way, what has to go again.
//!
//! Bounded in count and age, and every delivery ends in exactly one of the counters, so that
//! `accepted = queued + sent + acknowledged + merged + dropped` holds at every moment. Whatever leaves
//! it leaves the outbox too.

mod ack;
mod batch;
mod consent;
mod context;
mod counts;
mod evict;
mod fetch_later;
mod merge;
pub mod outbox;
mod response;
mod send;
mod take_over;

pub use context::{Conditions, Context, Flight};
pub use counts::Counts;
pub use take_over::take_over;

use super::config::{Config, Destination};
use super::effect::Effect;
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::hash::hash;
use super::limits::Limits;
use super::number::whole;
use super::protocol::{BatchShape, Envelope, RetryPolicy};
use super::record::Record;
use super::text::concat;
use super::time::NEVER;
use batch::{Batch, PendingEvent, Stream};
use outbox::Slot;
use std::rc::Rc;

static TOO_LONG: Problem = Problem::new(ErrorCode::OutOfRange, "got an event that is too long");

/// One destination's queue.
#[derive(Debug)]
pub struct Queue {
    name: Rc<String>,
    /// Short for the destination, in the outbox.
    key: String,
    destination: Rc<Destination>,
    config: Rc<Config>,
    max_age_ms: u64,
    /// This page's first, then those of pages that are gone.
    streams: Vec<Stream>,
    /// When what waits is due.
    deadline: u64,
    /// When the browser gets a copy of it,
    fetch_later_at: u64,
    /// and whether it has one.
    fetch_later_scheduled: bool,
    /// What was closed, in this order.
    #[allow(clippy::vec_box)]
    // Moved within the list: a pointer is cheaper than its twenty words.
    batches: Vec<Box<Batch>>,
    /// Before this nothing is sent on our own account,
    paused_until: u64,
    /// nor when the page goes.
    circuit_open: bool,
    /// The page's policy forbids the address.
    blocked: bool,
    /// The last request that was begun.
    last_id: u32,
    /// Something would go, were there not so much in flight.
    waits_for_flight: bool,
    /// Everything was asked for, and not everything has gone yet.
    flushing: bool,
    failures: u32,
    reported_full: bool,
    reported_refusal: bool,
    counts: Counts,
}

impl Queue {
    /// An empty one.
    pub fn new(destination: Rc<Destination>, config: Rc<Config>, stream: String) -> Self {
        // A vendor that takes no time of the event would count it today.
        let max_age_ms = match destination.protocol.retry_policy(Kind::Buy) {
            RetryPolicy::Idempotent => config.queue_age_ms,
            RetryPolicy::OnceMore | RetryPolicy::AtMostOnce => {
                config.queue_age_ms.min(Limits::UNDATED_AGE_MS)
            }
        };
        let mut queue = Self {
            name: Rc::default(),
            key: String::new(),
            destination,
            config,
            max_age_ms,
            streams: vec![Stream::new(stream)],
            deadline: NEVER,
            fetch_later_at: NEVER,
            fetch_later_scheduled: false,
            batches: Vec::new(),
            paused_until: 0,
            circuit_open: false,
            blocked: false,
            last_id: 0,
            waits_for_flight: false,
            flushing: false,
            failures: 0,
            reported_full: false,
            reported_refusal: false,
            counts: Counts::default(),
        };
        queue.call(queue.destination.protocol.name());
        queue
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a number to its name: another has the same.
    pub fn number(&mut self, number: usize) {
        self.call(concat(&[&self.name, " #", &whole(number as u64)]));
    }

    fn call(&mut self, name: String) {
        // The address of a request without events is what a destination is known by.
        let envelope = Envelope { stream: "", seq: 0, sent_at: 0, ack: false };
        let empty = self.destination.protocol.request(Kind::Click, &[], &envelope);
        self.key = whole(hash(&[&name, &empty.url]) >> 32);
        self.name = name.into();
    }

    /// Takes an event in. What is worth a word goes to `advice`.
    pub fn push(
        &mut self,
        record: &Rc<Record>,
        advice: &mut Vec<Error>,
        context: &mut Context<'_>,
    ) {
        self.counts.accepted += 1;
        let encoded = match self.destination.protocol.encode(record, advice) {
            Ok(encoded) => encoded,
            Err(error) => {
                self.drop(1, error.code, context.out);
                advice.push(error);
                return;
            }
        };
        let kind = record.event.kind();
        if matches!(kind, Kind::Consume | Kind::Rendered) && self.merge(record, context) {
            self.counts.merged += 1;
            self.plan_fetch_later(context);
            return;
        }
        self.wait(record, encoded, context);
    }

    /// Takes a ready-made link in, where this destination is meant.
    pub fn push_link(
        &mut self,
        link: &str,
        record: &Rc<Record>,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(url) = self.destination.protocol.own_link(link) else { return false };
        self.counts.accepted += 1;
        self.wait(record, url, context);
        true
    }

    fn wait(&mut self, record: &Rc<Record>, encoded: String, context: &mut Context<'_>) {
        let kind = record.event.kind();
        self.append(record.clone(), encoded, 1, context);
        self.enforce_limit(context);
        let full = self.streams.first().is_some_and(|own| {
            own.pending.len() as u64 >= self.config.batch.max_events
                || own.bytes as u64 >= self.config.batch.max_bytes
        });
        let wait = if of_value(kind) || full {
            Limits::VALUE_WAIT_MS
        } else {
            self.config.batch.max_wait_ms
        };
        self.deadline = self.deadline.min(context.now.mono_ms + wait);
        self.plan_fetch_later(context);
    }

    /// Counts deliveries that were never meant to be made: a purchase that was sent before.
    pub fn refuse(&mut self, events: u32, code: ErrorCode, out: &mut Vec<Effect>) {
        self.counts.accepted += events;
        self.drop(events, code, out);
    }

    /// Whether something that was asked for everything has not been tried yet.
    pub fn is_flushing(&self) -> bool {
        self.flushing
    }

    /// Whether some request has not come to its end.
    pub fn has_batches(&self) -> bool {
        !self.batches.is_empty()
    }

    /// Joins the event with one that waits, as long as the two still fit into a request.
    fn merge(&mut self, record: &Record, context: &mut Context<'_>) -> bool {
        let Some(own) = self.streams.first_mut() else { return false };
        let Some(pending) = own.mergeable(record) else { return false };
        let Some(merged) = pending.record.as_ref().and_then(|first| first.merged(record)) else {
            return false;
        };
        // The vendor's advice was given when each of the two came in.
        let Ok(encoded) = self.destination.protocol.encode(&merged, &mut Vec::new()) else {
            return false;
        };
        if !self.destination.protocol.fits(&encoded) {
            return false;
        }
        let (before, after) = (pending.encoded.len(), encoded.len());
        let is_new = pending.encoded != encoded;
        pending.record = Some(merged.into());
        pending.encoded = encoded;
        let serial = pending.serial;
        own.bytes = own.bytes + after - before;
        if is_new && let Some(pending) = merge::with_serial(&mut own.pending, serial) {
            keep(pending, &self.key, &own.name, own.seq, context);
        }
        true
    }

    /// Appends a record, in as many pieces as its protocol's requests ask for. The last piece
    /// stands for the delivery.
    fn append(
        &mut self,
        record: Rc<Record>,
        encoded: String,
        deliveries: u32,
        context: &mut Context<'_>,
    ) {
        if self.destination.protocol.fits(&encoded) {
            let (kind, at, slot) = (record.event.kind(), record.at, Slot::default());
            let record = Some(record);
            let (seq, serial) = (0, 0);
            let event = PendingEvent { record, kind, at, encoded, deliveries, slot, seq, serial };
            let mut event = Box::new(event);
            if let Some(own) = self.streams.first_mut() {
                keep(&mut event, &self.key, &own.name, own.seq, context);
                own.push(event);
            }
            return;
        }
        // Where the event has an id, it is one event: two with the same id would count once.
        let halves = if self.destination.protocol.batch_shape() == BatchShape::Single {
            record.halves()
        } else {
            None
        };
        let Some((first, second)) = halves else {
            self.lose(deliveries, &TOO_LONG, context.out);
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
}

/// Writes an event that waits to the outbox.
fn keep(event: &mut PendingEvent, key: &str, stream: &str, seq: u64, context: &mut Context<'_>) {
    if context.outbox.on {
        let text = outbox::write(key, stream, seq, 0, &mut [&*event].into_iter());
        context.outbox.keep(&mut event.slot, text, context.out);
        event.seq = seq;
    }
}

/// Whoever finds what is left of a stream finds the number that it goes on with, in the first text of it:
/// a number that is used twice would let one batch be acknowledged by the other's cookie.
fn write_number(stream: &mut Stream, key: &str, context: &mut Context<'_>) {
    if let Some(first) = stream.pending.front_mut()
        && !(first.slot.is_kept() && first.seq == stream.seq)
    {
        keep(first, key, &stream.name, stream.seq, context);
    }
}

/// A batch's number in this stream, and the stream's name. What waits is told to go on with the one after it.
fn next_number(stream: &mut Stream, key: &str, context: &mut Context<'_>) -> (Rc<String>, u64) {
    let seq = stream.seq;
    stream.seq += 1;
    write_number(stream, key, context);
    (stream.name.clone(), seq)
}

/// Events that a shop earns by: they close the batch and leave at once.
fn of_value(kind: Kind) -> bool {
    matches!(kind, Kind::Buy | Kind::Basket | Kind::Login | Kind::ClickRecommended)
}
