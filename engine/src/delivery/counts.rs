//! In which counter each delivery of one destination ended, and the reports of it.

use super::batch::Batch;
use crate::effect::{DeliveryReport, DeliveryStatus, Effect, Receipt};
use crate::error::{ErrorCode, Problem};
use std::rc::Rc;

/// Deliveries: one event for one destination each. `Stats` in index.d.ts says what each means.
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
    /// Adds those of another queue.
    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.queued += other.queued;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.merged += other.merged;
        self.dropped += other.dropped;
    }
}

/// The counters of one destination. Each accepted delivery ends in exactly one of the others.
#[derive(Debug, Default)]
pub struct Counters {
    /// The destination's name in `stats()`.
    pub destination: Rc<String>,
    /// `queued` is not counted here: the queue knows it.
    counts: Counts,
}

impl Counters {
    /// Counters for the destination of this name.
    pub fn new(destination: String) -> Self {
        Self { destination: destination.into(), counts: Counts::default() }
    }

    /// The counters, with so many deliveries that have not ended.
    pub fn with_queued(&self, queued: u32) -> Counts {
        Counts { queued, ..self.counts }
    }

    /// Counts deliveries that begin.
    pub fn accept(&mut self, deliveries: u32) {
        self.counts.accepted += deliveries;
    }

    /// Takes that back: they are counted elsewhere.
    pub fn withdraw(&mut self, deliveries: u32) {
        self.counts.accepted -= deliveries;
    }

    /// Counts a delivery that another one includes.
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

    /// Counts lost deliveries and warns of them.
    pub fn lose(&mut self, deliveries: u32, problem: &Problem, out: &mut Vec<Effect>) {
        self.warn(problem, out);
        self.drop(deliveries, problem.code, out);
    }

    /// Counts the deliveries of a batch that has arrived, or that the browser took and nobody acknowledges.
    pub fn deliver(&mut self, batch: &Batch, acknowledged: bool, out: &mut Vec<Effect>) {
        let deliveries = batch.deliveries();
        if batch.events.is_empty() {
            // A raw batch, whose events the page before has reported.
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

    /// Warns of a problem of this destination.
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
    fn nothing_dropped_is_not_reported() {
        let (mut counters, mut out) = (Counters::new("d".to_owned()), Vec::new());
        counters.drop(0, ErrorCode::Refused, &mut out);
        assert!(out.is_empty());
    }
}
