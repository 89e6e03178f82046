//! The counters as the page sees them.

use super::json::Object;
use super::queue::{Counts, Queue};

/// The JSON of `Stats` in index.d.ts.
pub fn write(rejected: u32, queues: &[Queue]) -> String {
    let mut total = Counts::default();
    for queue in queues {
        total.add(queue.counts());
    }
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    fill(&mut object, total, rejected);
    let mut destinations = Object::new(object.key("destinations"));
    for queue in queues {
        let mut one = Object::new(destinations.key(queue.name()));
        fill(&mut one, queue.counts(), 0);
        one.end();
    }
    destinations.end();
    object.end();
    out
}

fn fill(object: &mut Object<'_>, counts: Counts, rejected: u32) {
    object
        .whole("accepted", u64::from(counts.accepted))
        .whole("rejected", u64::from(rejected))
        .whole("queued", u64::from(counts.queued))
        .whole("sent", u64::from(counts.sent))
        .whole("acknowledged", u64::from(counts.acknowledged))
        .whole("merged", u64::from(counts.merged))
        .whole("dropped", u64::from(counts.dropped));
}
