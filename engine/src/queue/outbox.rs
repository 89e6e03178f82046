//! The outbox: what waits and what was sent without an answer, as texts that outlive the page.
//!
//! One text for each event that waits, or for the batch that it went into, so that an event costs one
//! small write: `<checksum> <destination> <stream> <seq> <made at> `, and `<kind> <at> <deliveries> <encoded>` and
//! the end of a line for each event. An event that waits has 0 for the time; its number is the next batch's.

use super::batch::{Events, PendingEvent};
use crate::effect::Effect;
use crate::event::Kind;
use crate::hash::hash;
use crate::number::{push_whole, whole};
use crate::text::{concat, parse_whole, split_once};

/// What every key of every outbox begins with.
pub const PREFIX: &str = "reco_o_";
/// Texts of another form are other pages' business; part of every checksum.
const FORM: &str = "1";

/// Where something stands in the outbox: the number in its key, 0 for nowhere; and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The number in its key.
    pub number: u32,
    bytes: u32,
}

impl Slot {
    /// Whether it stands there at all.
    pub fn is_kept(self) -> bool {
        self.number > 0
    }
}

/// The page's outbox.
#[derive(Debug)]
pub struct Outbox {
    /// Its name: no other page has the same.
    pub instance: String,
    /// Whether anything may be written.
    pub on: bool,
    numbers: u32,
    bytes: u32,
    most: u32,
    /// Texts up to this number that could not be written are tried again: room was made after them.
    tried_again: u32,
}

impl Outbox {
    /// An empty one of so many bytes at most, in which nothing may be written yet.
    pub fn new(instance: String, most: u32) -> Self {
        Self { instance, on: false, numbers: 0, bytes: 0, most, tried_again: 0 }
    }

    /// Everything that it had is gone.
    pub fn erase(&mut self, out: &mut Vec<Effect>) {
        out.push(Effect::Remove(PREFIX.to_owned()));
        (self.on, self.bytes) = (false, 0);
    }

    /// Goes on under another name, empty.
    pub fn rename(&mut self, instance: String) {
        (self.instance, self.bytes) = (instance, 0);
    }

    /// Whether a text of this size would be kept.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.on && self.bytes as usize + bytes <= self.most as usize
    }

    /// Writes a text, instead of the one that stands in this slot. What has no room, or must not be
    /// stored, is nowhere.
    pub fn keep(&mut self, slot: &mut Slot, text: String, out: &mut Vec<Effect>) {
        let others = self.bytes.saturating_sub(slot.bytes);
        let bytes = text.len() as u32;
        if !self.on || others + bytes > self.most {
            return self.forget(slot, out);
        }
        if !slot.is_kept() {
            self.numbers += 1;
            slot.number = self.numbers;
        }
        slot.bytes = bytes;
        self.bytes = others + bytes;
        out.push(Effect::Store(self.key(*slot), text));
    }

    /// Deletes what stands in this slot.
    pub fn forget(&mut self, slot: &mut Slot, out: &mut Vec<Effect>) {
        if slot.is_kept() {
            self.bytes = self.bytes.saturating_sub(slot.bytes);
            out.push(Effect::Remove(self.key(*slot)));
            *slot = Slot::default();
        }
    }

    /// Each text so far was written before another was deleted that had the same.
    pub fn made_room(&mut self) {
        self.tried_again = self.numbers;
    }

    /// What stands in this slot could not be written: there is no more room than is taken.
    pub fn shrink_to_fit(&mut self, slot: &mut Slot, out: &mut Vec<Effect>) {
        let number = slot.number;
        self.forget(slot, out);
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

/// What one text says.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Short for the destination.
    pub destination: &'a str,
    /// The stream,
    pub stream: &'a str,
    /// the batch's number in it, or the next batch's.
    pub seq: u64,
    /// When the batch was made; 0 for an event that waits.
    pub made_at: u64,
    /// The events, at least one.
    pub events: Events,
}

/// A text for these events.
pub fn write(
    destination: &str,
    stream: &str,
    seq: u64,
    made_at: u64,
    events: &mut dyn Iterator<Item = &PendingEvent>,
) -> String {
    let mut text = concat(&[destination, " ", stream, " "]);
    push_numbers(&mut text, seq, made_at);
    for event in events {
        text.push_str(event.kind.name());
        text.push(' ');
        push_numbers(&mut text, event.at, event.deliveries.into());
        text.push_str(&event.encoded);
        text.push('\n');
    }
    concat(&[&whole(checksum(&text)), " ", &text])
}

/// Half of a hash: it need not tell more than damage.
fn checksum(text: &str) -> u64 {
    hash(&[FORM, text]) >> 32
}

fn push_numbers(text: &mut String, one: u64, other: u64) {
    for number in [one, other] {
        push_whole(text, number);
        text.push(' ');
    }
}

/// What a text says; none where it is damaged.
pub fn read(text: &str) -> Option<Entry<'_>> {
    let mut rest = text;
    if number(&mut rest)? != checksum(rest) {
        return None;
    }
    let (destination, stream) = (cut(&mut rest, b' ')?, cut(&mut rest, b' ')?);
    let (seq, made_at) = (number(&mut rest)?, number(&mut rest)?);
    let mut events = Vec::new();
    while !rest.is_empty() {
        events.push(Box::new(PendingEvent {
            record: None,
            kind: Kind::from_name(cut(&mut rest, b' ')?)?,
            at: number(&mut rest)?,
            deliveries: number(&mut rest)? as u32,
            encoded: cut(&mut rest, b'\n')?.to_owned(),
            slot: Slot::default(),
            seq: 0,
            serial: 0,
        }));
    }
    (!events.is_empty()).then_some(Entry { destination, stream, seq, made_at, events })
}

/// The destination that a text names, also where it is damaged further on.
pub fn destination(text: &str) -> Option<&str> {
    let (_, rest) = split_once(text, b' ')?;
    split_once(rest, b' ').map(|(destination, _)| destination)
}

/// How many events a damaged text had, as far as can be told: each ended with the end of a line.
pub fn count(text: &str) -> u32 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count();
    ends.max(1) as u32
}

/// Takes a part off the text, up to this byte.
fn cut<'a>(rest: &mut &'a str, end: u8) -> Option<&'a str> {
    let (part, behind) = split_once(rest, end)?;
    *rest = behind;
    Some(part)
}

fn number(rest: &mut &str) -> Option<u64> {
    parse_whole(cut(rest, b' ')?)
}
