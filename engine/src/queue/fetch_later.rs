//! What waits, as a request that the browser sends by itself when the page's process dies: `fetchLater`.
//! <https://fetch.spec.whatwg.org/#fetch-later-method>
//!
//! It is a copy. What waits still goes with its batch, and the collector drops whichever comes second; so it
//! must name no batch that could be acknowledged by it.

use super::Queue;
use super::context::Context;
use crate::effect::Effect;
use crate::event::Kind;
use crate::limits::Limits;
use crate::protocol::{Envelope, RetryPolicy};
use crate::time::NEVER;

impl Queue {
    /// Something has changed in what waits: in a while the browser gets another copy, unless it has all by then.
    pub(super) fn plan_fetch_later(&mut self, context: &Context<'_>) {
        let due = context.now.mono_ms + Limits::FETCH_LATER_WAIT_MS;
        let repeats =
            self.destination.protocol.retry_policy(Kind::Click) == RetryPolicy::Idempotent;
        if context.conditions.later
            && repeats
            && due < self.deadline
            && self.fetch_later_at == NEVER
        {
            self.fetch_later_at = due;
        }
    }

    /// Gives the browser a copy of what waits where that is due, and takes it back where nothing waits any more.
    pub(super) fn schedule_fetch_later(&mut self, context: &mut Context<'_>) {
        let Some(own) = self.streams.first() else { return };
        if own.pending.is_empty() || !context.conditions.later || self.blocked {
            return self.cancel_fetch_later(context);
        }
        if context.now.mono_ms < self.fetch_later_at {
            return;
        }
        self.fetch_later_at = NEVER;
        let most = self.config.batch.max_bytes as usize;
        let mut bytes = self.destination.protocol.envelope_bytes();
        let mut encoded: Vec<&str> = Vec::new();
        for event in own.pending.iter().take(self.config.batch.max_events as usize) {
            bytes += event.encoded.len() + 1;
            if bytes > most && !encoded.is_empty() {
                break;
            }
            encoded.push(&event.encoded);
        }
        let (stream, seq) = (own.name.clone(), own.seq);
        let envelope = Envelope { stream: &stream, seq, sent_at: context.now.wall_ms, ack: false };
        if let Some(request) = self.destination.protocol.fetch_later_request(&encoded, &envelope) {
            self.fetch_later_scheduled = true;
            context.out.push(Effect::ScheduleFetchLater(stream.clone(), Some(request.into())));
        }
    }

    /// Takes the copy back.
    pub(super) fn cancel_fetch_later(&mut self, context: &mut Context<'_>) {
        self.fetch_later_at = NEVER;
        if std::mem::take(&mut self.fetch_later_scheduled)
            && let Some(own) = self.streams.first()
        {
            context.out.push(Effect::ScheduleFetchLater(own.name.clone(), None));
        }
    }
}
