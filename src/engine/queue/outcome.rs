//! What a queue does when it is told what became of a request (DESIGN, "Delivery").

use super::{Conditions, Parcel, Queue};
use crate::engine::config::Transport;
use crate::engine::effect::{Effect, News, Outcome, Via};
use crate::engine::error::{ErrorCode, Problem};
use crate::engine::limits::Limits;
use crate::engine::protocol::{Class, Method};
use crate::engine::time::Now;

const REFUSED: Problem =
    Problem::new(ErrorCode::Refused, "refused a request for good: its events are lost");
const MISCONFIGURED: Problem = Problem::new(
    ErrorCode::Refused,
    "answered 401, 403 or 404: its events are kept and tried every ten minutes",
);
const UNREACHABLE: Problem = Problem::new(
    ErrorCode::Unreachable,
    "did not answer, and a second request could count twice: its events are lost",
);

impl Queue {
    /// Takes the outcome of the request with this number. None: it is not one of this queue's.
    pub fn settle(
        &mut self,
        id: u32,
        outcome: Outcome,
        now: &Now,
        conditions: Conditions,
        ids: &mut u32,
    ) -> Option<Vec<Effect>> {
        let place = self.open.iter().position(|parcel| parcel.id == id)?;
        let parcel = self.open.swap_remove(place);
        Some(match outcome {
            Outcome::Taken => {
                self.counts.sent += parcel.weight();
                vec![self.notice(News::Sent(Self::receipt(&parcel)), parcel.weight())]
            }
            // The page's quota is used up, or the browser has no beacons: the other way.
            Outcome::Refused => vec![self.hand_over(Parcel { via: Via::Fetch, ..parcel })],
            Outcome::Answered { status, retry_after_s } => {
                self.answered(parcel, status, retry_after_s, now, conditions, ids)
            }
            Outcome::Failed => self.failed(parcel, now),
        })
    }

    fn answered(
        &mut self,
        parcel: Parcel,
        status: u16,
        retry_after_s: Option<u32>,
        now: &Now,
        conditions: Conditions,
        ids: &mut u32,
    ) -> Vec<Effect> {
        let class = self.protocol.class();
        match (status, class) {
            (200..=299, _) => {
                self.failures = 0;
                self.counts.acknowledged += parcel.weight();
                let news = News::Acknowledged(Self::receipt(&parcel));
                vec![self.notice(news, parcel.weight())]
            }
            (408 | 429 | 503, _) | (500..=599, Class::Idempotent) => {
                let asked = retry_after_s.map_or(0, |s| u64::from(s) * 1000);
                self.hold(parcel, asked.min(Limits::RETRY_MS_MAX), now);
                Vec::new()
            }
            (401 | 403 | 404, Class::Idempotent) => {
                self.hold(parcel, Limits::MISCONFIGURED_MS, now);
                let first = !std::mem::replace(&mut self.reported_refusal, true);
                let warning = Effect::Warn(MISCONFIGURED.at(self.name.clone()));
                first.then_some(warning).into_iter().collect()
            }
            (413, _) if parcel.events.len() > 1 => self.halve(parcel, now, conditions, ids),
            (_, _) => self.lose(&parcel, REFUSED),
        }
    }

    fn failed(&mut self, parcel: Parcel, now: &Now) -> Vec<Effect> {
        // After a refused beacon a rejected fetch is the same refusal once more: not taken.
        let fell_back = parcel.via == Via::Fetch
            && self.transport == Transport::Beacon
            && parcel.request.method == Method::Post;
        match self.protocol.class() {
            Class::AtMostOnce if !fell_back => self.lose(&parcel, UNREACHABLE),
            Class::AtMostOnce | Class::Idempotent => {
                self.hold(parcel, 0, now);
                Vec::new()
            }
        }
    }

    /// Keeps a parcel for another attempt, not before `least_ms` from now.
    fn hold(&mut self, parcel: Parcel, least_ms: u64, now: &Now) {
        self.failures = self.failures.saturating_add(1);
        let doublings = self.failures.min(16) - 1;
        let longest = (Limits::RETRY_MS << doublings).min(Limits::RETRY_MS_MAX);
        // Between half of it and all of it, so that a recovered server is not met by all at once.
        let [.., a, b] = now.entropy;
        let jitter = longest / 2 * u64::from(u16::from_be_bytes([a, b])) / u64::from(u16::MAX);
        self.paused_until = now.mono_ms + least_ms.max(longest / 2 + jitter);
        let place = self.held.partition_point(|held| held.id < parcel.id);
        self.held.insert(place, parcel);
    }

    /// Too large: two requests with half of the events each.
    fn halve(
        &mut self,
        parcel: Parcel,
        now: &Now,
        conditions: Conditions,
        ids: &mut u32,
    ) -> Vec<Effect> {
        let mut first = parcel.events;
        let second = first.split_off(first.len() / 2);
        let mut effects = Vec::new();
        for events in [first, second] {
            let half = self.wrap(events, now, conditions.ack, ids);
            effects.push(self.send(half, conditions));
        }
        effects
    }

    fn lose(&mut self, parcel: &Parcel, problem: Problem) -> Vec<Effect> {
        vec![Effect::Warn(problem.at(self.name.clone())), self.drop(parcel.weight(), problem.code)]
    }
}
