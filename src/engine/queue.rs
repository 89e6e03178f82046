//! One destination's queue: what waits, what is under way, what has to go again.
//!
//! Bounded in count and age, and every delivery ends in exactly one of the counters, so that
//! `accepted = queued + sent + acknowledged + merged + dropped` holds at every moment.

mod outcome;
mod parcel;

pub use parcel::Counts;

use super::config::{BatchConfig, Config, Destination, Transport};
use super::effect::{Effect, News, Notice, Receipt, Send, Via};
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::limits::Limits;
use super::protocol::{Class, Envelope, Method, Protocol};
use super::record::Record;
use super::time::Now;
use parcel::{Parcel, Waiting, weigh};
use std::collections::VecDeque;

/// What the page's state lets a queue do.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Consent lets requests out.
    pub open: bool,
    /// The browser says that it has a network.
    pub online: bool,
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
    name: String,
    protocol: Protocol,
    transport: Transport,
    batch: BatchConfig,
    most: usize,
    max_age_ms: u64,
    stream: String,
    seq: u64,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// When what waits is due.
    deadline: Option<u64>,
    /// Parcels that have to go again, in their order.
    held: VecDeque<Parcel>,
    /// Parcels that the browser has.
    open: Vec<Parcel>,
    /// Before this nothing is sent on our own account.
    paused_until: u64,
    failures: u32,
    reported_full: bool,
    reported_refusal: bool,
    counts: Counts,
}

impl Queue {
    /// An empty one.
    pub fn new(destination: &Destination, config: &Config, stream: String) -> Self {
        let protocol = destination.protocol.clone();
        // A vendor that takes no time of the event would count it today.
        let max_age_ms = match protocol.class() {
            Class::Idempotent => config.queue_age_ms,
            Class::AtMostOnce => config.queue_age_ms.min(Limits::UNDATED_AGE_MS),
        };
        Self {
            name: protocol.name(),
            protocol,
            transport: destination.transport,
            batch: config.batch,
            most: config.queue_events,
            max_age_ms,
            stream,
            seq: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            deadline: None,
            held: VecDeque::new(),
            open: Vec::new(),
            paused_until: 0,
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

    /// What became of the deliveries so far.
    pub fn counts(&self) -> Counts {
        Counts { queued: self.queued(), ..self.counts }
    }

    /// Takes an event in. What is worth a word goes to `advice`.
    pub fn push(&mut self, record: &Record, now: &Now, advice: &mut Vec<Error>) -> Vec<Effect> {
        self.counts.accepted += 1;
        let encoded = match self.protocol.encode(record, advice) {
            Ok(encoded) => encoded,
            Err(error) => {
                let code = error.code;
                advice.push(error);
                return vec![self.drop(1, code)];
            }
        };
        if self.merge(record) {
            self.counts.merged += 1;
            return Vec::new();
        }
        let mut effects = Vec::new();
        self.append(record.clone(), encoded, 1, &mut effects);
        self.bound(&mut effects);

        let wait = if of_value(record.event.kind()) || self.full() {
            Limits::VALUE_WAIT_MS
        } else {
            self.batch.max_wait_ms
        };
        let due = now.mono_ms + wait;
        self.deadline = Some(self.deadline.map_or(due, |before| before.min(due)));
        effects
    }

    /// Counts deliveries that were never meant to be made: a purchase that was sent before.
    pub fn refuse(&mut self, events: u32, code: ErrorCode) -> Effect {
        self.counts.accepted += events;
        self.drop(events, code)
    }

    /// Gives up everything that waits.
    pub fn clear(&mut self, code: ErrorCode) -> Option<Effect> {
        let mut lost = self.waiting.iter().map(|waiting| waiting.weight).sum();
        lost += self.held.iter().map(Parcel::weight).sum::<u32>();
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.held.clear();
        (lost > 0).then(|| self.drop(lost, code))
    }

    /// Changes what waits: consent took the identity away. An event that makes no sense then goes.
    pub fn rewrite(&mut self, change: impl Fn(&mut Record)) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut advice = Vec::new();
        for mut waiting in std::mem::take(&mut self.waiting) {
            change(&mut waiting.record);
            match self.protocol.encode(&waiting.record, &mut advice) {
                Ok(encoded) if waiting.record.event.kind() != Kind::Login => {
                    self.waiting.push_back(Waiting { encoded, ..waiting });
                }
                Ok(_) | Err(_) => {
                    effects.push(self.drop(waiting.weight, ErrorCode::UnsupportedEvent));
                }
            }
        }
        self.waiting_bytes = weigh(&self.waiting);
        effects
    }

    /// Sends what is due, and all that fits when the page goes.
    pub fn pump(&mut self, now: &Now, conditions: Conditions, ids: &mut u32) -> Vec<Effect> {
        let mut effects = self.expire(now);
        let paused = now.mono_ms < self.paused_until && !conditions.all;
        if !conditions.open || !conditions.online || paused {
            return effects;
        }
        let due = conditions.all || self.deadline.is_some_and(|at| at <= now.mono_ms);
        let burst = if conditions.visible { Limits::BURST_VISIBLE } else { Limits::BURST_HIDDEN };
        for _ in 0..burst {
            let next = match self.held.pop_front() {
                Some(parcel) => Some(parcel),
                None if due => self.close(now, conditions, ids),
                None => None,
            };
            let Some(parcel) = next else { break };
            effects.push(self.send(parcel, conditions));
        }
        if due {
            self.deadline = (!self.waiting.is_empty()).then_some(now.mono_ms);
        }
        if !self.held.is_empty() || self.deadline.is_some_and(|at| at <= now.mono_ms) {
            // The burst was used up: what is left goes after a pause.
            self.paused_until = now.mono_ms + Limits::BURST_PAUSE_MS;
        }
        effects
    }

    /// When the next request is due; none while nothing may or needs to go.
    pub fn next_wake(&self, conditions: Conditions) -> Option<u64> {
        if !conditions.open || !conditions.online {
            return None;
        }
        let due = if self.held.is_empty() { self.deadline } else { Some(self.paused_until) };
        due.map(|at| at.max(self.paused_until))
    }

    fn queued(&self) -> u32 {
        let parcels = self.held.iter().chain(&self.open).map(Parcel::weight).sum::<u32>();
        parcels + self.waiting.iter().map(|waiting| waiting.weight).sum::<u32>()
    }

    fn full(&self) -> bool {
        self.waiting.len() >= self.batch.max_events || self.waiting_bytes >= self.batch.max_bytes
    }

    /// Joins the event with one that waits, as long as the two still fit into a request.
    fn merge(&mut self, record: &Record) -> bool {
        if !matches!(record.event.kind(), Kind::Consume | Kind::Rendered) {
            return false;
        }
        for waiting in self.waiting.iter_mut().rev() {
            let Some(merged) = waiting.record.merged(record) else { continue };
            // The vendor's advice was given when each of the two came in.
            let Ok(encoded) = self.protocol.encode(&merged, &mut Vec::new()) else { continue };
            if self.protocol.fits(&encoded) {
                self.waiting_bytes += encoded.len();
                self.waiting_bytes -= waiting.encoded.len();
                waiting.record = merged;
                waiting.encoded = encoded;
                return true;
            }
        }
        false
    }

    /// Appends a record, in as many pieces as its protocol's requests ask for. The last piece
    /// stands for the delivery.
    fn append(&mut self, record: Record, encoded: String, weight: u32, effects: &mut Vec<Effect>) {
        if self.protocol.fits(&encoded) {
            self.waiting_bytes += encoded.len();
            self.waiting.push_back(Waiting { record, encoded, weight });
            return;
        }
        let Some(halves) = record.halves() else {
            let problem = Problem::new(ErrorCode::OutOfRange, "got an event that is too long");
            effects.push(Effect::Warn(problem.at(self.name.clone())));
            effects.push(self.drop(weight, ErrorCode::OutOfRange));
            return;
        };
        for (half, weight) in halves.into_iter().zip([0, weight]) {
            if let Ok(encoded) = self.protocol.encode(&half, &mut Vec::new()) {
                self.append(half, encoded, weight, effects);
            }
        }
    }

    /// The oldest gives way to the newest.
    fn bound(&mut self, effects: &mut Vec<Effect>) {
        while self.waiting.len() + self.held.len() > self.most {
            let lost = match self.waiting.pop_front() {
                Some(waiting) => {
                    self.waiting_bytes -= waiting.encoded.len();
                    waiting.weight
                }
                None => self.held.pop_front().map_or(0, |parcel| parcel.weight()),
            };
            effects.push(self.drop(lost, ErrorCode::QueueFull));
            if !self.reported_full {
                self.reported_full = true;
                let detail = "has more events than queue.maxEvents: the oldest are given up";
                let problem = Problem::new(ErrorCode::QueueFull, detail);
                effects.push(Effect::Warn(problem.at(self.name.clone())));
            }
        }
    }

    fn expire(&mut self, now: &Now) -> Vec<Effect> {
        let oldest = now.wall_ms.saturating_sub(self.max_age_ms);
        let mut lost = 0;
        while self.waiting.front().is_some_and(|waiting| waiting.record.at < oldest) {
            if let Some(waiting) = self.waiting.pop_front() {
                self.waiting_bytes -= waiting.encoded.len();
                lost += waiting.weight;
            }
        }
        while self.held.front().is_some_and(|parcel| parcel.oldest() < oldest) {
            lost += self.held.pop_front().map_or(0, |parcel| parcel.weight());
        }
        if lost == 0 {
            return Vec::new();
        }
        let problem = Problem::new(ErrorCode::Expired, "has events older than queue.maxAgeMs");
        vec![Effect::Warn(problem.at(self.name.clone())), self.drop(lost, ErrorCode::Expired)]
    }

    /// Makes the next parcel of what waits.
    fn close(&mut self, now: &Now, conditions: Conditions, ids: &mut u32) -> Option<Parcel> {
        let most = if self.protocol.batches() { self.batch.max_events } else { 1 };
        let mut events = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.waiting.front() {
            let fits = bytes + next.encoded.len() <= self.batch.max_bytes;
            if events.len() == most || !(fits || events.is_empty()) {
                break;
            }
            bytes += next.encoded.len();
            events.extend(self.waiting.pop_front());
        }
        self.waiting_bytes -= bytes;
        if self.waiting.is_empty() {
            self.reported_full = false;
        }
        (!events.is_empty()).then(|| self.wrap(events, now, conditions.ack, ids))
    }

    fn wrap(&mut self, events: Vec<Waiting>, now: &Now, ack: bool, ids: &mut u32) -> Parcel {
        let envelope = Envelope { stream: &self.stream, seq: self.seq, sent_at: now.wall_ms, ack };
        let encoded = events.iter().map(|waiting| waiting.encoded.as_str());
        let request = self.protocol.request(encoded, &envelope);
        self.seq += 1;
        *ids += 1;
        Parcel { id: *ids, request, events, via: Via::Beacon }
    }

    fn send(&mut self, mut parcel: Parcel, conditions: Conditions) -> Effect {
        parcel.via = match (self.transport, parcel.request.method) {
            (_, Method::Get) | (Transport::Fetch, _) => Via::Fetch,
            (Transport::Auto, _) if conditions.visible => Via::Fetch,
            (Transport::Beacon | Transport::Auto, _) => Via::Beacon,
        };
        self.hand_over(parcel)
    }

    fn hand_over(&mut self, parcel: Parcel) -> Effect {
        let send = Send { id: parcel.id, request: parcel.request.clone(), via: parcel.via };
        self.open.push(parcel);
        Effect::Send(send)
    }

    fn drop(&mut self, events: u32, code: ErrorCode) -> Effect {
        self.counts.dropped += events;
        self.notice(News::Dropped(code), events)
    }

    fn notice(&self, news: News, events: u32) -> Effect {
        Effect::Notify(Notice { news, destination: self.name.clone(), events })
    }

    fn receipt(parcel: &Parcel) -> Receipt {
        let bytes = parcel.request.body.as_ref().map_or(0, String::len);
        Receipt { url: parcel.request.url.clone(), bytes, via: parcel.via }
    }
}

/// Events that a shop earns by: they close the batch and leave at once.
fn of_value(kind: Kind) -> bool {
    matches!(kind, Kind::Buy | Kind::Basket | Kind::Login | Kind::ClickRecommended)
}
