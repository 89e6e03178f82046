//! What a queue is made of: events that wait, in streams, and the parcels that they are sent in.

use super::journal::Place;
use super::merge::{self, MergeIndex};
use super::turn::Turn;
use crate::engine::effect::{Effect, Send, Via};
use crate::engine::event::Kind;
use crate::engine::limits::Limits;
use crate::engine::protocol::{Class, Holds, Request};
use crate::engine::record::Record;
use std::collections::VecDeque;
use std::rc::Rc;

/// An event that waits.
#[derive(Debug)]
pub struct Waiting {
    /// The event; other queues may have it too. None for one that another page left behind.
    pub record: Option<Rc<Record>>,
    /// What kind of event it is,
    pub kind: Kind,
    /// and when it happened, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The same in the destination's words.
    pub encoded: String,
    /// How many deliveries it stands for: 1, or 0 for a piece whose last piece does.
    pub weight: u32,
    /// Where it stands in the outbox by itself,
    pub place: Place,
    /// and with which number of its stream's.
    pub seq: u64,
    /// Its place in the order of its stream's.
    pub serial: u32,
}

/// Events, moved between lists: a pointer is cheaper than their dozen words.
pub type Events = Vec<Box<Waiting>>;

/// How many deliveries these events stand for.
pub fn weigh(events: &[Box<Waiting>]) -> u32 {
    weigh_all(&mut events.iter())
}

/// The same of events in any list.
pub fn weigh_all(events: &mut dyn Iterator<Item = &Box<Waiting>>) -> u32 {
    let mut weight = 0;
    for event in events {
        weight += event.weight;
    }
    weight
}

/// What one page instance has for one destination. Its events have their order by the stream, the
/// batch's number and the place therein, whichever page sends them at last.
#[derive(Debug)]
pub struct Stream {
    /// Its name.
    pub name: Rc<String>,
    /// The next batch's number.
    pub seq: u64,
    /// Events in no parcel yet, in their order,
    pub waiting: VecDeque<Box<Waiting>>,
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
            waiting: VecDeque::new(),
            bytes: 0,
            serials: 0,
            mergeable: MergeIndex::default(),
        }
    }

    /// Takes one in.
    pub fn push(&mut self, mut event: Box<Waiting>) {
        self.bytes += event.encoded.len();
        self.serials += 1;
        event.serial = self.serials;
        if let Some(key) = event.record.as_deref().and_then(merge::key) {
            let first = self.waiting.front().map_or(self.serials, |first| first.serial);
            self.mergeable.note(key, self.serials, first);
        }
        self.waiting.push_back(event);
    }

    /// The last one that this may be joined with.
    pub fn mergeable(&mut self, record: &Record) -> Option<&mut Waiting> {
        let serial = self.mergeable.find(merge::key(record)?)?;
        merge::with_serial(&mut self.waiting, serial)
    }

    /// Takes the one in this place out; the first waits longest.
    pub fn remove(&mut self, place: usize) -> Option<Box<Waiting>> {
        let event = self.waiting.remove(place)?;
        self.bytes -= event.encoded.len();
        Some(event)
    }

    /// Takes all out.
    pub fn clear(&mut self) -> VecDeque<Box<Waiting>> {
        self.bytes = 0;
        std::mem::take(&mut self.waiting)
    }

    /// Takes out what the next parcel holds: so many events and so many bytes at most.
    pub fn take(&mut self, holds: Holds, most: u64, mut bytes: usize, full: u64) -> Events {
        let most = if holds == Holds::One { 1 } else { most };
        let mut taken: Events = Vec::new();
        let mut place = 0;
        while let Some(next) = self.waiting.get(place) {
            if holds == Holds::OneKind && taken.first().is_some_and(|one| one.kind != next.kind) {
                place += 1;
                continue;
            }
            // With the comma before it.
            bytes += next.encoded.len() + 1;
            if taken.len() as u64 == most || !taken.is_empty() && bytes as u64 > full {
                break;
            }
            taken.extend(self.remove(place));
        }
        taken
    }
}

/// Where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Here: it has to go.
    Held,
    /// The browser has it and will say more.
    Open,
    /// The browser took it, and nobody has acknowledged it: at this moment it goes again.
    Taken(u64),
}

/// A request and the events in it. Sent again, it keeps its bytes.
#[derive(Debug)]
pub struct Parcel {
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
    pub class: Class,
    /// Where it is.
    pub stage: Stage,
    /// How it went last.
    pub via: Via,
    /// As a beacon the browser refused it, so it went the other way.
    pub refused: bool,
    /// It may have arrived already.
    pub again: bool,
    /// It was made while it might be stored.
    pub stored: bool,
    /// It must not go once more: consent was withdrawn since.
    pub last: bool,
    /// Until this moment it counts as being in flight.
    pub slot: u64,
    /// Where it stands in the outbox.
    pub place: Place,
}

impl Parcel {
    /// Bytes of the browser's quota that it takes.
    pub fn bytes(&self) -> usize {
        self.request.body.as_ref().map_or(0, String::len)
    }

    /// Whether it goes now.
    pub fn is_due(&self, mono_ms: u64) -> bool {
        match self.stage {
            Stage::Held => true,
            Stage::Open => false,
            Stage::Taken(until) => until <= mono_ms,
        }
    }

    /// Gives it to the browser.
    pub fn hand_over(&mut self, via: Via, turn: &mut Turn<'_>) {
        self.via = via;
        self.stage = Stage::Open;
        if self.class == Class::Idempotent || via == Via::Fetch {
            self.slot = turn.now.mono_ms + Limits::SLOT_MS;
            turn.flight.requests += 1;
            turn.flight.bytes += self.bytes();
        }
        if self.class != Class::Idempotent && via == Via::Fetch {
            // Begun is taken: a page that finds it would send it a second time.
            self.release(turn);
        }
        turn.out.push(Effect::Send(Send { id: self.id, request: self.request.clone(), via }));
    }

    /// Takes it out of the outbox.
    pub fn release(&mut self, turn: &mut Turn<'_>) {
        turn.journal.forget(&mut self.place, turn.out);
        forget(&mut self.events, turn);
    }
}

/// Takes what stands there of each of these by itself out of the outbox.
pub fn forget(events: &mut [Box<Waiting>], turn: &mut Turn<'_>) {
    for event in events {
        turn.journal.forget(&mut event.place, turn.out);
    }
}
