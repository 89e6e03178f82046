//! What a queue sends, and when: parcels that have to go, then what waits.

use super::journal::{self, Place};
use super::parcel::{Events, Parcel, Stage, forget};
use super::turn::{Flight, Turn};
use super::{Queue, keep, next_number};
use crate::engine::config::Transport;
use crate::engine::effect::Via;
use crate::engine::event::Kind;
use crate::engine::limits::Limits;
use crate::engine::protocol::{Class, Envelope};
use crate::engine::time::NEVER;
use std::rc::Rc;

impl Queue {
    /// Sends what is due, and all that fits when the page goes.
    pub fn pump(&mut self, turn: &mut Turn<'_>) {
        self.expire(turn);
        self.send_due(turn);
        self.hold_tail(turn);
    }

    /// Sends what is due now.
    pub(super) fn send_due(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now.mono_ms;
        let paused = now < self.paused_until;
        let shut = !turn.may.open || self.blocked || self.broken && paused;
        self.flushing = (self.flushing || turn.may.all) && !shut;
        self.crowded = false;
        if shut || paused && !turn.may.all {
            return;
        }
        let due = self.flushing || self.deadline <= now;
        let mut burst = if turn.may.visible { Limits::BURST_VISIBLE } else { Limits::BURST_HIDDEN };
        let all_went = loop {
            let place = self.parcels.iter().position(|parcel| parcel.is_due(now));
            let stream = self.streams.iter().position(|stream| due && !stream.waiting.is_empty());
            let bytes = match (place.and_then(|place| self.parcels.get(place)), stream) {
                (Some(parcel), _) => parcel.bytes(),
                (None, Some(_)) => self.config.batch.max_bytes as usize,
                (None, None) => break true,
            };
            let own = self.flown(now).requests;
            self.crowded = turn.may.visible && !turn.flight.admits(own, bytes);
            if self.crowded || burst == 0 {
                break false;
            }
            burst -= 1;
            if own == 0 {
                turn.flight.idle = turn.flight.idle.saturating_sub(1);
            }
            let Some(place) = place.or_else(|| self.close(stream?, turn)) else { break true };
            self.send(place, turn);
        };
        if all_went {
            self.flushing = false;
        } else if !self.crowded {
            // The burst was used up: what is left goes after a pause.
            self.paused_until = now + Limits::BURST_PAUSE_MS;
        }
        if self.streams.iter().all(|stream| stream.waiting.is_empty()) {
            self.deadline = NEVER;
        } else if !all_went && due {
            self.deadline = now;
        }
    }

    /// When the next request is due; never while nothing may or needs to go.
    pub fn next_wake(&self, turn: &Turn<'_>) -> u64 {
        if !turn.may.open || self.blocked {
            return NEVER;
        }
        if self.crowded {
            return turn.flight.until.min(self.tail_at);
        }
        let mut due = self.deadline;
        for parcel in &self.parcels {
            due = due.min(match parcel.stage {
                Stage::Held => 0,
                Stage::Open => NEVER,
                Stage::Taken(until) => until,
            });
        }
        due.max(self.paused_until).min(self.tail_at)
    }

    /// What counts as being in flight.
    pub fn flown(&self, mono_ms: u64) -> Flight {
        let mut flight = Flight::default();
        for parcel in self.parcels.iter().filter(|parcel| parcel.slot > mono_ms) {
            flight.requests += 1;
            flight.bytes += parcel.bytes();
            flight.until = flight.until.min(parcel.slot);
        }
        flight
    }

    /// Makes the next parcel of what waits in a stream, and says its place in the list.
    fn close(&mut self, stream: usize, turn: &mut Turn<'_>) -> Option<usize> {
        let protocol = &self.destination.protocol;
        let stream = self.streams.get_mut(stream)?;
        let batch = &self.config.batch;
        let bytes = protocol.envelope_bytes();
        // Of a queue that is about to overflow each request takes as much as it holds: so few are under way at once.
        let is_filling = stream.waiting.len() as u64 * 2 > self.config.queue_events;
        let most = if is_filling { Limits::BATCH_EVENTS_MAX } else { batch.max_events };
        let events = stream.take(protocol.holds(), most, bytes, batch.max_bytes);
        let (name, seq) = next_number(stream, &self.key, turn);
        let parcel = self.wrap(events, name, seq, turn.now.wall_ms, turn);
        let place = self.parcels.len();
        self.parcels.push(parcel);
        if self.streams.iter().all(|stream| stream.waiting.is_empty()) {
            self.reported_full = false;
        }
        Some(place)
    }

    /// A parcel of these events.
    pub(super) fn wrap(
        &self,
        events: Events,
        stream: Rc<String>,
        seq: u64,
        made_at: u64,
        turn: &mut Turn<'_>,
    ) -> Box<Parcel> {
        let envelope = Envelope { stream: &stream, seq, sent_at: made_at, ack: turn.may.ack };
        let mut encoded: Vec<&str> = Vec::new();
        for event in &events {
            encoded.push(&event.encoded);
        }
        let protocol = &self.destination.protocol;
        let kind = events.first().map_or(Kind::Login, |first| first.kind);
        let request = protocol.request(kind, &encoded, &envelope);
        *turn.ids += 1;
        let mut parcel = Box::new(Parcel {
            id: *turn.ids,
            stream,
            seq,
            made_at,
            request: request.into(),
            events,
            class: protocol.class(kind),
            stage: Stage::Held,
            via: Via::Beacon,
            refused: false,
            again: false,
            // What was made for nobody bears no `ack`, and is kept nowhere.
            stored: turn.may.ack,
            last: false,
            slot: 0,
            place: Place::default(),
        });
        self.keep_parcel(&mut parcel, turn);
        parcel
    }

    /// Writes a parcel to the outbox. Only what may arrive twice is kept as it is: of the rest a page
    /// that finds it makes requests of its own.
    pub(super) fn keep_parcel(&self, parcel: &mut Parcel, turn: &mut Turn<'_>) {
        if parcel.class == Class::Idempotent {
            if !parcel.stored || parcel.last || !turn.journal.on {
                return parcel.release(turn);
            }
            let Parcel { stream, seq, made_at, events, .. } = &*parcel;
            let mut events = events.iter().map(|event| &**event);
            let text = journal::write(&self.key, stream, *seq, *made_at, &mut events);
            // The process may end between any two of these writes: better a moment twice than not at all.
            // Whoever adopts both takes the parcel.
            if !turn.journal.has_room(text.len()) {
                parcel.release(turn);
            }
            turn.journal.keep(&mut parcel.place, text, turn.out);
            forget(&mut parcel.events, turn);
        } else {
            for event in parcel.events.iter_mut().filter(|event| !event.place.is_kept()) {
                keep(event, &self.key, &parcel.stream, parcel.seq, turn);
            }
        }
    }

    fn send(&mut self, place: usize, turn: &mut Turn<'_>) {
        let Some(parcel) = self.parcels.get_mut(place) else { return };
        parcel.refused = false;
        self.last_id = parcel.id;
        let via = match self.destination.transport {
            // By a beacon nobody would hear of it this time either.
            _ if parcel.again && parcel.class == Class::Idempotent => Via::Fetch,
            Transport::Fetch => Via::Fetch,
            Transport::Auto if turn.may.visible => Via::Fetch,
            Transport::Beacon | Transport::Auto => Via::Beacon,
        };
        parcel.hand_over(via, turn);
    }
}
