//! `fetchLater`: the browser sends a copy of the pending events by itself when the page's process
//! ends. <https://fetch.spec.whatwg.org/#fetch-later-method>
//!
//! The events still go with their batch, and the collector drops the second arrival. The copy must
//! not name a batch, because its arrival would acknowledge that batch.

use super::context::Context;
use super::queue::Queue;
use crate::effect::Effect;
use crate::event::Kind;
use crate::limits::Limits;
use crate::protocol::{Envelope, RetryPolicy};
use crate::time::NEVER;
use std::rc::Rc;

/// Whether the browser has a copy, and when the next one is due.
#[derive(Debug)]
pub struct FetchLater {
    due_at: u64,
    scheduled: bool,
}

impl Default for FetchLater {
    fn default() -> Self {
        Self { due_at: NEVER, scheduled: false }
    }
}

impl FetchLater {
    /// The time when the next copy is due.
    pub fn due_at(&self) -> u64 {
        self.due_at
    }

    /// Plans a copy, unless one is planned already. One copy serves a burst of events.
    fn plan(&mut self, at: u64) {
        if self.due_at == NEVER {
            self.due_at = at;
        }
    }

    /// Whether a copy is due. If so, its plan is removed.
    fn take_due(&mut self, mono_ms: u64) -> bool {
        let is_due = self.due_at <= mono_ms;
        if is_due {
            self.due_at = NEVER;
        }
        is_due
    }

    /// Cancels the planned copy, and the one that the browser has under this name.
    pub fn cancel(&mut self, stream: &Rc<String>, out: &mut Vec<Effect>) {
        if std::mem::take(self).scheduled {
            out.push(Effect::ScheduleFetchLater(stream.clone(), None));
        }
    }
}

impl Queue {
    /// The pending events have changed: plans a new copy, in case the events are not sent before.
    pub(super) fn plan_fetch_later(&mut self, context: &Context<'_>) {
        let due = context.now.mono_ms + Limits::FETCH_LATER_WAIT_MS;
        let may_repeat =
            self.destination.protocol.retry_policy(Kind::Click) == RetryPolicy::Idempotent;
        if context.conditions.later && may_repeat && due < self.pending.due_at {
            self.fetch_later.plan(due);
        }
    }

    /// Gives the browser a copy if one is due. Cancels it if no event is pending.
    pub(super) fn update_fetch_later(&mut self, context: &mut Context<'_>) {
        let own = self.pending.own();
        if own.is_empty() || !context.conditions.later || self.backoff.is_forbidden() {
            return self.fetch_later.cancel(own.name(), context.out);
        }
        if !self.fetch_later.take_due(context.now.mono_ms) {
            return;
        }
        let most = self.config.batch.max_bytes as usize;
        let mut bytes = self.destination.protocol.envelope_bytes();
        let mut encoded: Vec<&str> = Vec::new();
        for event in own.events().take(self.config.batch.max_events as usize) {
            bytes += event.encoded.len() + 1;
            if bytes > most && !encoded.is_empty() {
                break;
            }
            encoded.push(&event.encoded);
        }
        let sent_at = context.now.wall_ms;
        let envelope = Envelope { stream: own.name(), seq: own.seq(), sent_at, ack: false };
        if let Some(request) = self.destination.protocol.fetch_later_request(&encoded, &envelope) {
            self.fetch_later.scheduled = true;
            let copy = Effect::ScheduleFetchLater(own.name().clone(), Some(request.into()));
            context.out.push(copy);
        }
    }

    /// Cancels the copy.
    pub(super) fn cancel_fetch_later(&mut self, context: &mut Context<'_>) {
        self.fetch_later.cancel(self.pending.own().name(), context.out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_serves_a_burst() {
        let mut later = FetchLater::default();
        later.plan(200);
        later.plan(300);
        assert_eq!(later.due_at(), 200);
        assert!(!later.take_due(199));
        assert!(later.take_due(200));
        assert_eq!(later.due_at(), NEVER);
    }

    #[test]
    fn only_a_copy_that_the_browser_has_is_cancelled() {
        let (mut later, mut out) = (FetchLater::default(), Vec::new());
        let stream = Rc::new("s".to_owned());
        later.plan(200);
        later.cancel(&stream, &mut out);
        assert_eq!((later.due_at(), out.len()), (NEVER, 0));
        later.scheduled = true;
        later.cancel(&stream, &mut out);
        later.cancel(&stream, &mut out);
        assert_eq!(out, [Effect::ScheduleFetchLater(stream, None)]);
    }
}
