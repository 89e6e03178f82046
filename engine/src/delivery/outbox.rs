//! The page's outbox in `localStorage`: what is not delivered yet, in entries that outlive the page.
//!
//! There is one entry for each pending event, or for the batch that it went into, so that an event costs one small write.
//! `entry` has the text of an entry.

use crate::effect::Effect;
use crate::number::whole;
use crate::text::{concat, parse_whole, split_once};

/// The keys of all outboxes begin with it.
pub const PREFIX: &str = "reco_o_";
/// The entry that something has in the outbox: the number in its key, or 0 if it has none; and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The number in its key.
    pub number: u32,
    bytes: u32,
}

impl Slot {
    /// Whether there is an entry.
    pub fn is_stored(self) -> bool {
        self.number > 0
    }
}

/// The page's outbox.
#[derive(Debug)]
pub struct Outbox {
    /// Its name, which no other page has.
    pub instance: String,
    /// Whether anything may be written.
    pub on: bool,
    /// The number of the last entry.
    numbers: u32,
    bytes: u32,
    most: u32,
    /// Entries up to this number that could not be written are tried again, as room was made after them.
    tried_again: u32,
}

impl Outbox {
    /// An empty outbox of at most this many bytes, in which nothing may be written yet.
    pub fn new(instance: String, most: u32) -> Self {
        Self { instance, on: false, numbers: 0, bytes: 0, most, tried_again: 0 }
    }

    /// Deletes every entry of every page, and writes nothing from now on.
    pub fn erase(&mut self, out: &mut Vec<Effect>) {
        out.push(Effect::Remove(PREFIX.to_owned()));
        (self.on, self.bytes) = (false, 0);
    }

    /// Continues under another name, empty.
    pub fn rename(&mut self, instance: String) {
        (self.instance, self.bytes) = (instance, 0);
    }

    /// Whether a text of this size would be stored.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.on && self.bytes as usize + bytes <= self.most as usize
    }

    /// Writes an entry in place of the one in this slot. Where there is no room, or nothing may be stored, the slot is empty afterwards.
    pub fn store(&mut self, slot: &mut Slot, text: String, out: &mut Vec<Effect>) {
        let others = self.bytes.saturating_sub(slot.bytes);
        let bytes = text.len() as u32;
        if !self.on || others + bytes > self.most {
            return self.remove(slot, out);
        }
        if !slot.is_stored() {
            self.numbers += 1;
            slot.number = self.numbers;
        }
        slot.bytes = bytes;
        self.bytes = others + bytes;
        out.push(Effect::Store(self.key(*slot), text));
    }

    /// Deletes the entry in this slot.
    pub fn remove(&mut self, slot: &mut Slot, out: &mut Vec<Effect>) {
        if slot.is_stored() {
            self.bytes = self.bytes.saturating_sub(slot.bytes);
            out.push(Effect::Remove(self.key(*slot)));
            *slot = Slot::default();
        }
    }

    /// Every entry so far was written before the one that it replaces was deleted, so one that failed for lack of room is tried again.
    pub fn made_room(&mut self) {
        self.tried_again = self.numbers;
    }

    /// The entry in this slot could not be written: the outbox gets no larger than it is now.
    pub fn shrink_to_fit(&mut self, slot: &mut Slot, out: &mut Vec<Effect>) {
        let number = slot.number;
        self.remove(slot, out);
        if number > self.tried_again {
            self.most = self.bytes;
        }
    }

    fn key(&self, slot: Slot) -> String {
        concat(&[PREFIX, &self.instance, "_", &whole(slot.number.into())])
    }
}

/// The number in a key; 0 where there is none.
pub fn number_of(key: &str) -> u32 {
    let digits = key.get(PREFIX.len()..).and_then(|rest| split_once(rest, b'_'));
    digits.and_then(|(_, digits)| parse_whole(digits)).unwrap_or_default() as u32
}
