//! The counters in the form that the page gets.

use super::delivery::counts::Counts;
use super::delivery::queue::Queue;
use super::json::Object;

/// `Stats` of index.d.ts: totals, and counters for each destination.
#[derive(Debug)]
pub struct Stats<'a> {
    /// Calls that were refused before any destination.
    pub rejected: u32,
    /// The destinations.
    pub queues: &'a [Queue],
}

impl Stats<'_> {
    /// The counters as JSON.
    pub fn json(&self) -> String {
        let mut total = Counts::default();
        for queue in self.queues {
            total.add(queue.counts());
        }
        let mut out = String::new();
        let mut all = Object::new(&mut out);
        fill(&mut all, total, self.rejected);
        let mut destinations = Object::new(all.key("destinations"));
        for queue in self.queues {
            let mut one = Object::new(destinations.key(queue.name()));
            fill(&mut one, queue.counts(), 0);
            one.end();
        }
        destinations.end();
        all.end();
        out
    }
}

fn fill(object: &mut Object<'_>, counts: Counts, rejected: u32) {
    object
        .whole("accepted", counts.accepted.into())
        .whole("rejected", rejected.into())
        .whole("queued", counts.queued.into())
        .whole("sent", counts.sent.into())
        .whole("acknowledged", counts.acknowledged.into())
        .whole("merged", counts.merged.into())
        .whole("dropped", counts.dropped.into());
}
