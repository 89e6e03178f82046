//! Sends the due batches, then the pending events.

use super::batch::Batch;
use super::context::Context;
use super::queue::Queue;
use super::stream::{Events, StreamId};
use crate::config::Transport;
use crate::effect::Via;
use crate::event::Kind;
use crate::limits::Limits;
use crate::protocol::Envelope;
use crate::time::NEVER;
use std::rc::Rc;

impl Queue {
    /// Sends what is due, or everything when the page is left.
    pub fn process(&mut self, context: &mut Context<'_>) {
        self.expire(context);
        self.send_due(context);
        self.update_fetch_later(context);
    }

    /// Sends what is due now.
    pub(super) fn send_due(&mut self, context: &mut Context<'_>) {
        let now = context.now.mono_ms;
        let conditions = context.conditions;
        let is_shut = !conditions.open || self.backoff.is_shut(now);
        self.flushing = (self.flushing || conditions.all) && !is_shut;
        self.waits_for_flight = false;
        if is_shut || self.backoff.is_paused(now) && !conditions.all {
            return;
        }
        let is_due = self.flushing || self.pending.due_at <= now;
        let all_went = self.send_burst(is_due, context);
        if all_went {
            self.flushing = false;
        } else if !self.waits_for_flight {
            // The burst is used up. The rest is sent after a pause.
            self.backoff.pause(now + Limits::BURST_PAUSE_MS);
        }
        if self.pending.is_empty() {
            self.pending.due_at = NEVER;
        } else if !all_went && is_due {
            self.pending.due_at = now;
        }
    }

    /// Sends batches, and pending events if they are due. Returns false if the limit of the flight
    /// or the burst is reached before all is sent.
    fn send_burst(&mut self, pending_due: bool, context: &mut Context<'_>) -> bool {
        let now = context.now.mono_ms;
        let visible = context.conditions.visible;
        let mut burst = if visible { Limits::BURST_VISIBLE } else { Limits::BURST_HIDDEN };
        loop {
            let due = self.batches.first_due(now);
            let bytes = match due {
                Some((_, bytes)) => bytes,
                None if pending_due && !self.pending.is_empty() => {
                    self.config.batch.max_bytes as usize
                }
                None => return true,
            };
            let own = self.batches.in_flight(now).requests;
            self.waits_for_flight = visible && !context.flight.admits(own, bytes);
            if self.waits_for_flight || burst == 0 {
                return false;
            }
            burst -= 1;
            if own == 0 {
                context.flight.idle = context.flight.idle.saturating_sub(1);
            }
            let index = due.map(|(index, _)| index).or_else(|| self.close_batch(context));
            let Some(index) = index else { return true };
            self.send(index, context);
        }
    }

    /// The time when the next request is due, or `NEVER` if nothing may or needs to be sent.
    pub fn next_wake(&self, context: &Context<'_>) -> u64 {
        if !context.conditions.open || self.backoff.is_forbidden() {
            return NEVER;
        }
        let due = if self.waits_for_flight {
            context.flight.until
        } else {
            let due = self.pending.due_at.min(self.batches.due_at());
            due.max(self.backoff.paused_until())
        };
        due.min(self.fetch_later.due_at())
    }

    /// Makes the next batch from pending events, and returns its index.
    fn close_batch(&mut self, context: &mut Context<'_>) -> Option<usize> {
        let protocol = &self.destination.protocol;
        let limits = &self.config.batch;
        let stream = self.pending.next_mut()?;
        // If the queue is about to overflow, batches are as large as possible, so that few requests
        // are in flight at the same time.
        let is_filling = stream.len() as u64 * 2 > self.config.queue_events;
        let most = if is_filling { Limits::BATCH_EVENTS_MAX } else { limits.max_events };
        let bytes = protocol.envelope_bytes();
        let events = stream.take(protocol.batch_shape(), most, bytes, limits.max_bytes);
        let (id, seq) = (stream.id(), stream.next_seq(context));
        let batch = self.new_batch(events, id, seq, context.now.wall_ms, context);
        if self.pending.is_empty() {
            self.warned_full = false;
        }
        Some(self.batches.push(batch))
    }

    /// Makes a batch of these events and writes it to the outbox.
    pub(super) fn new_batch(
        &self,
        events: Events,
        stream: Rc<StreamId>,
        seq: u64,
        made_at: u64,
        context: &mut Context<'_>,
    ) -> Box<Batch> {
        let ack = context.conditions.ack;
        let envelope = Envelope { stream: &stream.name, seq, sent_at: made_at, ack };
        let mut encoded: Vec<&str> = Vec::new();
        for event in &events {
            encoded.push(&event.encoded);
        }
        let protocol = &self.destination.protocol;
        let kind = events.first().map_or(Kind::Login, |first| first.kind);
        let request = protocol.request(kind, &encoded, &envelope);
        let policy = protocol.retry_policy(kind);
        let mut batch = Batch::new(stream, seq, made_at, request, events, policy, context);
        batch.write(context);
        batch
    }

    fn send(&mut self, index: usize, context: &mut Context<'_>) {
        let Some(batch) = self.batches.get_mut(index) else { return };
        batch.refused = false;
        self.last_sent = batch.id;
        let via = match self.destination.transport {
            // The first beacon was not acknowledged, and a beacon reports no outcome.
            _ if batch.retried && batch.is_idempotent() => Via::Fetch,
            Transport::Fetch => Via::Fetch,
            Transport::Auto if context.conditions.visible => Via::Fetch,
            Transport::Beacon | Transport::Auto => Via::Beacon,
        };
        batch.dispatch(via, context);
    }
}
