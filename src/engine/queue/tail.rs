//! What waits, as a request that the browser sends by itself when the page's process dies: `fetchLater`.
//! <https://fetch.spec.whatwg.org/#fetch-later-method>
//!
//! It is a copy. What waits still goes with its batch, and the collector drops whichever comes second; so it
//! must name no batch that could be acknowledged by it.

use super::Queue;
use super::turn::Turn;
use crate::engine::effect::Effect;
use crate::engine::event::Kind;
use crate::engine::limits::Limits;
use crate::engine::protocol::{Class, Envelope};
use crate::engine::time::NEVER;

impl Queue {
    /// Something has changed in what waits: in a while the browser gets another copy, unless it has all by then.
    pub(super) fn plan_tail(&mut self, turn: &Turn<'_>) {
        let due = turn.now.mono_ms + Limits::TAIL_WAIT_MS;
        let repeats = self.destination.protocol.class(Kind::Click) == Class::Idempotent;
        if turn.may.later && repeats && due < self.deadline && self.tail_at == NEVER {
            self.tail_at = due;
        }
    }

    /// Gives the browser a copy of what waits where that is due, and takes it back where nothing waits any more.
    pub(super) fn hold_tail(&mut self, turn: &mut Turn<'_>) {
        let Some(own) = self.streams.first() else { return };
        if own.waiting.is_empty() || !turn.may.later || self.blocked {
            return self.drop_tail(turn);
        }
        if turn.now.mono_ms < self.tail_at {
            return;
        }
        self.tail_at = NEVER;
        let most = self.config.batch.max_bytes as usize;
        let mut bytes = self.destination.protocol.envelope_bytes();
        let mut encoded: Vec<&str> = Vec::new();
        for event in own.waiting.iter().take(self.config.batch.max_events as usize) {
            bytes += event.encoded.len() + 1;
            if bytes > most && !encoded.is_empty() {
                break;
            }
            encoded.push(&event.encoded);
        }
        let (stream, seq) = (own.name.clone(), own.seq);
        let envelope = Envelope { stream: &stream, seq, sent_at: turn.now.wall_ms, ack: false };
        if let Some(request) = self.destination.protocol.tail(&encoded, &envelope) {
            self.tail = true;
            turn.out.push(Effect::Later(stream.clone(), Some(request.into())));
        }
    }

    /// Takes the copy back.
    pub(super) fn drop_tail(&mut self, turn: &mut Turn<'_>) {
        self.tail_at = NEVER;
        if std::mem::take(&mut self.tail)
            && let Some(own) = self.streams.first()
        {
            turn.out.push(Effect::Later(own.name.clone(), None));
        }
    }
}
