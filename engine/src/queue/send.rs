//! What a queue sends, and when: batches that have to go, then what waits.

use super::batch::{Batch, Events, Stage, forget};
use super::context::{Context, Flight};
use super::outbox::{self, Slot};
use super::{Queue, keep, next_number};
use crate::config::Transport;
use crate::effect::Via;
use crate::event::Kind;
use crate::limits::Limits;
use crate::protocol::{Envelope, RetryPolicy};
use crate::time::NEVER;
use std::rc::Rc;

impl Queue {
    /// Sends what is due, and all that fits when the page goes.
    pub fn process(&mut self, context: &mut Context<'_>) {
        self.expire(context);
        self.send_due(context);
        self.schedule_fetch_later(context);
    }

    /// Sends what is due now.
    pub(super) fn send_due(&mut self, context: &mut Context<'_>) {
        let now = context.now.mono_ms;
        let paused = now < self.paused_until;
        let shut = !context.conditions.open || self.blocked || self.circuit_open && paused;
        self.flushing = (self.flushing || context.conditions.all) && !shut;
        self.waits_for_flight = false;
        if shut || paused && !context.conditions.all {
            return;
        }
        let due = self.flushing || self.deadline <= now;
        let mut burst =
            if context.conditions.visible { Limits::BURST_VISIBLE } else { Limits::BURST_HIDDEN };
        let all_went = loop {
            let index = self.batches.iter().position(|batch| batch.is_due(now));
            let stream = self.streams.iter().position(|stream| due && !stream.pending.is_empty());
            let bytes = match (index.and_then(|index| self.batches.get(index)), stream) {
                (Some(batch), _) => batch.bytes(),
                (None, Some(_)) => self.config.batch.max_bytes as usize,
                (None, None) => break true,
            };
            let own = self.in_flight(now).requests;
            self.waits_for_flight =
                context.conditions.visible && !context.flight.admits(own, bytes);
            if self.waits_for_flight || burst == 0 {
                break false;
            }
            burst -= 1;
            if own == 0 {
                context.flight.idle = context.flight.idle.saturating_sub(1);
            }
            let Some(index) = index.or_else(|| self.close_batch(stream?, context)) else {
                break true;
            };
            self.send(index, context);
        };
        if all_went {
            self.flushing = false;
        } else if !self.waits_for_flight {
            // The burst was used up: what is left goes after a pause.
            self.paused_until = now + Limits::BURST_PAUSE_MS;
        }
        if self.streams.iter().all(|stream| stream.pending.is_empty()) {
            self.deadline = NEVER;
        } else if !all_went && due {
            self.deadline = now;
        }
    }

    /// When the next request is due; never while nothing may or needs to go.
    pub fn next_wake(&self, context: &Context<'_>) -> u64 {
        if !context.conditions.open || self.blocked {
            return NEVER;
        }
        if self.waits_for_flight {
            return context.flight.until.min(self.fetch_later_at);
        }
        let mut due = self.deadline;
        for batch in &self.batches {
            due = due.min(match batch.stage {
                Stage::Ready => 0,
                Stage::InFlight => NEVER,
                Stage::AwaitingAck(until) => until,
            });
        }
        due.max(self.paused_until).min(self.fetch_later_at)
    }

    /// What counts as being in flight.
    pub fn in_flight(&self, mono_ms: u64) -> Flight {
        let mut flight = Flight::default();
        for batch in self.batches.iter().filter(|batch| batch.in_flight_until > mono_ms) {
            flight.requests += 1;
            flight.bytes += batch.bytes();
            flight.until = flight.until.min(batch.in_flight_until);
        }
        flight
    }

    /// Makes the next batch of what waits in a stream, and says its index in the list.
    fn close_batch(&mut self, stream: usize, context: &mut Context<'_>) -> Option<usize> {
        let protocol = &self.destination.protocol;
        let stream = self.streams.get_mut(stream)?;
        let limits = &self.config.batch;
        let bytes = protocol.envelope_bytes();
        // Of a queue that is about to overflow each request takes as much as it holds: so few are under way at once.
        let is_filling = stream.pending.len() as u64 * 2 > self.config.queue_events;
        let most = if is_filling { Limits::BATCH_EVENTS_MAX } else { limits.max_events };
        let events = stream.take(protocol.batch_shape(), most, bytes, limits.max_bytes);
        let (name, seq) = next_number(stream, &self.key, context);
        let batch = self.new_batch(events, name, seq, context.now.wall_ms, context);
        let index = self.batches.len();
        self.batches.push(batch);
        if self.streams.iter().all(|stream| stream.pending.is_empty()) {
            self.reported_full = false;
        }
        Some(index)
    }

    /// A batch of these events.
    pub(super) fn new_batch(
        &self,
        events: Events,
        stream: Rc<String>,
        seq: u64,
        made_at: u64,
        context: &mut Context<'_>,
    ) -> Box<Batch> {
        let envelope =
            Envelope { stream: &stream, seq, sent_at: made_at, ack: context.conditions.ack };
        let mut encoded: Vec<&str> = Vec::new();
        for event in &events {
            encoded.push(&event.encoded);
        }
        let protocol = &self.destination.protocol;
        let kind = events.first().map_or(Kind::Login, |first| first.kind);
        let request = protocol.request(kind, &encoded, &envelope);
        *context.ids += 1;
        let mut batch = Box::new(Batch {
            id: *context.ids,
            stream,
            seq,
            made_at,
            request: request.into(),
            events,
            class: protocol.retry_policy(kind),
            stage: Stage::Ready,
            via: Via::Beacon,
            refused: false,
            retried: false,
            // What was made for nobody bears no `ack`, and is kept nowhere.
            may_store: context.conditions.ack,
            no_retry: false,
            in_flight_until: 0,
            slot: Slot::default(),
        });
        self.write_batch(&mut batch, context);
        batch
    }

    /// Writes a batch to the outbox. Only what may arrive twice is kept as it is: of the rest a page
    /// that finds it makes requests of its own.
    pub(super) fn write_batch(&self, batch: &mut Batch, context: &mut Context<'_>) {
        if batch.class == RetryPolicy::Idempotent {
            if !batch.may_store || batch.no_retry || !context.outbox.on {
                return batch.remove_from_outbox(context);
            }
            let Batch { stream, seq, made_at, events, .. } = &*batch;
            let mut events = events.iter().map(|event| &**event);
            let text = outbox::write(&self.key, stream, *seq, *made_at, &mut events);
            // The process may end between any two of these writes: better a moment twice than not at all.
            // Whoever adopts both takes the batch.
            if !context.outbox.has_room(text.len()) {
                batch.remove_from_outbox(context);
            }
            context.outbox.keep(&mut batch.slot, text, context.out);
            forget(&mut batch.events, context);
        } else {
            for event in batch.events.iter_mut().filter(|event| !event.slot.is_kept()) {
                keep(event, &self.key, &batch.stream, batch.seq, context);
            }
        }
    }

    fn send(&mut self, index: usize, context: &mut Context<'_>) {
        let Some(batch) = self.batches.get_mut(index) else { return };
        batch.refused = false;
        self.last_id = batch.id;
        let via = match self.destination.transport {
            // By a beacon nobody would hear of it this time either.
            _ if batch.retried && batch.class == RetryPolicy::Idempotent => Via::Fetch,
            Transport::Fetch => Via::Fetch,
            Transport::Auto if context.conditions.visible => Via::Fetch,
            Transport::Beacon | Transport::Auto => Via::Beacon,
        };
        batch.dispatch(via, context);
    }
}
