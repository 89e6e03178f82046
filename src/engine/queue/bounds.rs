//! What a queue gives up: what is too much, and what is too old.

use super::Queue;
use super::parcel::{Parcel, weigh};
use crate::engine::effect::Effect;
use crate::engine::error::{ErrorCode, Problem};
use crate::engine::time::Now;

static FULL: Problem = Problem::new(ErrorCode::QueueFull, "has more events than queue.maxEvents");
static EXPIRED: Problem = Problem::new(ErrorCode::Expired, "has events older than queue.maxAgeMs");

impl Queue {
    /// The oldest gives way to the newest. What the browser has is not ours to give up.
    pub(super) fn bound(&mut self, out: &mut Vec<Effect>) {
        let mut queued = self.waiting.len();
        for parcel in self.held.iter().chain(&self.open) {
            queued += parcel.events.len();
        }
        while queued as u64 > self.config.queue_events {
            let lost = if !self.held.is_empty() {
                let parcel = self.held.remove(0);
                queued -= parcel.events.len();
                weigh(&parcel.events)
            } else if self.waiting.is_empty() {
                break;
            } else {
                queued -= 1;
                self.give_up_first()
            };
            self.drop(lost, ErrorCode::QueueFull, out);
            if !std::mem::replace(&mut self.reported_full, true) {
                out.push(Effect::Warn(FULL.at(&*self.name)));
            }
        }
    }

    /// Takes out the event that waits longest, and says how many deliveries it stood for.
    fn give_up_first(&mut self) -> u32 {
        let first = self.waiting.remove(0);
        self.waiting_bytes -= first.encoded.len();
        first.weight
    }

    pub(super) fn expire(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let oldest = now.wall_ms.saturating_sub(self.max_age_ms);
        let mut lost = 0;
        while self.waiting.first().is_some_and(|waiting| waiting.record.at < oldest) {
            lost += self.give_up_first();
        }
        // The first event of a parcel is its oldest.
        let too_old = |parcel: &Parcel| parcel.events.first().is_some_and(|e| e.record.at < oldest);
        while self.held.first().is_some_and(|parcel| too_old(parcel)) {
            lost += weigh(&self.held.remove(0).events);
        }
        if lost > 0 {
            self.lose(lost, &EXPIRED, out);
        }
    }
}
