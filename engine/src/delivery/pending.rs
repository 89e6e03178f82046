//! The events of one destination that are in no batch yet: this page's stream, and the streams of
//! earlier pages.

use super::context::Context;
use super::stream::{Events, Stream, count_deliveries};
use crate::time::NEVER;

/// Pending events.
#[derive(Debug)]
pub struct Pending {
    own: Stream,
    /// The streams of earlier pages, the newest first.
    earlier: Vec<Stream>,
    /// The time when the next batch is due on the monotonic clock.
    pub due_at: u64,
}

impl Pending {
    /// Starts without events.
    pub fn new(own: Stream) -> Self {
        Self { own, earlier: Vec::new(), due_at: NEVER }
    }

    /// This page's stream.
    pub fn own(&self) -> &Stream {
        &self.own
    }

    /// This page's stream.
    pub fn own_mut(&mut self) -> &mut Stream {
        &mut self.own
    }

    fn streams(&self) -> impl DoubleEndedIterator<Item = &Stream> {
        std::iter::once(&self.own).chain(&self.earlier)
    }

    fn streams_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Stream> {
        std::iter::once(&mut self.own).chain(&mut self.earlier)
    }

    /// Whether a stream of this name is or was among these.
    pub fn has_stream(&self, name: &str) -> bool {
        self.streams().any(|stream| **stream.name() == name)
    }

    /// The stream with the given one's name. Adds the given one if there is none.
    pub fn stream_mut(&mut self, stream: Stream) -> &mut Stream {
        if self.own.name() == stream.name() {
            return &mut self.own;
        }
        let known = self.earlier.iter().position(|known| known.name() == stream.name());
        let index = known.unwrap_or(self.earlier.len());
        if known.is_none() {
            self.earlier.push(stream);
        }
        self.earlier.get_mut(index).unwrap_or(&mut self.own)
    }

    /// The stream for the next batch.
    pub fn next_mut(&mut self) -> Option<&mut Stream> {
        self.streams_mut().find(|stream| !stream.is_empty())
    }

    /// The number of pending events.
    pub fn len(&self) -> usize {
        self.streams().map(Stream::len).sum()
    }

    /// Whether no event is pending.
    pub fn is_empty(&self) -> bool {
        self.streams().all(Stream::is_empty)
    }

    /// The number of deliveries that they stand for.
    pub fn deliveries(&self) -> u32 {
        self.streams().map(|stream| count_deliveries(stream.events())).sum()
    }

    /// Continues with another stream. The pending events stay in the old one.
    pub fn start_stream(&mut self, stream: Stream) {
        let before = std::mem::replace(&mut self.own, stream);
        self.earlier.insert(0, before);
        self.earlier.retain(|stream| !stream.is_empty());
    }

    /// Continues with another stream and returns all events. The old streams stay known.
    pub fn restart(&mut self, stream: Stream) -> Events {
        let events = self.clear();
        let before = std::mem::replace(&mut self.own, stream);
        self.earlier.insert(0, before);
        events
    }

    /// Removes and returns all events, those of the oldest stream first.
    pub fn clear(&mut self) -> Events {
        let mut all: Events = Vec::new();
        for stream in self.streams_mut().rev() {
            all.extend(stream.clear());
        }
        all
    }

    /// Drops the oldest event, those of other pages first. Returns the number of its deliveries, or
    /// `None` if no event is pending.
    pub fn drop_oldest(&mut self, context: &mut Context<'_>) -> Option<u32> {
        let stream = self.streams_mut().rev().find(|stream| !stream.is_empty())?;
        Some(stream.drop_oldest(1, context))
    }

    /// Drops the events from before this moment. Returns the number of their deliveries.
    pub fn drop_older_than(&mut self, at: u64, context: &mut Context<'_>) -> u32 {
        self.streams_mut().map(|stream| stream.drop_older_than(at, context)).sum()
    }

    /// Writes missing events to the outbox.
    pub fn write_missing(&mut self, context: &mut Context<'_>) {
        for stream in self.streams_mut() {
            stream.write_missing(context);
        }
    }

    /// Handles an outbox entry that could not be written.
    pub fn write_failed(&mut self, number: u32, context: &mut Context<'_>) {
        for stream in self.streams_mut() {
            for event in stream.events_mut().filter(|event| event.slot.number == number) {
                context.outbox.shrink_to_fit(&mut event.slot, context.out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::PendingEvent;
    use super::*;
    use crate::delivery::outbox::Slot;
    use crate::event::Kind;
    use std::rc::Rc;

    fn stream(name: &str, events: &[&str]) -> Stream {
        let mut stream = Stream::new(&Rc::new("d".to_owned()), name.to_owned());
        for encoded in events {
            stream.push(Box::new(PendingEvent {
                record: None,
                kind: Kind::Click,
                at: 0,
                encoded: (*encoded).to_owned(),
                deliveries: 1,
                slot: Slot::default(),
                seq: 0,
                serial: 0,
            }));
        }
        stream
    }

    fn encoded(events: &Events) -> Vec<&str> {
        events.iter().map(|event| &*event.encoded).collect()
    }

    #[test]
    fn the_newest_stream_is_sent_first_and_cleared_last() {
        let mut pending = Pending::new(stream("a", &["a1", "a2"]));
        pending.start_stream(stream("b", &["b1"]));
        assert_eq!(pending.next_mut().map(|stream| stream.name().to_string()), Some("b".into()));
        assert_eq!((pending.len(), pending.deliveries()), (3, 3));
        assert_eq!(encoded(&pending.clear()), ["a1", "a2", "b1"]);
        assert!(pending.is_empty());
    }

    #[test]
    fn an_empty_stream_is_not_kept_when_another_starts() {
        let mut pending = Pending::new(stream("a", &[]));
        pending.start_stream(stream("b", &[]));
        assert!(pending.has_stream("b") && !pending.has_stream("a"));
    }

    #[test]
    fn a_stream_of_another_page_is_added_once() {
        let mut pending = Pending::new(stream("a", &[]));
        for _ in 0..2 {
            pending.stream_mut(stream("c", &[])).continue_at(7);
        }
        assert_eq!(pending.earlier.len(), 1);
        assert_eq!(pending.stream_mut(stream("c", &[])).seq(), 7);
        assert_eq!(pending.stream_mut(stream("a", &[])).seq(), 0);
    }
}
