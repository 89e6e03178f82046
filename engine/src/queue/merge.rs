//! Which event that waits another one is joined with, found without looking at all of them.

use super::batch::PendingEvent;
use crate::event::{Field, Kind};
use crate::hash::hash;
use crate::record::Record;
use std::collections::VecDeque;

/// By the hash of what two events have in common that are joined: the serial number of the last one that waits.
///
/// A table with open addressing, as `std`'s would be a tenth of the module. What has gone from the queue stays in it until it is made anew.
#[derive(Debug, Default)]
pub struct MergeIndex {
    slots: Vec<Option<(u64, u32)>>,
    used: usize,
}

impl MergeIndex {
    const LEAST: usize = 16;

    /// The serial number that was noted last.
    pub fn find(&self, key: u64) -> Option<u32> {
        let (_, serial) = (*self.slots.get(self.find_slot(key)?)?)?;
        Some(serial)
    }

    /// Notes an event. Those before the serial number `first` wait no more.
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

    /// Says whether the key is new.
    fn set(&mut self, key: u64, serial: u32) -> bool {
        let slot = self.find_slot(key).and_then(|index| self.slots.get_mut(index));
        slot.is_some_and(|slot| slot.replace((key, serial)).is_none())
    }

    /// Where a key is, or could be.
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

/// What two events have in common that can be joined; none where no event is joined with such a one.
pub fn key(record: &Record) -> Option<u64> {
    let event = &record.event;
    let of = match event.kind() {
        Kind::Consume => event.get(Field::ItemId)?,
        Kind::Rendered => event.get(Field::Scenario).unwrap_or_default(),
        _ => return None,
    };
    let item_type = event.get(Field::ItemType).unwrap_or_default();
    let user = record.user.as_ref().map_or("", |id| id.as_str());
    let anonymous = record.anonymous.as_ref().map_or("", |id| id.as_str());
    Some(hash(&[event.kind().name(), user, anonymous, item_type, of]))
}

/// The event of this serial number, where it still waits.
pub fn with_serial(
    pending: &mut VecDeque<Box<PendingEvent>>,
    serial: u32,
) -> Option<&mut PendingEvent> {
    let index = pending.binary_search_by_key(&serial, |event| event.serial).ok()?;
    pending.get_mut(index).map(|event| &mut **event)
}
