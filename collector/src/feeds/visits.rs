//! The visits that may still go on: which items each has had.

use super::neighbours::ItemRef;
use std::collections::HashMap;
use std::hash::Hash;

/// Items of a visit that a further item is related to, at most.
pub const VISIT_ITEMS: usize = 20;
/// Pause after which a visitor's next event begins another visit, in milliseconds.
pub const VISIT_MS: u64 = 30 * 60_000;
/// Open visits, at most. With more, those without an event for the longest time end.
pub const VISITS: usize = 100_000;

#[derive(Clone, Debug)]
struct Visit {
    /// The time of the latest event.
    at: u64,
    /// The latest first.
    items: Vec<ItemRef>,
}

/// The open visits.
#[derive(Clone, Debug)]
pub struct Visits<K> {
    open: HashMap<K, Visit>,
    /// The time at which visits that are over were last removed.
    swept: u64,
    /// Whether visits were ended because there were too many.
    has_ended_early: bool,
}

impl<K> Default for Visits<K> {
    fn default() -> Self {
        Self { open: HashMap::new(), swept: 0, has_ended_early: false }
    }
}

impl<K: Eq + Hash + Copy + Ord> Visits<K> {
    /// Adds an item to a visit. Returns whether it is new in it, and the earlier items, the latest
    /// first. An event that is older than the visit is alone.
    pub fn add(&mut self, key: K, item: ItemRef, at: u64) -> (bool, Vec<ItemRef>) {
        if at >= self.swept.saturating_add(VISIT_MS) {
            // The keys are hashes of visitors, so they are not kept for longer than needed.
            self.open.retain(|_, visit| visit.at.saturating_add(VISIT_MS) >= at);
            self.swept = at;
        }
        if self.open.len() >= VISITS && !self.open.contains_key(&key) {
            self.shrink();
        }
        let visit = self.open.entry(key).or_insert_with(|| Visit { at, items: Vec::new() });
        if at.saturating_add(VISIT_MS) < visit.at {
            return (true, Vec::new());
        }
        if at > visit.at.saturating_add(VISIT_MS) {
            visit.items.clear();
        }
        visit.at = visit.at.max(at);
        let known = visit.items.iter().position(|one| *one == item);
        if let Some(place) = known {
            visit.items.remove(place);
        }
        let earlier = visit.items.clone();
        visit.items.insert(0, item);
        visit.items.truncate(VISIT_ITEMS);
        (known.is_none(), earlier)
    }

    /// Whether visits were ended before their time, because more than [`VISITS`] were open.
    pub fn have_ended_early(&self) -> bool {
        self.has_ended_early
    }

    /// Ends the older half of the visits.
    fn shrink(&mut self) {
        self.has_ended_early = true;
        let mut all: Vec<(u64, K)> =
            self.open.iter().map(|(key, visit)| (visit.at, *key)).collect();
        all.sort_unstable();
        for (_, key) in all.iter().take(all.len() / 2) {
            self.open.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(place: u32) -> ItemRef {
        ItemRef { place, generation: 0 }
    }

    #[test]
    fn a_visit_ends_with_a_pause() {
        let mut visits = Visits::default();
        assert_eq!(visits.add(1, item(1), 1_000_000_000), (true, vec![]));
        assert_eq!(visits.add(1, item(2), 1_000_000_000 + VISIT_MS), (true, vec![item(1)]));
        assert_eq!(visits.add(2, item(3), 1_000_000_000), (true, vec![]), "another visitor");
        // An item that is opened again is the latest one, and counts no second time.
        assert_eq!(visits.add(1, item(1), 1_000_000_000 + VISIT_MS), (false, vec![item(2)]));
        assert_eq!(visits.add(1, item(4), 999_999_000), (true, vec![]), "much older");
        let later = 1_000_000_001 + 2 * VISIT_MS;
        assert_eq!(visits.add(1, item(4), later), (true, vec![]), "the next visit");
        assert_eq!(visits.add(1, item(5), later), (true, vec![item(4)]));
    }

    #[test]
    fn a_visit_that_is_over_is_not_kept() {
        let mut visits = Visits::default();
        let begin = 1_000_000_000;
        visits.add(1, item(1), begin);
        visits.add(2, item(1), begin + VISIT_MS / 2);
        assert_eq!(visits.open.len(), 2);
        visits.add(3, item(1), begin + VISIT_MS + 1);
        assert_eq!(visits.open.len(), 2, "the first is over");
        visits.add(3, item(1), begin + 2 * VISIT_MS + 1);
        assert_eq!(visits.open.len(), 1);
        assert!(!visits.have_ended_early());
    }

    #[test]
    fn the_number_of_visits_and_of_their_items_is_bounded() {
        let mut visits = Visits::default();
        for n in 0..1000 {
            visits.add(0, item(n), 0);
        }
        assert_eq!(visits.add(0, item(1000), 0).1.len(), VISIT_ITEMS);
        for n in 0..3 * VISITS as u64 {
            visits.add(n, item(1), n);
        }
        assert!(visits.open.len() <= VISITS && visits.have_ended_early());
        let latest = 3 * VISITS as u64 - 1;
        assert_eq!(visits.add(latest, item(2), latest), (true, vec![item(1)]), "the latest stay");
    }
}
