//! What another page left in its outbox, and what became of our own while the browser kept the page.

use super::journal::{self, Entry};
use super::parcel::{Stage, Stream, Waiting, weigh};
use super::turn::Turn;
use super::{Queue, keep};
use crate::engine::effect::Effect;
use crate::engine::error::{ErrorCode, Problem};
use crate::engine::limits::Limits;
use crate::engine::protocol::Class;

static DAMAGED: Problem =
    Problem::new(ErrorCode::Damaged, "had events in the outbox that cannot be read: they are lost");

/// Takes over what these texts say, each for the queue of its destination.
/// They are in the order of their numbers.
pub fn adopt(queues: &mut [Queue], entries: Vec<(String, String)>, turn: &mut Turn<'_>) {
    let oldest = turn.now.wall_ms.saturating_sub(Limits::QUEUE_AGE_MS);
    let mut damaged = vec![0; queues.len()];
    for (key, text) in entries {
        let Some(entry) = journal::read(&text) else {
            // The first destination counts what cannot be told to be another's.
            let of = |queue: &Queue| Some(&*queue.key) == journal::destination(&text);
            let place = queues.iter().position(of).unwrap_or_default();
            if let Some(lost) = damaged.get_mut(place) {
                *lost += journal::count(&text);
            }
            turn.out.push(Effect::Forget(key));
            continue;
        };
        let mut keeps = false;
        match queues.iter_mut().find(|queue| queue.key == entry.destination) {
            // What there is no room for is left to another page.
            Some(queue) if turn.journal.has_room(text.len()) => {
                // Deleted once it is written here, below; or before.
                if !queue.bears_copies(&entry.events) {
                    turn.out.push(Effect::Forget(key.clone()));
                }
                queue.adopt(entry, turn);
            }
            Some(_) => keeps = true,
            None => keeps = entry.events.first().is_some_and(|event| event.at >= oldest),
        }
        if !keeps {
            turn.out.push(Effect::Forget(key));
        }
    }
    for (queue, lost) in queues.iter_mut().zip(damaged).filter(|(_, lost)| *lost > 0) {
        queue.counts.accepted += lost;
        queue.lose(lost, &DAMAGED, turn.out);
    }
}

impl Queue {
    /// Whether these may stand in two outboxes for a moment: the process may end between any two writes.
    fn bears_copies(&self, events: &[Box<Waiting>]) -> bool {
        let class = |event: &Waiting| self.destination.protocol.class(event.kind);
        events.iter().all(|event| class(event) == Class::Idempotent)
    }

    fn adopt(&mut self, entry: Entry<'_>, turn: &mut Turn<'_>) {
        let Entry { stream: name, seq, made_at, events, .. } = entry;
        self.counts.accepted += weigh(&events);
        let known = self.streams.iter().position(|stream| *stream.name == name);
        if known.is_none() {
            self.streams.push(Stream::new(name.to_owned()));
        }
        let place = known.unwrap_or(self.streams.len() - 1);
        let Some(stream) = self.streams.get_mut(place) else { return };
        if made_at == 0 {
            stream.seq = stream.seq.max(seq);
            for mut event in events {
                keep(&mut event, &self.key, name, seq, turn);
                stream.push(event);
            }
            self.deadline = self.deadline.min(turn.now.mono_ms);
        } else {
            // The other page's process ended before it had taken out what it had put into the parcel.
            for packed in &events {
                let mut waiting = stream.waiting.iter();
                if let Some(place) = waiting.position(|event| event.encoded == packed.encoded) {
                    let Some(mut copy) = stream.remove(place) else { continue };
                    turn.journal.forget(&mut copy.place, turn.out);
                    self.counts.accepted -= copy.weight;
                }
            }
            let name = stream.name.clone();
            let mut parcel = self.wrap(events, name, seq, made_at, turn);
            // The other page gave it to the browser just then.
            let age = turn.now.wall_ms.saturating_sub(made_at);
            let left = Limits::ACKNOWLEDGED_MS.saturating_sub(age);
            parcel.stage = Stage::Taken(turn.now.mono_ms + left);
            parcel.again = true;
            self.parcels.push(parcel);
        }
        self.bound(turn);
    }

    /// Goes on without what stands in the outbox, as another stream: whoever takes that up, this page or
    /// another, goes on with the one before.
    pub fn begin(&mut self, stream: String) {
        let mut own = Stream::new(stream);
        for stream in &mut self.streams {
            for event in stream.clear() {
                if event.place.is_kept() {
                    self.counts.accepted -= event.weight;
                } else {
                    own.push(event);
                }
            }
        }
        self.streams.insert(0, own);
        for parcel in std::mem::take(&mut self.parcels) {
            let first = parcel.events.first();
            if parcel.place.is_kept() || first.is_some_and(|event| event.place.is_kept()) {
                self.counts.accepted -= weigh(&parcel.events);
            } else {
                self.parcels.push(parcel);
            }
        }
    }

    /// Writes what is only in memory to the outbox.
    pub fn save(&mut self, turn: &mut Turn<'_>) {
        for stream in &mut self.streams {
            for event in stream.waiting.iter_mut().filter(|event| !event.place.is_kept()) {
                keep(event, &self.key, &stream.name, stream.seq, turn);
            }
        }
        for mut parcel in std::mem::take(&mut self.parcels) {
            let taken = parcel.class != Class::Idempotent && parcel.stage != Stage::Held;
            if !parcel.place.is_kept() && !taken {
                self.keep_parcel(&mut parcel, turn);
            }
            self.parcels.push(parcel);
        }
    }

    /// The text with this number could not be written.
    pub fn unkept(&mut self, number: u32, turn: &mut Turn<'_>) {
        for stream in &mut self.streams {
            unkept(&mut stream.waiting.iter_mut(), number, turn);
        }
        for parcel in &mut self.parcels {
            unkept(&mut parcel.events.iter_mut(), number, turn);
            if parcel.place.number == number {
                turn.journal.fill(&mut parcel.place, turn.out);
            }
        }
    }
}

fn unkept(events: &mut dyn Iterator<Item = &mut Box<Waiting>>, number: u32, turn: &mut Turn<'_>) {
    for event in events {
        if event.place.number == number {
            turn.journal.fill(&mut event.place, turn.out);
        }
    }
}
