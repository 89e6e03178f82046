//! The events of one page for one destination that are in no batch yet, in their order.

use super::context::Context;
use super::entry;
use super::merge::{self, MergeIndex};
use super::outbox::Slot;
use crate::event::Kind;
use crate::protocol::BatchShape;
use crate::record::Record;
use std::collections::VecDeque;
use std::rc::Rc;

/// An event that is pending or in a batch.
#[derive(Debug)]
pub struct PendingEvent {
    /// The event, shared with other queues. `None` if another page left it.
    pub record: Option<Rc<Record>>,
    /// Its kind.
    pub kind: Kind,
    /// The time of the event, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The event in the destination's format.
    pub encoded: String,
    /// The number of deliveries that it stands for: 1, or 0 for a piece of an event that is not the
    /// last one.
    pub deliveries: u32,
    /// Its own outbox entry.
    pub slot: Slot,
    /// The stream's batch number in that entry.
    pub seq: u64,
    /// Its number among the events of its stream.
    pub serial: u32,
}

/// Boxed, because lists move their elements and an event is large.
pub type Events = Vec<Box<PendingEvent>>;

/// The number of deliveries that these events stand for.
pub fn count_deliveries<'a>(events: impl IntoIterator<Item = &'a Box<PendingEvent>>) -> u32 {
    let mut deliveries = 0;
    for event in events {
        deliveries += event.deliveries;
    }
    deliveries
}

/// Deletes these events' own outbox entries.
pub fn remove_from_outbox(events: &mut [Box<PendingEvent>], context: &mut Context<'_>) {
    for event in events {
        context.outbox.remove(&mut event.slot, context.out);
    }
}

/// The names of a stream in requests and in the outbox.
#[derive(Debug)]
pub struct StreamId {
    /// The key of the destination in the outbox.
    pub destination: Rc<String>,
    /// The name of the page's stream.
    pub name: Rc<String>,
}

/// The pending events of one page for one destination. Stream, batch number and place in the batch
/// give the order of the events, even if another page sends them.
#[derive(Debug)]
pub struct Stream {
    id: Rc<StreamId>,
    /// The number of the next batch.
    seq: u64,
    events: VecDeque<Box<PendingEvent>>,
    /// The size of the encoded events.
    bytes: usize,
    serials: u32,
    mergeable: MergeIndex,
}

impl Stream {
    /// Makes an empty stream.
    pub fn new(destination: &Rc<String>, name: String) -> Self {
        Self {
            id: Rc::new(StreamId { destination: destination.clone(), name: name.into() }),
            seq: 0,
            events: VecDeque::new(),
            bytes: 0,
            serials: 0,
            mergeable: MergeIndex::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Rc<String> {
        &self.id.name
    }

    /// Its name and its destination.
    pub fn id(&self) -> Rc<StreamId> {
        self.id.clone()
    }

    /// The number of the next batch.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Continues with this batch number, unless the next number is higher already. Another page has
    /// used the numbers before.
    pub fn continue_at(&mut self, seq: u64) {
        self.seq = self.seq.max(seq);
    }

    /// Whether no event is pending.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The number of pending events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Their encoded size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The events in their order.
    pub fn events(&self) -> impl Iterator<Item = &Box<PendingEvent>> {
        self.events.iter()
    }

    /// The events in their order.
    pub fn events_mut(&mut self) -> impl Iterator<Item = &mut Box<PendingEvent>> {
        self.events.iter_mut()
    }

    /// Adds an event and writes it to the outbox.
    pub fn store(&mut self, mut event: Box<PendingEvent>, context: &mut Context<'_>) {
        write(&mut event, &self.id, self.seq, context);
        self.push(event);
    }

    /// Adds an event that has no outbox entry.
    pub fn push(&mut self, mut event: Box<PendingEvent>) {
        self.bytes += event.encoded.len();
        self.serials += 1;
        event.serial = self.serials;
        if let Some(key) = event.record.as_deref().and_then(merge::key) {
            let first = self.events.front().map_or(self.serials, |first| first.serial);
            self.mergeable.note(key, self.serials, first);
        }
        self.events.push_back(event);
    }

    /// The last pending event that this one may be merged with.
    pub fn mergeable(&mut self, record: &Record) -> Option<&mut PendingEvent> {
        let serial = self.mergeable.find(merge::key(record)?)?;
        with_serial(&mut self.events, serial)
    }

    /// Replaces the event with this serial number by a merged one.
    pub fn replace(
        &mut self,
        serial: u32,
        record: Record,
        encoded: String,
        context: &mut Context<'_>,
    ) {
        let Some(event) = with_serial(&mut self.events, serial) else { return };
        self.bytes = self.bytes + encoded.len() - event.encoded.len();
        event.record = Some(record.into());
        if event.encoded != encoded {
            event.encoded = encoded;
            write(event, &self.id, self.seq, context);
        }
    }

    /// Removes the event at this index.
    fn remove(&mut self, index: usize) -> Option<Box<PendingEvent>> {
        // `VecDeque::remove` moves the shorter side, which takes more code than it saves time: almost
        // every event is removed at the front.
        for place in (1..=index).rev() {
            self.events.swap(place, place - 1);
        }
        let event = self.events.pop_front()?;
        self.bytes -= event.encoded.len();
        Some(event)
    }

    /// Removes an event with this encoding.
    pub fn remove_copy(&mut self, encoded: &str) -> Option<Box<PendingEvent>> {
        let index = self.events.iter().position(|event| event.encoded == encoded)?;
        self.remove(index)
    }

    /// Removes all events.
    pub fn clear(&mut self) -> VecDeque<Box<PendingEvent>> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }

    /// Removes the events of the next batch: at most this many events, and at most this many bytes
    /// together with `bytes`.
    pub fn take(
        &mut self,
        shape: BatchShape,
        most: u64,
        mut bytes: usize,
        max_bytes: u64,
    ) -> Events {
        let most = if shape == BatchShape::Single { 1 } else { most };
        let mut taken: Events = Vec::new();
        let mut index = 0;
        while let Some(next) = self.events.get(index) {
            let same_kind = shape == BatchShape::SameKind;
            if same_kind && taken.first().is_some_and(|first| first.kind != next.kind) {
                index += 1;
                continue;
            }
            // The event and the comma before it.
            bytes += next.encoded.len() + 1;
            if taken.len() as u64 == most || !taken.is_empty() && bytes as u64 > max_bytes {
                break;
            }
            taken.extend(self.remove(index));
        }
        taken
    }

    /// Assigns a batch number. The outbox tells a page that takes over the rest to continue with
    /// the next one.
    pub fn next_seq(&mut self, context: &mut Context<'_>) -> u64 {
        let seq = self.seq;
        self.seq += 1;
        self.write_seq(context);
        seq
    }

    /// The first entry of the stream stores the next batch number. If a number were used twice, one
    /// batch's cookie would acknowledge the other.
    fn write_seq(&mut self, context: &mut Context<'_>) {
        if let Some(first) = self.events.front_mut()
            && !(first.slot.is_stored() && first.seq == self.seq)
        {
            write(first, &self.id, self.seq, context);
        }
    }

    /// Writes missing events to the outbox.
    pub fn write_missing(&mut self, context: &mut Context<'_>) {
        for event in self.events.iter_mut().filter(|event| !event.slot.is_stored()) {
            write(event, &self.id, self.seq, context);
        }
    }

    /// Drops the oldest events and returns the number of their deliveries. Writes the next batch
    /// number first, because the process may end between any two writes.
    pub fn drop_oldest(&mut self, events: usize, context: &mut Context<'_>) -> u32 {
        let mut dropped: Events = Vec::new();
        for _ in 0..events {
            dropped.extend(self.remove(0));
        }
        self.write_seq(context);
        remove_from_outbox(&mut dropped, context);
        count_deliveries(&dropped)
    }

    /// Drops the events at the front from before this moment.
    pub fn drop_older_than(&mut self, at: u64, context: &mut Context<'_>) -> u32 {
        let fresh = self.events.iter().position(|event| event.at >= at);
        let old = fresh.unwrap_or(self.events.len());
        if old == 0 { 0 } else { self.drop_oldest(old, context) }
    }
}

/// Writes the outbox entry of an event.
pub fn write(event: &mut PendingEvent, stream: &StreamId, seq: u64, context: &mut Context<'_>) {
    if context.outbox.on {
        let text = entry::write(stream, seq, 0, &mut [&*event].into_iter());
        context.outbox.store(&mut event.slot, text, context.out);
        event.seq = seq;
    }
}

/// The event of this serial number, if it is still pending.
fn with_serial(events: &mut VecDeque<Box<PendingEvent>>, serial: u32) -> Option<&mut PendingEvent> {
    let index = events.binary_search_by_key(&serial, |event| event.serial).ok()?;
    events.get_mut(index).map(|event| &mut **event)
}
