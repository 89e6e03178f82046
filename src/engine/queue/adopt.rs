//! What another page left in its outbox, and what became of our own while the browser kept the page.

use super::journal::{self, Entry};
use super::parcel::{Stage, Stream, Waiting, weigh};
use super::turn::Turn;
use super::{Queue, keep};
use crate::engine::effect::Effect;
use crate::engine::limits::Limits;
use crate::engine::protocol::Class;

/// Takes over what these texts say, each for the queue of its destination.
pub fn adopt(queues: &mut [Queue], entries: Vec<(String, String)>, turn: &mut Turn<'_>) {
    let mut sorted: Vec<(u64, String, String)> = Vec::new();
    for (key, text) in entries {
        let number = journal::number_of(&key);
        // Mostly they come in order.
        let place = sorted.iter().rposition(|(before, ..)| *before <= number);
        sorted.insert(place.map_or(0, |place| place + 1), (number, key, text));
    }
    for (_, key, text) in sorted {
        let entry = journal::read(&text);
        let queue = entry
            .as_ref()
            .and_then(|entry| queues.iter_mut().find(|queue| queue.key == entry.destination));
        match (entry, queue) {
            (Some(entry), Some(queue)) => {
                // What there is no room for is left to another page.
                if turn.journal.has_room(text.len()) {
                    turn.out.push(Effect::Forget(key));
                    queue.adopt(entry, turn);
                }
            }
            (Some(entry), None) => {
                let oldest = turn.now.wall_ms.saturating_sub(Limits::QUEUE_AGE_MS);
                if entry.events.first().is_some_and(|event| event.at < oldest) {
                    turn.out.push(Effect::Forget(key));
                }
            }
            (None, _) => turn.out.push(Effect::Forget(key)),
        }
    }
}

impl Queue {
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
            stream.seq = stream.seq.max(seq + 1);
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

    /// Gives up what does not stand under one of these numbers any more: another page has it now.
    /// Says whether there was any.
    pub fn keep_only(&mut self, numbers: &[u64]) -> bool {
        let mut gone = 0;
        let before = self.parcels.len();
        for stream in &mut self.streams {
            for event in std::mem::take(&mut stream.waiting) {
                if event.place.is_among(numbers) {
                    stream.waiting.push(event);
                } else {
                    stream.bytes -= event.encoded.len();
                    gone += 1;
                    self.counts.accepted -= event.weight;
                }
            }
        }
        let mut rest = Vec::new();
        for parcel in std::mem::take(&mut self.parcels) {
            let ours = parcel.place.is_among(numbers)
                && parcel.events.iter().all(|event| event.place.is_among(numbers));
            if ours {
                rest.push(parcel);
            } else {
                self.counts.accepted -= weigh(&parcel.events);
            }
        }
        self.parcels = rest;
        gone > 0 || self.parcels.len() < before
    }

    /// Begins a stream, with what waits: who took over what is gone goes on with the one before.
    pub fn begin(&mut self, stream: String) {
        let mut own = Stream::new(stream);
        if let Some(before) = self.streams.first_mut() {
            own.waiting = std::mem::take(&mut before.waiting);
            own.bytes = std::mem::take(&mut before.bytes);
        }
        self.streams.insert(0, own);
    }

    /// Takes everything out of the outbox.
    pub fn release(&mut self, turn: &mut Turn<'_>) {
        for stream in &mut self.streams {
            for event in &mut stream.waiting {
                turn.journal.forget(&mut event.place, turn.out);
            }
        }
        for parcel in &mut self.parcels {
            parcel.release(turn);
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
    pub fn unkept(&mut self, number: u64, turn: &mut Turn<'_>) {
        for stream in &mut self.streams {
            unkept(&mut stream.waiting, number, turn);
        }
        for parcel in &mut self.parcels {
            unkept(&mut parcel.events, number, turn);
            if parcel.place.number() == number {
                turn.journal.fill(&mut parcel.place, turn.out);
            }
        }
    }
}

fn unkept(events: &mut [Waiting], number: u64, turn: &mut Turn<'_>) {
    for event in events {
        if event.place.number() == number {
            turn.journal.fill(&mut event.place, turn.out);
        }
    }
}
