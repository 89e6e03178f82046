//! Counts the outcome of each delivery of one destination, and reports it.

use super::batch::Batch;
use crate::effect::{DeliveryReport, DeliveryStatus, Effect, Receipt};
use crate::error::{ErrorCode, Problem};
use std::rc::Rc;

/// Deliveries: one event for one destination each. `Stats` in index.d.ts explains the fields.
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
    /// Adds the counts of another queue.
    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.queued += other.queued;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.merged += other.merged;
        self.dropped += other.dropped;
    }
}

/// The counters of one destination. Each accepted delivery ends in exactly one of the other
/// counters.
#[derive(Debug, Default)]
pub struct Counters {
    /// The destination's name in `stats()`.
    pub destination: Rc<String>,
    /// `queued` is not counted here, because the queue knows it.
    counts: Counts,
}

impl Counters {
    /// Makes counters for a destination.
    pub fn new(destination: String) -> Self {
        Self { destination: destination.into(), counts: Counts::default() }
    }

    /// The counters, with this number of unfinished deliveries.
    pub fn with_queued(&self, queued: u32) -> Counts {
        Counts { queued, ..self.counts }
    }

    /// Counts accepted deliveries.
    pub fn accept(&mut self, deliveries: u32) {
        self.counts.accepted += deliveries;
    }

    /// Takes back accepted deliveries that are counted elsewhere.
    pub fn withdraw(&mut self, deliveries: u32) {
        self.counts.accepted -= deliveries;
    }

    /// Counts a delivery that was merged into another one.
    pub fn merge(&mut self) {
        self.counts.merged += 1;
    }

    /// Counts lost deliveries.
    pub fn drop(&mut self, deliveries: u32, code: ErrorCode, out: &mut Vec<Effect>) {
        self.counts.dropped += deliveries;
        if deliveries > 0 {
            self.report(DeliveryStatus::Dropped(code), deliveries, out);
        }
    }

    /// Counts lost deliveries and gives a warning.
    pub fn lose(&mut self, deliveries: u32, problem: &Problem, out: &mut Vec<Effect>) {
        self.warn(problem, out);
        self.drop(deliveries, problem.code, out);
    }

    /// Counts the deliveries of a batch that has arrived, or that the browser took without a later
    /// acknowledgement.
    pub fn deliver(&mut self, batch: &Batch, acknowledged: bool, out: &mut Vec<Effect>) {
        let deliveries = batch.deliveries();
        if batch.events.is_empty() {
            // A raw batch has no events here.
            return;
        }
        let receipt = Receipt { request: batch.request.clone(), via: batch.via };
        if acknowledged {
            self.counts.acknowledged += deliveries;
            self.report(DeliveryStatus::Acknowledged(receipt), deliveries, out);
        } else {
            self.counts.sent += deliveries;
            self.report(DeliveryStatus::Sent(receipt), deliveries, out);
        }
    }

    /// Gives a warning about this destination.
    pub fn warn(&self, problem: &Problem, out: &mut Vec<Effect>) {
        out.push(Effect::Warn(problem.at(&*self.destination)));
    }

    fn report(&self, status: DeliveryStatus, events: u32, out: &mut Vec<Effect>) {
        let destination = self.destination.clone();
        out.push(Effect::Notify(DeliveryReport { status, destination, events }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delivery_ends_in_one_counter() {
        let (mut counters, mut out) = (Counters::new("d".to_owned()), Vec::new());
        counters.accept(5);
        counters.merge();
        counters.drop(2, ErrorCode::QueueFull, &mut out);
        counters.withdraw(1);
        let counts = counters.with_queued(1);
        assert_eq!(counts.accepted, counts.queued + counts.merged + counts.dropped);
        assert_eq!(out.len(), 1);
    }

    #[test]
    fn a_drop_of_zero_deliveries_is_not_reported() {
        let (mut counters, mut out) = (Counters::new("d".to_owned()), Vec::new());
        counters.drop(0, ErrorCode::Refused, &mut out);
        assert!(out.is_empty());
    }
}
