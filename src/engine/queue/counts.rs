//! Where every delivery ends: in exactly one counter, and told to whoever listens.

use super::Queue;
use super::parcel::{Parcel, weigh, weigh_all};
use crate::engine::effect::{Effect, News, Notice, Receipt};
use crate::engine::error::{ErrorCode, Problem};

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
            queued += weigh_all(&mut stream.waiting.iter());
        }
        for parcel in &self.parcels {
            queued += weigh(&parcel.events);
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
            self.tell(News::Dropped(code), events, out);
        }
    }

    pub(super) fn deliver(&mut self, parcel: &Parcel, acknowledged: bool, out: &mut Vec<Effect>) {
        let events = weigh(&parcel.events);
        let receipt = Receipt { request: parcel.request.clone(), via: parcel.via };
        if acknowledged {
            self.counts.acknowledged += events;
            self.tell(News::Acknowledged(receipt), events, out);
        } else {
            self.counts.sent += events;
            self.tell(News::Sent(receipt), events, out);
        }
    }

    fn tell(&self, news: News, events: u32, out: &mut Vec<Effect>) {
        out.push(Effect::Notify(Notice { news, destination: self.name.clone(), events }));
    }
}
