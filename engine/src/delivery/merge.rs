//! Finds the pending event that a new one is merged with, without a scan.

use crate::event::{Field, Kind};
use crate::hash::hash;
use crate::record::Record;

/// Maps the hash of the fields that merged events have in common to the serial number of the last
/// such event.
///
/// A hash table with open addressing, because the one of `std` would make the module a tenth
/// larger. Events that have left the queue stay in it until it is rebuilt.
#[derive(Debug, Default)]
pub struct MergeIndex {
    slots: Vec<Option<(u64, u32)>>,
    used: usize,
}

impl MergeIndex {
    const LEAST: usize = 16;

    /// The last serial number for this key.
    pub fn find(&self, key: u64) -> Option<u32> {
        let (_, serial) = (*self.slots.get(self.find_slot(key)?)?)?;
        Some(serial)
    }

    /// Adds an event. Events with a serial number before `first` are no longer pending.
    pub fn note(&mut self, key: u64, serial: u32, first: u32) {
        if self.slots.len() < 2 * (self.used + 1) {
            let old = std::mem::take(&mut self.slots);
            let kept = |slot: &Option<(u64, u32)>| slot.is_some_and(|(_, serial)| serial >= first);
            self.used = old.iter().filter(|slot| kept(slot)).count();
            let size = (4 * (self.used + 1)).next_power_of_two().max(Self::LEAST);
            self.slots = vec![None; size];
            for (key, serial) in old.into_iter().filter(kept).flatten() {
                self.set(key, serial);
            }
        }
        self.used += usize::from(self.set(key, serial));
    }

    /// Returns whether the key is new.
    fn set(&mut self, key: u64, serial: u32) -> bool {
        let slot = self.find_slot(key).and_then(|index| self.slots.get_mut(index));
        slot.is_some_and(|slot| slot.replace((key, serial)).is_none())
    }

    /// The slot of a key, or the free slot for it.
    fn find_slot(&self, key: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut index = key as usize & mask;
        while let Some(Some((other, _))) = self.slots.get(index) {
            if *other == key {
                break;
            }
            index = (index + 1) & mask;
        }
        Some(index)
    }
}

/// The hash of the fields that two merged events must have in common. `None` if such an event is
/// never merged.
pub fn key(record: &Record) -> Option<u64> {
    let event = &record.event;
    let of = match event.kind() {
        Kind::Consume => event.get(Field::ItemId)?,
        Kind::Rendered => event.get(Field::Scenario).unwrap_or_default(),
        _ => return None,
    };
    let variant = event.get(Field::Variant).unwrap_or_default();
    let item_type = event.get(Field::ItemType).unwrap_or_default();
    let user = record.user.as_ref().map_or("", |id| id.as_str());
    let anonymous = record.anonymous.as_ref().map_or("", |id| id.as_str());
    Some(hash(&[event.kind().name(), user, anonymous, item_type, of, variant]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_of_a_key_is_found() {
        let mut index = MergeIndex::default();
        for serial in 1..=100 {
            index.note(u64::from(serial % 7), serial, 1);
        }
        assert_eq!(index.find(3), Some(94));
        assert_eq!(index.find(9), None);
    }

    #[test]
    fn events_that_left_the_queue_take_no_room() {
        let mut index = MergeIndex::default();
        for serial in 1..=100_000 {
            index.note(u64::from(serial), serial, serial.saturating_sub(10));
        }
        assert!(index.slots.len() <= 64, "{} slots for 10 events", index.slots.len());
        assert_eq!(index.find(100_000), Some(100_000));
    }
}
