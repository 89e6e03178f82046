//! What a queue does when it is told what became of a request.

use super::batch::{Batch, Stage, count_deliveries};
use super::context::Context;
use super::{Queue, next_number};
use crate::effect::{Effect, Outcome, Via};
use crate::error::{ErrorCode, Problem};
use crate::limits::Limits;
use crate::protocol::RetryPolicy;

static REFUSED: Problem =
    Problem::new(ErrorCode::Refused, "refused a request: its events are lost");
static MISCONFIGURED: Problem = Problem::new(
    ErrorCode::Refused,
    "answered 401, 403, 404, 405, a redirect, or as a collector another success than 204: \
     its events are kept, and it is tried every ten minutes",
);
static UNREACHABLE: Problem =
    Problem::new(ErrorCode::Unreachable, "did not answer: its events are lost");
static BLOCKED: Problem = Problem::new(
    ErrorCode::Unreachable,
    "is forbidden by the page's Content-Security-Policy (connect-src): its events are kept",
);

impl Queue {
    /// Takes the outcome of the request with this number, if it is one of this queue's.
    pub fn on_outcome(&mut self, id: u32, outcome: Outcome, context: &mut Context<'_>) {
        if outcome == Outcome::Blocked && self.last_id == id {
            // Of a beacon that may not go twice it is known only after it was called taken.
            self.block(context);
        }
        let Some(index) = self.batches.iter().position(|batch| batch.id == id) else { return };
        let Some(batch) = self.batches.get_mut(index) else { return };
        let in_flight = std::mem::take(&mut batch.in_flight_until);
        let class = batch.class;
        // Whether a second request would do no harm.
        let may_repeat =
            class == RetryPolicy::Idempotent || class == RetryPolicy::OnceMore && !batch.retried;
        match outcome {
            Outcome::Taken if may_wait(batch) => {
                batch.retried = true;
                batch.in_flight_until = in_flight;
                batch.stage = Stage::AwaitingAck(context.now.mono_ms + Limits::ACKNOWLEDGED_MS);
            }
            Outcome::Taken => self.complete(index, false, context),
            Outcome::Answered { status: 204, .. } => self.complete(index, true, context),
            // A shop's catch-all page, a login wall or a service worker answers 200 to anything.
            Outcome::Answered { status: 200..=299, .. }
                if !self.destination.protocol.answers_204() =>
            {
                self.complete(index, true, context);
            }
            // What the browser or the server did not take is not offered again.
            _ if batch.no_retry => self.give_up(index, None, context),
            Outcome::Refused => {
                // The page's quota is used up, or the browser has no beacons: the other way.
                batch.refused = true;
                batch.dispatch(Via::Fetch, context);
            }
            Outcome::Answered { status, retry_after_s } => match status {
                // 431: the site's cookies are too long, which may pass.
                408 | 429 | 431 | 503 => {
                    let asked = u64::from(retry_after_s) * 1000;
                    self.schedule_retry(index, asked.min(Limits::RETRY_MS_MAX), context);
                }
                500..=599 if may_repeat => self.schedule_retry(index, 0, context),
                // 0 is a redirect; 405 is what servers of files say to a POST.
                0..=399 | 401 | 403 | 404 | 405 if class == RetryPolicy::Idempotent => {
                    self.circuit_open = true;
                    self.schedule_retry(index, Limits::BREAKER_MS, context);
                    if !std::mem::replace(&mut self.reported_refusal, true) {
                        context.out.push(Effect::Warn(MISCONFIGURED.at(&*self.name)));
                    }
                }
                413 if batch.events.len() > 1 => self.halve(index, context),
                _ => self.give_up(index, Some(&REFUSED), context),
            },
            // After a refused beacon a rejected fetch is the same refusal once more: not taken.
            Outcome::Failed if may_repeat || batch.refused => {
                self.schedule_retry(index, 0, context)
            }
            Outcome::Failed => self.give_up(index, Some(&UNREACHABLE), context),
            Outcome::Blocked => {
                self.schedule_retry(index, 0, context);
                self.block(context);
            }
        }
    }

    fn block(&mut self, context: &mut Context<'_>) {
        if !std::mem::replace(&mut self.blocked, true) {
            context.out.push(Effect::Warn(BLOCKED.at(&*self.name)));
        }
    }

    /// The device has a network again: what failed before says nothing, and what the browser took without a word
    /// since may be lost. What it is busy with is not.
    pub fn reconnect(&mut self, mono_ms: u64) {
        self.reset_backoff();
        for batch in self.batches.iter_mut().filter(|batch| batch.in_flight_until <= mono_ms) {
            if let Stage::AwaitingAck(until) = &mut batch.stage {
                *until = 0;
            }
        }
    }

    fn reset_backoff(&mut self) {
        (self.failures, self.circuit_open, self.paused_until) = (0, false, 0);
    }

    /// A batch has come to its end.
    pub(super) fn complete(&mut self, index: usize, acknowledged: bool, context: &mut Context<'_>) {
        if acknowledged {
            self.failures = 0;
            if self.circuit_open {
                self.reset_backoff();
            }
        }
        let mut batch = self.batches.remove(index);
        batch.remove_from_outbox(context);
        self.deliver(&batch, acknowledged, context.out);
    }

    fn give_up(&mut self, index: usize, problem: Option<&Problem>, context: &mut Context<'_>) {
        let mut batch = self.batches.remove(index);
        batch.remove_from_outbox(context);
        let lost = count_deliveries(&batch.events);
        match problem {
            Some(problem) => self.lose(lost, problem, context.out),
            None => self.drop(lost, ErrorCode::Refused, context.out),
        }
    }

    /// Two batches for one that is too large. They have the next numbers of this page's stream, also in the
    /// index of another page's: which of its numbers were used is not known. The events' ids tell their order.
    fn halve(&mut self, index: usize, context: &mut Context<'_>) {
        let mut batch = self.batches.remove(index);
        let mut rest = batch.events.split_off(batch.events.len() / 2);
        for offset in 0..2 {
            let events = std::mem::replace(&mut batch.events, std::mem::take(&mut rest));
            let Some(own) = self.streams.first_mut() else { return };
            let (name, seq) = next_number(own, &self.key, context);
            let mut half = self.new_batch(events, name, seq, context.now.wall_ms, context);
            half.retried = batch.retried;
            self.batches.insert(index + offset, half);
        }
        // Not before: the process may end between any two of these writes.
        batch.remove_from_outbox(context);
    }

    /// Keeps a batch for another attempt, not before `least_ms` from now.
    fn schedule_retry(&mut self, index: usize, least_ms: u64, context: &mut Context<'_>) {
        let mut batch = self.batches.remove(index);
        batch.stage = Stage::Ready;
        batch.retried = true;
        if batch.class != RetryPolicy::Idempotent {
            // Nobody has it: the next page may take it up.
            self.write_batch(&mut batch, context);
        }
        self.batches.insert(index, batch);
        // One attempt was asked for, and this was it.
        self.flushing = false;
        // What fails of one burst is one failure.
        let now = context.now.mono_ms;
        if now >= self.paused_until {
            self.failures += 1;
            self.circuit_open |= self.failures >= Limits::BREAKER_FAILURES;
            // Jitter, so that a recovered server is not met by all at once.
            let [.., dice] = context.now.entropy;
            let share = |ms: u64| ms * u64::from(dice) / u64::from(u8::MAX);
            let pause = if self.circuit_open {
                Limits::BREAKER_MS + share(Limits::BREAKER_MS / 4)
            } else {
                let longest = Limits::RETRY_MS << (self.failures - 1);
                longest / 2 + share(longest / 2)
            };
            self.paused_until = now + pause;
        }
        self.paused_until = self.paused_until.max(now + least_ms);
    }
}

/// Whether an acknowledgement may still come for what the browser took.
fn may_wait(batch: &Batch) -> bool {
    batch.class == RetryPolicy::Idempotent && batch.via == Via::Beacon && !batch.no_retry
}
