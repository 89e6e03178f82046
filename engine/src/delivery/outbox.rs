//! The page's outbox in `localStorage`: undelivered events, in entries that outlive the page.
//!
//! Each pending event has an entry until its batch has one, so that an event costs one small write.
//! `entry` has the text format.

use crate::effect::Effect;
use crate::number::whole;
use crate::text::{concat, parse_whole, split_once};

/// The prefix of the keys of all outboxes.
pub const PREFIX: &str = "reco_o_";
/// The outbox entry of an event or a batch: the number in its key, or 0 without an entry, and its
/// size.
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
    /// Its name, unique for each page.
    pub instance: String,
    /// Whether anything may be written.
    pub on: bool,
    /// The number of the last entry.
    numbers: u32,
    bytes: u32,
    most: u32,
    /// Entries up to this number are tried again if they could not be written, because room was
    /// made after them.
    tried_again: u32,
}

impl Outbox {
    /// Makes an empty outbox of at most this many bytes. Nothing may be written yet.
    pub fn new(instance: String, most: u32) -> Self {
        Self { instance, on: false, numbers: 0, bytes: 0, most, tried_again: 0 }
    }

    /// The entries of all pages were erased. Writes nothing from now on.
    pub fn close(&mut self) {
        (self.on, self.bytes) = (false, 0);
    }

    /// Continues as an empty outbox under another name.
    pub fn rename(&mut self, instance: String) {
        (self.instance, self.bytes) = (instance, 0);
    }

    /// Whether a text of this size fits.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.on && self.bytes as usize + bytes <= self.most as usize
    }

    /// Writes an entry in place of the one in this slot. Without room or permission the slot is
    /// empty afterwards.
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

    /// An entry is written before the one that it replaces is deleted. Entries that failed for lack
    /// of room are therefore tried again.
    pub fn made_room(&mut self) {
        self.tried_again = self.numbers;
    }

    /// The entry in this slot could not be written: limits the outbox to its present size.
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

/// The number in a key, or 0.
pub fn number_of(key: &str) -> u32 {
    let digits = key.get(PREFIX.len()..).and_then(|rest| split_once(rest, b'_'));
    digits.and_then(|(_, digits)| parse_whole(digits)).unwrap_or_default() as u32
}
