//! What a queue is made of: events that wait, in streams, and the batches that they are sent in.

use super::context::Context;
use super::merge::{self, MergeIndex};
use super::outbox::Slot;
use crate::effect::{Effect, Send, Via};
use crate::event::Kind;
use crate::limits::Limits;
use crate::protocol::{BatchShape, Request, RetryPolicy};
use crate::record::Record;
use std::collections::VecDeque;
use std::rc::Rc;

/// An event that waits.
#[derive(Debug)]
pub struct PendingEvent {
    /// The event; other queues may have it too. None for one that another page left behind.
    pub record: Option<Rc<Record>>,
    /// What kind of event it is,
    pub kind: Kind,
    /// and when it happened, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The same in the destination's words.
    pub encoded: String,
    /// How many deliveries it stands for: 1, or 0 for a piece whose last piece does.
    pub deliveries: u32,
    /// Where it stands in the outbox by itself,
    pub slot: Slot,
    /// and with which number of its stream's.
    pub seq: u64,
    /// Its index in the order of its stream's.
    pub serial: u32,
}

/// Events, moved between lists: a pointer is cheaper than their dozen words.
pub type Events = Vec<Box<PendingEvent>>;

/// How many deliveries these events stand for.
pub fn count_deliveries(events: &[Box<PendingEvent>]) -> u32 {
    count_deliveries_of(&mut events.iter())
}

/// The same of events in any list.
pub fn count_deliveries_of(events: &mut dyn Iterator<Item = &Box<PendingEvent>>) -> u32 {
    let mut deliveries = 0;
    for event in events {
        deliveries += event.deliveries;
    }
    deliveries
}

/// What one page instance has for one destination. Its events have their order by the stream, the
/// batch's number and the index therein, whichever page sends them at last.
#[derive(Debug)]
pub struct Stream {
    /// Its name.
    pub name: Rc<String>,
    /// The next batch's number.
    pub seq: u64,
    /// Events in no batch yet, in their order,
    pub pending: VecDeque<Box<PendingEvent>>,
    /// and their size.
    pub bytes: usize,
    serials: u32,
    mergeable: MergeIndex,
}

impl Stream {
    /// An empty one.
    pub fn new(name: String) -> Self {
        Self {
            name: name.into(),
            seq: 0,
            pending: VecDeque::new(),
            bytes: 0,
            serials: 0,
            mergeable: MergeIndex::default(),
        }
    }

    /// Takes one in.
    pub fn push(&mut self, mut event: Box<PendingEvent>) {
        self.bytes += event.encoded.len();
        self.serials += 1;
        event.serial = self.serials;
        if let Some(key) = event.record.as_deref().and_then(merge::key) {
            let first = self.pending.front().map_or(self.serials, |first| first.serial);
            self.mergeable.note(key, self.serials, first);
        }
        self.pending.push_back(event);
    }

    /// The last one that this may be joined with.
    pub fn mergeable(&mut self, record: &Record) -> Option<&mut PendingEvent> {
        let serial = self.mergeable.find(merge::key(record)?)?;
        merge::with_serial(&mut self.pending, serial)
    }

    /// Takes the one in this index out; the first waits longest.
    pub fn remove(&mut self, index: usize) -> Option<Box<PendingEvent>> {
        let event = self.pending.remove(index)?;
        self.bytes -= event.encoded.len();
        Some(event)
    }

    /// Takes all out.
    pub fn clear(&mut self) -> VecDeque<Box<PendingEvent>> {
        self.bytes = 0;
        std::mem::take(&mut self.pending)
    }

    /// Takes out what the next batch holds: so many events and so many bytes at most.
    pub fn take(&mut self, holds: BatchShape, most: u64, mut bytes: usize, full: u64) -> Events {
        let most = if holds == BatchShape::Single { 1 } else { most };
        let mut taken: Events = Vec::new();
        let mut index = 0;
        while let Some(next) = self.pending.get(index) {
            if holds == BatchShape::SameKind
                && taken.first().is_some_and(|one| one.kind != next.kind)
            {
                index += 1;
                continue;
            }
            // With the comma before it.
            bytes += next.encoded.len() + 1;
            if taken.len() as u64 == most || !taken.is_empty() && bytes as u64 > full {
                break;
            }
            taken.extend(self.remove(index));
        }
        taken
    }
}

/// Where a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Here: it has to go.
    Ready,
    /// The browser has it and will say more.
    InFlight,
    /// The browser took it, and nobody has acknowledged it: at this moment it goes again.
    AwaitingAck(u64),
}

/// A request and the events in it. Sent again, it keeps its bytes.
#[derive(Debug)]
pub struct Batch {
    /// By this number its outcome is told.
    pub id: u32,
    /// The stream that it is of,
    pub stream: Rc<String>,
    /// its number there,
    pub seq: u64,
    /// and when it was made, in milliseconds since the Unix epoch.
    pub made_at: u64,
    /// The request.
    pub request: Rc<Request>,
    /// The events in it.
    pub events: Events,
    /// What its destination can bear.
    pub class: RetryPolicy,
    /// Where it is.
    pub stage: Stage,
    /// How it went last.
    pub via: Via,
    /// As a beacon the browser refused it, so it went the other way.
    pub refused: bool,
    /// It may have arrived already.
    pub retried: bool,
    /// It was made while it might be stored.
    pub may_store: bool,
    /// It must not go once more: consent was withdrawn since.
    pub no_retry: bool,
    /// Until this moment it counts as being in flight.
    pub in_flight_until: u64,
    /// Where it stands in the outbox.
    pub slot: Slot,
}

impl Batch {
    /// Bytes of the browser's quota that it takes.
    pub fn bytes(&self) -> usize {
        self.request.body.as_ref().map_or(0, String::len)
    }

    /// Whether it goes now.
    pub fn is_due(&self, mono_ms: u64) -> bool {
        match self.stage {
            Stage::Ready => true,
            Stage::InFlight => false,
            Stage::AwaitingAck(until) => until <= mono_ms,
        }
    }

    /// Gives it to the browser.
    pub fn dispatch(&mut self, via: Via, context: &mut Context<'_>) {
        self.via = via;
        self.stage = Stage::InFlight;
        if self.class == RetryPolicy::Idempotent || via == Via::Fetch {
            self.in_flight_until = context.now.mono_ms + Limits::SLOT_MS;
            context.flight.requests += 1;
            context.flight.bytes += self.bytes();
        }
        if self.class != RetryPolicy::Idempotent && via == Via::Fetch {
            // Begun is taken: a page that finds it would send it a second time.
            self.remove_from_outbox(context);
        }
        context.out.push(Effect::Send(Send { id: self.id, request: self.request.clone(), via }));
    }

    /// Takes it out of the outbox.
    pub fn remove_from_outbox(&mut self, context: &mut Context<'_>) {
        context.outbox.forget(&mut self.slot, context.out);
        forget(&mut self.events, context);
    }
}

/// Takes what stands there of each of these by itself out of the outbox.
pub fn forget(events: &mut [Box<PendingEvent>], context: &mut Context<'_>) {
    for event in events {
        context.outbox.forget(&mut event.slot, context.out);
    }
}
