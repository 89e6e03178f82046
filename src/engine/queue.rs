//! One destination's queue: what waits, what is under way, what has to go again.
//!
//! Bounded in count and age, and every delivery ends in exactly one of the counters, so that
//! `accepted = queued + sent + acknowledged + merged + dropped` holds at every moment.

mod bounds;
mod counts;
mod outcome;
mod parcel;

pub use counts::Counts;

use super::config::{Config, Destination, Transport};
use super::effect::{Effect, Send, Via};
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::limits::Limits;
use super::number::whole;
use super::protocol::{Class, Envelope, Holds};
use super::record::Record;
use super::text::concat;
use super::time::{NEVER, Now};
use parcel::{Parcel, Waiting, weigh};
use std::rc::Rc;

static TOO_LONG: Problem = Problem::new(ErrorCode::OutOfRange, "got an event that is too long");

/// What the page's state lets a queue do.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Consent lets requests out, and the browser says that it has a network.
    pub open: bool,
    /// Nothing may go any more, not even what the browser refused the first time.
    pub denied: bool,
    /// The page is seen.
    pub visible: bool,
    /// The collector may acknowledge by cookies.
    pub ack: bool,
    /// Send what waits whether it is due or not: the page goes, or it asked for it.
    pub all: bool,
}

/// One destination's queue.
#[derive(Debug)]
pub struct Queue {
    name: Rc<String>,
    destination: Rc<Destination>,
    config: Rc<Config>,
    max_age_ms: u64,
    stream: String,
    seq: u64,
    waiting: Vec<Waiting>,
    waiting_bytes: usize,
    /// When what waits is due.
    deadline: u64,
    /// Parcels that have to go again, in their order.
    #[allow(clippy::vec_box)]
    // Moved between lists: a pointer is cheaper than its twelve words.
    held: Vec<Box<Parcel>>,
    /// Parcels that the browser has.
    #[allow(clippy::vec_box)]
    open: Vec<Box<Parcel>>,
    /// Before this nothing is sent on our own account.
    paused_until: u64,
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
        let max_age_ms = match destination.protocol.class() {
            Class::Idempotent => config.queue_age_ms,
            Class::AtMostOnce => config.queue_age_ms.min(Limits::UNDATED_AGE_MS),
        };
        Self {
            name: destination.protocol.name().into(),
            destination,
            config,
            max_age_ms,
            stream,
            seq: 0,
            waiting: Vec::new(),
            waiting_bytes: 0,
            deadline: NEVER,
            held: Vec::new(),
            open: Vec::new(),
            paused_until: 0,
            flushing: false,
            failures: 0,
            reported_full: false,
            reported_refusal: false,
            counts: Counts::default(),
        }
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a number to its name: another has the same.
    pub fn number(&mut self, number: usize) {
        self.name = concat(&[&self.name, " #", &whole(number as u64)]).into();
    }

    /// Takes an event in. What is worth a word goes to `advice`.
    pub fn push(
        &mut self,
        record: &Rc<Record>,
        now: &Now,
        advice: &mut Vec<Error>,
        out: &mut Vec<Effect>,
    ) {
        self.counts.accepted += 1;
        let encoded = match self.destination.protocol.encode(record, advice) {
            Ok(encoded) => encoded,
            Err(error) => {
                self.drop(1, error.code, out);
                advice.push(error);
                return;
            }
        };
        let kind = record.event.kind();
        if matches!(kind, Kind::Consume | Kind::Rendered) && self.merge(record) {
            self.counts.merged += 1;
            return;
        }
        self.wait(record, encoded, now, out);
    }

    /// Takes a ready-made link in, where this destination is meant.
    pub fn push_link(
        &mut self,
        link: &str,
        record: &Rc<Record>,
        now: &Now,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(url) = self.destination.protocol.own_link(link) else { return false };
        self.counts.accepted += 1;
        self.wait(record, url, now, out);
        true
    }

    fn wait(&mut self, record: &Rc<Record>, encoded: String, now: &Now, out: &mut Vec<Effect>) {
        let kind = record.event.kind();
        self.append(record.clone(), encoded, 1, out);
        self.bound(out);
        let full = self.waiting.len() as u64 >= self.config.batch.max_events
            || self.waiting_bytes as u64 >= self.config.batch.max_bytes;
        let wait = if of_value(kind) || full {
            Limits::VALUE_WAIT_MS
        } else {
            self.config.batch.max_wait_ms
        };
        self.deadline = self.deadline.min(now.mono_ms + wait);
    }

    /// Counts deliveries that were never meant to be made: a purchase that was sent before.
    pub fn refuse(&mut self, events: u32, code: ErrorCode, out: &mut Vec<Effect>) {
        self.counts.accepted += events;
        self.drop(events, code, out);
    }

    /// Gives up everything that waits.
    pub fn clear(&mut self, code: ErrorCode, out: &mut Vec<Effect>) {
        let mut lost = weigh(&self.waiting);
        for parcel in &self.held {
            lost += weigh(&parcel.events);
        }
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.held.clear();
        self.drop(lost, code, out);
    }

    /// Takes the identity away from what waits: consent is anonymous now. A login says nothing then.
    pub fn forget_identity(&mut self, session: &Option<Rc<String>>, out: &mut Vec<Effect>) {
        self.waiting_bytes = 0;
        for Waiting { record, weight, .. } in std::mem::take(&mut self.waiting) {
            let session = session.clone();
            let record = Record::clone(&record);
            let record = Record { user: None, anonymous: None, account: None, session, ..record };
            match self.destination.protocol.encode(&record, &mut Vec::new()) {
                Ok(encoded) if record.event.kind() != Kind::Login => {
                    self.append(record.into(), encoded, weight, out);
                }
                _ => self.drop(weight, ErrorCode::UnsupportedEvent, out),
            }
        }
    }

    /// Sends what is due, and all that fits when the page goes.
    pub fn pump(
        &mut self,
        now: &Now,
        conditions: Conditions,
        ids: &mut u32,
        out: &mut Vec<Effect>,
    ) {
        self.expire(now, out);
        self.flushing = (self.flushing || conditions.all) && conditions.open;
        if !conditions.open || now.mono_ms < self.paused_until && !conditions.all {
            return;
        }
        let due = self.flushing || self.deadline <= now.mono_ms;
        let seen = conditions.visible && !conditions.all;
        let mut burst = if seen { Limits::BURST_VISIBLE } else { Limits::BURST_HIDDEN };
        while burst > 0 && !self.held.is_empty() {
            let parcel = self.held.remove(0);
            self.send(parcel, conditions, out);
            burst -= 1;
        }
        while burst > 0 && due && !self.waiting.is_empty() {
            let parcel = self.close(now, conditions, ids);
            self.send(parcel, conditions, out);
            burst -= 1;
        }
        if self.waiting.is_empty() {
            self.deadline = NEVER;
            self.flushing = false;
        }
        if !self.held.is_empty() || due && !self.waiting.is_empty() {
            // The burst was used up: what is left goes after a pause.
            self.deadline = now.mono_ms;
            self.paused_until = now.mono_ms + Limits::BURST_PAUSE_MS;
        }
    }

    /// Whether something that was asked for everything has not been tried yet.
    pub fn is_flushing(&self) -> bool {
        self.flushing
    }

    /// When the next request is due; never while nothing may or needs to go.
    pub fn next_wake(&self, conditions: Conditions) -> u64 {
        let due = if self.held.is_empty() { self.deadline } else { self.paused_until };
        if conditions.open { due.max(self.paused_until) } else { NEVER }
    }

    /// Joins the event with one that waits, as long as the two still fit into a request.
    fn merge(&mut self, record: &Record) -> bool {
        for waiting in self.waiting.iter_mut().rev() {
            let Some(merged) = waiting.record.merged(record) else { continue };
            // The vendor's advice was given when each of the two came in.
            let Ok(encoded) = self.destination.protocol.encode(&merged, &mut Vec::new()) else {
                continue;
            };
            if self.destination.protocol.fits(&encoded) {
                self.waiting_bytes += encoded.len();
                self.waiting_bytes -= waiting.encoded.len();
                waiting.record = merged.into();
                waiting.encoded = encoded;
                return true;
            }
        }
        false
    }

    /// Appends a record, in as many pieces as its protocol's requests ask for. The last piece
    /// stands for the delivery.
    fn append(&mut self, record: Rc<Record>, encoded: String, weight: u32, out: &mut Vec<Effect>) {
        if self.destination.protocol.fits(&encoded) {
            self.waiting_bytes += encoded.len();
            self.waiting.push(Waiting { record, encoded, weight });
            return;
        }
        // Where the event has an id, it is one event: two with the same id would count once.
        let halves =
            if self.destination.protocol.holds() == Holds::One { record.halves() } else { None };
        let Some((first, second)) = halves else {
            self.lose(weight, &TOO_LONG, out);
            return;
        };
        self.append_half(first, 0, out);
        self.append_half(second, weight, out);
    }

    fn append_half(&mut self, half: Record, weight: u32, out: &mut Vec<Effect>) {
        if let Ok(encoded) = self.destination.protocol.encode(&half, &mut Vec::new()) {
            self.append(half.into(), encoded, weight, out);
        }
    }

    /// Makes the next parcel of what waits.
    fn close(&mut self, now: &Now, conditions: Conditions, ids: &mut u32) -> Box<Parcel> {
        let holds = self.destination.protocol.holds();
        let most = if holds == Holds::One { 1 } else { self.config.batch.max_events };
        let mut bytes = self.destination.protocol.envelope_bytes();
        let mut events: Vec<Waiting> = Vec::new();
        let mut full = false;
        for next in std::mem::take(&mut self.waiting) {
            let kind = |waiting: &Waiting| waiting.record.event.kind();
            let other =
                holds == Holds::OneKind && events.first().is_some_and(|e| kind(e) != kind(&next));
            // With the comma before it.
            let more = bytes + next.encoded.len() + 1;
            full |= events.len() as u64 == most
                || more as u64 > self.config.batch.max_bytes && !events.is_empty();
            if full || other {
                self.waiting.push(next);
            } else {
                bytes = more;
                self.waiting_bytes -= next.encoded.len();
                events.push(next);
            }
        }
        if self.waiting.is_empty() {
            self.reported_full = false;
        }
        self.wrap(events, now, conditions, ids)
    }

    fn wrap(
        &mut self,
        events: Vec<Waiting>,
        now: &Now,
        conditions: Conditions,
        ids: &mut u32,
    ) -> Box<Parcel> {
        let ack = conditions.ack;
        let envelope = Envelope { stream: &self.stream, seq: self.seq, sent_at: now.wall_ms, ack };
        let mut encoded: Vec<&str> = Vec::new();
        for event in &events {
            encoded.push(&event.encoded);
        }
        let kind = events.first().map_or(Kind::Login, |waiting| waiting.record.event.kind());
        let request = self.destination.protocol.request(kind, &encoded, &envelope).into();
        self.seq += 1;
        *ids += 1;
        Box::new(Parcel { id: *ids, request, events, via: Via::Beacon, refused: false })
    }

    fn send(&mut self, mut parcel: Box<Parcel>, conditions: Conditions, out: &mut Vec<Effect>) {
        parcel.refused = false;
        parcel.via = match self.destination.transport {
            Transport::Fetch => Via::Fetch,
            Transport::Auto if conditions.visible => Via::Fetch,
            Transport::Beacon | Transport::Auto => Via::Beacon,
        };
        self.hand_over(parcel, out);
    }

    fn hand_over(&mut self, parcel: Box<Parcel>, out: &mut Vec<Effect>) {
        let request = parcel.request.clone();
        out.push(Effect::Send(Send { id: parcel.id, request, via: parcel.via }));
        self.open.push(parcel);
    }
}

/// Events that a shop earns by: they close the batch and leave at once.
fn of_value(kind: Kind) -> bool {
    matches!(kind, Kind::Buy | Kind::Basket | Kind::Login | Kind::ClickRecommended)
}
