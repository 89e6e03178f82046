//! A queue's reaction to the outcome of a request.

use super::batch::Stage;
use super::context::Context;
use super::queue::Queue;
use super::reaction::Reaction;
use crate::effect::{Outcome, Via};
use crate::error::{ErrorCode, Problem};
use crate::limits::Limits;
use crate::text::split_once;

static REFUSED: Problem =
    Problem::new(ErrorCode::Refused, "refused a request: its events are lost");
static MISCONFIGURED: Problem = Problem::new(
    ErrorCode::Refused,
    "does not accept events (401, 403, 404, 405, a redirect, or not 204): \
     they are kept and tried every ten minutes",
);
static UNREACHABLE: Problem =
    Problem::new(ErrorCode::Unreachable, "did not answer: its events are lost");
static SILENT: Problem = Problem::new(
    ErrorCode::Unreachable,
    "failed five times: its events are kept and tried every ten minutes",
);
static FORBIDDEN: Problem = Problem::new(
    ErrorCode::Unreachable,
    "is forbidden by the page's Content-Security-Policy (connect-src): its events are kept",
);

impl Queue {
    /// Handles the outcome of the request with this number, if it is this queue's.
    pub fn on_outcome(&mut self, id: u32, outcome: Outcome, context: &mut Context<'_>) {
        if outcome == Outcome::Blocked && self.last_sent == id {
            // The browser reports a blocked beacon as taken first. A batch that must not be sent
            // twice is finished by then.
            self.forbid(context);
        }
        let Some(index) = self.batches.with_id(id) else { return };
        let Some(batch) = self.batches.get_mut(index) else { return };
        let in_flight_until = std::mem::take(&mut batch.in_flight_until);
        match outcome {
            Outcome::Taken if batch.awaits_ack() => {
                batch.retried = true;
                batch.in_flight_until = in_flight_until;
                batch.stage = Stage::AwaitingAck(context.now.mono_ms + Limits::ACKNOWLEDGED_MS);
            }
            Outcome::Taken => self.complete(index, false, context),
            Outcome::Answered { status: 204, .. } => self.complete(index, true, context),
            // A catch-all page, a login page or a service worker answers every request with 200.
            Outcome::Answered { status: 200..=299, .. }
                if !self.destination.protocol.answers_204() =>
            {
                self.complete(index, true, context);
            }
            // Neither the browser nor the server took it, and it must not be sent again.
            _ if batch.no_retry => self.give_up(index, None, context),
            Outcome::Refused => {
                // The page's quota is used up, or the browser has no beacons.
                batch.refused = true;
                batch.dispatch(Via::Fetch, context);
            }
            Outcome::Answered { status, retry_after_s } => {
                self.on_error_status(index, status, retry_after_s, context);
            }
            // After a refused beacon, a rejected fetch is the same refusal again: the request was
            // not sent.
            Outcome::Failed if batch.may_repeat() || batch.refused => {
                self.schedule_retry(index, 0, context);
            }
            Outcome::Failed => self.give_up(index, Some(&UNREACHABLE), context),
            Outcome::Blocked => {
                self.schedule_retry(index, 0, context);
                self.forbid(context);
            }
        }
    }

    /// Handles a response other than a success.
    fn on_error_status(
        &mut self,
        index: usize,
        status: u16,
        retry_after_s: u32,
        context: &mut Context<'_>,
    ) {
        let Some(batch) = self.batches.get_mut(index) else { return };
        match batch.retry_policy.reaction(status, batch.retried, batch.events.len()) {
            Reaction::RetryAsAsked => {
                let asked = u64::from(retry_after_s) * 1000;
                self.schedule_retry(index, asked.min(Limits::RETRY_MS_MAX), context);
            }
            Reaction::Retry => self.schedule_retry(index, 0, context),
            Reaction::RetryMuchLater => {
                self.backoff.open_circuit();
                self.schedule_retry(index, Limits::BREAKER_MS, context);
                if !std::mem::replace(&mut self.warned_misconfigured, true) {
                    self.counters.warn(&MISCONFIGURED, context.out);
                }
            }
            Reaction::Halve => self.halve(index, context),
            Reaction::GiveUp => self.give_up(index, Some(&REFUSED), context),
        }
    }

    fn forbid(&mut self, context: &mut Context<'_>) {
        if self.backoff.forbid() {
            self.counters.warn(&FORBIDDEN, context.out);
        }
    }

    /// The collector has acknowledged the batch of this name, `<stream>.<seq>`. Returns whether it
    /// is or was one of this queue.
    pub fn acknowledge(&mut self, name: &str, context: &mut Context<'_>) -> bool {
        if let Some(index) = self.batches.named(name) {
            self.complete(index, true, context);
            return true;
        }
        let stream = split_once(name, b'.').map_or("", |(stream, _)| stream);
        self.pending.has_stream(stream)
    }

    /// The browser has finished a request for the batch of this name.
    pub fn on_request_finished(&mut self, name: &str, status: u16, context: &mut Context<'_>) {
        let Some(index) = self.batches.named(name) else { return };
        let Some(batch) = self.batches.get_mut(index) else { return };
        batch.in_flight_until = 0;
        match (status, batch.stage) {
            (204, _) => self.complete(index, true, context),
            // It may have been stored. Sending it again will show.
            (0, _) | (_, Stage::Ready | Stage::InFlight) => {}
            (_, Stage::AwaitingAck(_)) => {
                let id = batch.id;
                self.on_outcome(id, Outcome::Answered { status, retry_after_s: 0 }, context);
            }
        }
    }

    /// The device has a network again. Earlier failures say nothing about the destination, and
    /// unacknowledged requests may be lost.
    pub fn reconnect(&mut self, mono_ms: u64) {
        self.backoff.reset();
        self.batches.retry_unacknowledged(mono_ms);
    }

    /// Finishes a batch that has arrived, or that the browser took without a later acknowledgement.
    fn complete(&mut self, index: usize, acknowledged: bool, context: &mut Context<'_>) {
        if acknowledged {
            self.backoff.on_success();
        }
        let mut batch = self.batches.remove(index);
        batch.remove_from_outbox(context);
        self.counters.deliver(&batch, acknowledged, context.out);
    }

    fn give_up(&mut self, index: usize, problem: Option<&Problem>, context: &mut Context<'_>) {
        let mut batch = self.batches.remove(index);
        batch.remove_from_outbox(context);
        match problem {
            Some(problem) => self.counters.lose(batch.deliveries(), problem, context.out),
            None => self.counters.drop(batch.deliveries(), ErrorCode::Refused, context.out),
        }
    }

    /// Splits a batch that is too large. The halves get the next numbers of this page's stream even
    /// if another page made the batch, because that page's used numbers are not known. The event
    /// ids keep the order.
    fn halve(&mut self, index: usize, context: &mut Context<'_>) {
        let mut batch = self.batches.remove(index);
        let second = batch.events.split_off(batch.events.len() / 2);
        let first = std::mem::take(&mut batch.events);
        for (offset, events) in [first, second].into_iter().enumerate() {
            let own = self.pending.own_mut();
            let (stream, seq) = (own.id(), own.next_seq(context));
            let mut half = self.new_batch(events, stream, seq, context.now.wall_ms, context);
            half.retried = batch.retried;
            self.batches.insert(index + offset, half);
        }
        // Deleted last, because the process may end between any two writes.
        batch.remove_from_outbox(context);
    }

    /// Keeps a batch for another attempt, after at least `least_ms`.
    fn schedule_retry(&mut self, index: usize, least_ms: u64, context: &mut Context<'_>) {
        let Some(batch) = self.batches.get_mut(index) else { return };
        batch.stage = Stage::Ready;
        batch.retried = true;
        if !batch.is_idempotent() {
            // The browser no longer has it, so another page may take it over.
            batch.write(context);
        }
        // A flush asks for one attempt, which is done.
        self.flushing = false;
        if self.backoff.on_failure(least_ms, context.now) {
            self.counters.warn(&SILENT, context.out);
        }
    }
}
