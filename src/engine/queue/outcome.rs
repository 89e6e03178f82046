//! What a queue does when it is told what became of a request.

use super::{Conditions, Parcel, Queue, weigh};
use crate::engine::effect::{Effect, Outcome, Via};
use crate::engine::error::{ErrorCode, Problem};
use crate::engine::limits::Limits;
use crate::engine::protocol::Class;
use crate::engine::time::Now;

static REFUSED: Problem =
    Problem::new(ErrorCode::Refused, "refused a request: its events are lost");
static MISCONFIGURED: Problem =
    Problem::new(ErrorCode::Refused, "answered 401, 403 or 404: it is tried every ten minutes");
static UNREACHABLE: Problem =
    Problem::new(ErrorCode::Unreachable, "did not answer: its events are lost");

impl Queue {
    /// Takes the outcome of the request with this number, if it is one of this queue's.
    pub fn settle(
        &mut self,
        id: u32,
        outcome: Outcome,
        now: &Now,
        conditions: Conditions,
        ids: &mut u32,
        out: &mut Vec<Effect>,
    ) {
        let Some(place) = self.open.iter().position(|parcel| parcel.id == id) else { return };
        let mut parcel = self.open.swap_remove(place);
        let class = self.destination.protocol.class();
        match outcome {
            // What the browser or the server did not take is not offered again.
            Outcome::Refused | Outcome::Failed if conditions.denied => {
                self.drop(weigh(&parcel.events), ErrorCode::Refused, out);
            }
            Outcome::Answered { status: 300.., .. } if conditions.denied => {
                self.drop(weigh(&parcel.events), ErrorCode::Refused, out);
            }
            Outcome::Taken => self.deliver(&parcel, false, out),
            Outcome::Refused => {
                // The page's quota is used up, or the browser has no beacons: the other way.
                parcel.via = Via::Fetch;
                parcel.refused = true;
                self.hand_over(parcel, out);
            }
            Outcome::Answered { status, retry_after_s } => match (status, class) {
                (200..=299, _) => {
                    self.failures = 0;
                    self.deliver(&parcel, true, out);
                }
                (408 | 429 | 503, _) | (500..=599, Class::Idempotent) => {
                    let asked = u64::from(retry_after_s) * 1000;
                    self.hold(parcel, asked.min(Limits::RETRY_MS_MAX), now);
                }
                (401 | 403 | 404, Class::Idempotent) => {
                    self.hold(parcel, Limits::MISCONFIGURED_MS, now);
                    if !std::mem::replace(&mut self.reported_refusal, true) {
                        out.push(Effect::Warn(MISCONFIGURED.at(&*self.name)));
                    }
                }
                (413, _) if parcel.events.len() > 1 => {
                    let second = parcel.events.split_off(parcel.events.len() / 2);
                    let first = self.wrap(parcel.events, now, conditions, ids);
                    self.send(first, conditions, out);
                    let second = self.wrap(second, now, conditions, ids);
                    self.send(second, conditions, out);
                }
                (_, _) => self.lose(weigh(&parcel.events), &REFUSED, out),
            },
            Outcome::Failed | Outcome::Blocked => {
                // After a refused beacon a rejected fetch is the same refusal once more: not taken.
                if class == Class::Idempotent || parcel.refused {
                    self.hold(parcel, 0, now);
                } else {
                    self.lose(weigh(&parcel.events), &UNREACHABLE, out);
                }
            }
        }
    }

    /// Keeps a parcel for another attempt, not before `least_ms` from now.
    fn hold(&mut self, parcel: Box<Parcel>, least_ms: u64, now: &Now) {
        self.failures += 1;
        // One attempt was asked for, and this was it.
        self.flushing = false;
        let doublings = self.failures.min(16) - 1;
        let longest = (Limits::RETRY_MS << doublings).min(Limits::RETRY_MS_MAX);
        // Between half of it and all of it, so that a recovered server is not met by all at once.
        let [.., dice] = now.entropy;
        let jitter = longest / 2 * u64::from(dice) / u64::from(u8::MAX);
        self.paused_until = now.mono_ms + least_ms.max(longest / 2 + jitter);
        let place = self.held.iter().position(|held| held.id > parcel.id);
        self.held.insert(place.unwrap_or(self.held.len()), parcel);
    }
}
