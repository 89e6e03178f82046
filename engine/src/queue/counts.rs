//! Where every delivery ends: in exactly one counter, and told to whoever listens.

use super::Queue;
use super::batch::{Batch, count_deliveries, count_deliveries_of};
use crate::effect::{DeliveryReport, DeliveryStatus, Effect, Receipt};
use crate::error::{ErrorCode, Problem};

/// Deliveries: one event for one destination each. The meanings are those of `Stats` in index.d.ts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub accepted: u32,
    pub queued: u32,
    pub sent: u32,
    pub acknowledged: u32,
    pub merged: u32,
    pub dropped: u32,
}

impl Counts {
    /// Adds another queue's.
    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.queued += other.queued;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.merged += other.merged;
        self.dropped += other.dropped;
    }
}

impl Queue {
    /// What became of the deliveries so far.
    pub fn counts(&self) -> Counts {
        let mut queued = 0;
        for stream in &self.streams {
            queued += count_deliveries_of(&mut stream.pending.iter());
        }
        for batch in &self.batches {
            queued += count_deliveries(&batch.events);
        }
        Counts { queued, ..self.counts }
    }

    pub(super) fn lose(&mut self, events: u32, problem: &Problem, out: &mut Vec<Effect>) {
        out.push(Effect::Warn(problem.at(&*self.name)));
        self.drop(events, problem.code, out);
    }

    pub(super) fn drop(&mut self, events: u32, code: ErrorCode, out: &mut Vec<Effect>) {
        self.counts.dropped += events;
        if events > 0 {
            self.tell(DeliveryStatus::Dropped(code), events, out);
        }
    }

    pub(super) fn deliver(&mut self, batch: &Batch, acknowledged: bool, out: &mut Vec<Effect>) {
        let events = count_deliveries(&batch.events);
        let receipt = Receipt { request: batch.request.clone(), via: batch.via };
        if acknowledged {
            self.counts.acknowledged += events;
            self.tell(DeliveryStatus::Acknowledged(receipt), events, out);
        } else {
            self.counts.sent += events;
            self.tell(DeliveryStatus::Sent(receipt), events, out);
        }
    }

    fn tell(&self, news: DeliveryStatus, events: u32, out: &mut Vec<Effect>) {
        out.push(Effect::Notify(DeliveryReport { news, destination: self.name.clone(), events }));
    }
}
