//! What the collector counts beside what it stores: numbers since the start, without ids.

use recobeacon::engine::json::Object;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters, shared by all requests.
#[derive(Debug, Default)]
pub struct Counters {
    unknown_events: AtomicU64,
}

impl Counters {
    /// Adds events whose name is not known, and which were left out of a request that was taken.
    /// The names are not logged: a page can put anything into them.
    pub fn left_out(&self, source: &'static str, events: u64) {
        if events > 0 {
            self.unknown_events.fetch_add(events, Ordering::Relaxed);
            tracing::debug!(source, events, "events of unknown names were left out");
        }
    }

    /// As a JSON object.
    pub fn json(&self) -> String {
        let mut json = String::new();
        let mut object = Object::new(&mut json);
        object.whole("unknownEvents", self.unknown_events.load(Ordering::Relaxed));
        object.end();
        json
    }
}
