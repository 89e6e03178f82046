//! The counters as the page sees them.

use super::queue::{Counts, Queue};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// `Stats` of index.d.ts: for all destinations together, and for each by itself.
#[derive(Debug)]
pub struct Stats<'a> {
    /// Calls refused before any destination.
    pub rejected: u32,
    /// The destinations.
    pub queues: &'a [Queue],
}

impl Serialize for Stats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut total = Counts::default();
        for queue in self.queues {
            total.add(queue.counts());
        }
        let mut map = serializer.serialize_map(None)?;
        fill(&mut map, total, self.rejected)?;
        map.serialize_entry("destinations", &Destinations(self.queues))?;
        map.end()
    }
}

struct Destinations<'a>(&'a [Queue]);

impl Serialize for Destinations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for queue in self.0 {
            map.serialize_entry(queue.name(), &One(queue.counts()))?;
        }
        map.end()
    }
}

struct One(Counts);

impl Serialize for One {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        fill(&mut map, self.0, 0)?;
        map.end()
    }
}

fn fill<M: SerializeMap>(map: &mut M, counts: Counts, rejected: u32) -> Result<(), M::Error> {
    for (name, count) in [
        ("accepted", counts.accepted),
        ("rejected", rejected),
        ("queued", counts.queued),
        ("sent", counts.sent),
        ("acknowledged", counts.acknowledged),
        ("merged", counts.merged),
        ("dropped", counts.dropped),
    ] {
        map.serialize_entry(name, &count)?;
    }
    Ok(())
}
