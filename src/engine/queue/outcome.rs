//! What a queue does when it is told what became of a request.

use super::parcel::{Parcel, Stage, weigh};
use super::turn::Turn;
use super::{Queue, next_number};
use crate::engine::effect::{Effect, Outcome, Via};
use crate::engine::error::{ErrorCode, Problem};
use crate::engine::limits::Limits;
use crate::engine::protocol::Class;

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
    pub fn settle(&mut self, id: u32, outcome: Outcome, turn: &mut Turn<'_>) {
        if outcome == Outcome::Blocked && self.last_id == id {
            // Of a beacon that may not go twice it is known only after it was called taken.
            self.block(turn);
        }
        let Some(place) = self.parcels.iter().position(|parcel| parcel.id == id) else { return };
        let Some(parcel) = self.parcels.get_mut(place) else { return };
        let in_flight = std::mem::take(&mut parcel.slot);
        let class = parcel.class;
        // Whether a second request would do no harm.
        let may_repeat = class == Class::Idempotent || class == Class::OnceMore && !parcel.again;
        match outcome {
            Outcome::Taken if may_wait(parcel) => {
                parcel.again = true;
                parcel.slot = in_flight;
                parcel.stage = Stage::Taken(turn.now.mono_ms + Limits::ACKNOWLEDGED_MS);
            }
            Outcome::Taken => self.end(place, false, turn),
            Outcome::Answered { status: 204, .. } => self.end(place, true, turn),
            // A shop's catch-all page, a login wall or a service worker answers 200 to anything.
            Outcome::Answered { status: 200..=299, .. }
                if !self.destination.protocol.answers_204() =>
            {
                self.end(place, true, turn);
            }
            // What the browser or the server did not take is not offered again.
            _ if parcel.last => self.give_up(place, None, turn),
            Outcome::Refused => {
                // The page's quota is used up, or the browser has no beacons: the other way.
                parcel.refused = true;
                parcel.hand_over(Via::Fetch, turn);
            }
            Outcome::Answered { status, retry_after_s } => match status {
                // 431: the site's cookies are too long, which may pass.
                408 | 429 | 431 | 503 => {
                    let asked = u64::from(retry_after_s) * 1000;
                    self.hold(place, asked.min(Limits::RETRY_MS_MAX), turn);
                }
                500..=599 if may_repeat => self.hold(place, 0, turn),
                // 0 is a redirect; 405 is what servers of files say to a POST.
                0..=399 | 401 | 403 | 404 | 405 if class == Class::Idempotent => {
                    self.broken = true;
                    self.hold(place, Limits::BREAKER_MS, turn);
                    if !std::mem::replace(&mut self.reported_refusal, true) {
                        turn.out.push(Effect::Warn(MISCONFIGURED.at(&*self.name)));
                    }
                }
                413 if parcel.events.len() > 1 => self.halve(place, turn),
                _ => self.give_up(place, Some(&REFUSED), turn),
            },
            // After a refused beacon a rejected fetch is the same refusal once more: not taken.
            Outcome::Failed if may_repeat || parcel.refused => self.hold(place, 0, turn),
            Outcome::Failed => self.give_up(place, Some(&UNREACHABLE), turn),
            Outcome::Blocked => {
                self.hold(place, 0, turn);
                self.block(turn);
            }
        }
    }

    fn block(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::replace(&mut self.blocked, true) {
            turn.out.push(Effect::Warn(BLOCKED.at(&*self.name)));
        }
    }

    /// The device has a network again: what failed before says nothing, and what the browser took without a word
    /// since may be lost. What it is busy with is not.
    pub fn reconnect(&mut self, mono_ms: u64) {
        self.mend();
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.slot <= mono_ms) {
            if let Stage::Taken(until) = &mut parcel.stage {
                *until = 0;
            }
        }
    }

    fn mend(&mut self) {
        (self.failures, self.broken, self.paused_until) = (0, false, 0);
    }

    /// A parcel has come to its end.
    pub(super) fn end(&mut self, place: usize, acknowledged: bool, turn: &mut Turn<'_>) {
        if acknowledged {
            self.failures = 0;
            if self.broken {
                self.mend();
            }
        }
        let mut parcel = self.parcels.remove(place);
        parcel.release(turn);
        self.deliver(&parcel, acknowledged, turn.out);
    }

    fn give_up(&mut self, place: usize, problem: Option<&Problem>, turn: &mut Turn<'_>) {
        let mut parcel = self.parcels.remove(place);
        parcel.release(turn);
        let lost = weigh(&parcel.events);
        match problem {
            Some(problem) => self.lose(lost, problem, turn.out),
            None => self.drop(lost, ErrorCode::Refused, turn.out),
        }
    }

    /// Two parcels for one that is too large. They have the next numbers of this page's stream, also in the
    /// place of another page's: which of its numbers were used is not known. The events' ids tell their order.
    fn halve(&mut self, place: usize, turn: &mut Turn<'_>) {
        let mut parcel = self.parcels.remove(place);
        let mut rest = parcel.events.split_off(parcel.events.len() / 2);
        for offset in 0..2 {
            let events = std::mem::replace(&mut parcel.events, std::mem::take(&mut rest));
            let Some(own) = self.streams.first_mut() else { return };
            let (name, seq) = next_number(own, &self.key, turn);
            let mut half = self.wrap(events, name, seq, turn.now.wall_ms, turn);
            half.again = parcel.again;
            self.parcels.insert(place + offset, half);
        }
        // Not before: the process may end between any two of these writes.
        parcel.release(turn);
    }

    /// Keeps a parcel for another attempt, not before `least_ms` from now.
    fn hold(&mut self, place: usize, least_ms: u64, turn: &mut Turn<'_>) {
        let mut parcel = self.parcels.remove(place);
        parcel.stage = Stage::Held;
        parcel.again = true;
        if parcel.class != Class::Idempotent {
            // Nobody has it: the next page may take it up.
            self.keep_parcel(&mut parcel, turn);
        }
        self.parcels.insert(place, parcel);
        // One attempt was asked for, and this was it.
        self.flushing = false;
        // What fails of one burst is one failure.
        let now = turn.now.mono_ms;
        if now >= self.paused_until {
            self.failures += 1;
            self.broken |= self.failures >= Limits::BREAKER_FAILURES;
            // Jitter, so that a recovered server is not met by all at once.
            let [.., dice] = turn.now.entropy;
            let share = |ms: u64| ms * u64::from(dice) / u64::from(u8::MAX);
            let pause = if self.broken {
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
fn may_wait(parcel: &Parcel) -> bool {
    parcel.class == Class::Idempotent && parcel.via == Via::Beacon && !parcel.last
}
