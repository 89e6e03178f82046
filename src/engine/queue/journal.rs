//! The outbox: what waits and what was sent without an answer, as texts that outlive the page.
//!
//! One text for each event that waits, or for the parcel that it went into, so that an event costs one
//! small write: `<checksum> <destination> <stream> <seq> <made at>`, and a line `<kind> <at> <weight>
//! <encoded>` for each event. An event that waits has 0 for the time; its number is the next parcel's.

use super::parcel::Waiting;
use crate::engine::effect::Effect;
use crate::engine::event::Kind;
use crate::engine::limits::Limits;
use crate::engine::number::{push_whole, whole};
use crate::engine::remember::hash;
use crate::engine::text::{concat, parse_whole, split_once};

/// What every key of every outbox begins with.
pub const PREFIX: &str = "reco_o_";
/// Texts of another form are other pages' business; part of every checksum.
const FORM: &str = "1";

/// Where something stands in the outbox: the number in its key, 0 for nowhere; and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    number: u64,
    bytes: usize,
}

impl Place {
    /// Whether it stands there at all.
    pub fn is_kept(self) -> bool {
        self.number > 0
    }

    /// The number in its key.
    pub fn number(self) -> u64 {
        self.number
    }

    /// Whether it stands under one of these numbers, or nowhere.
    pub fn is_among(self, numbers: &[u64]) -> bool {
        !self.is_kept() || numbers.contains(&self.number)
    }
}

/// The page's outbox.
#[derive(Debug)]
pub struct Journal {
    /// Its name: no other page has the same.
    pub instance: String,
    /// Whether anything may be written.
    pub on: bool,
    numbers: u64,
    bytes: usize,
    most: usize,
}

impl Journal {
    /// An empty one, in which nothing may be written yet.
    pub fn new(instance: String) -> Self {
        Self { instance, on: false, numbers: 0, bytes: 0, most: Limits::OUTBOX_BYTES }
    }

    /// Everything that it had is gone.
    pub fn erase(&mut self, out: &mut Vec<Effect>) {
        out.push(Effect::Forget(PREFIX.to_owned()));
        (self.on, self.bytes) = (false, 0);
    }

    /// Goes on under another name, empty.
    pub fn rename(&mut self, instance: String) {
        (self.instance, self.bytes) = (instance, 0);
    }

    /// Whether a text of this size would be kept.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.on && self.bytes + bytes <= self.most
    }

    /// Writes a text, instead of the one that stands in this place. What has no room, or must not be
    /// stored, is nowhere.
    pub fn keep(&mut self, place: &mut Place, text: String, out: &mut Vec<Effect>) {
        let others = self.bytes.saturating_sub(place.bytes);
        if !self.on || others + text.len() > self.most {
            return self.forget(place, out);
        }
        if !place.is_kept() {
            self.numbers += 1;
            place.number = self.numbers;
        }
        place.bytes = text.len();
        self.bytes = others + place.bytes;
        out.push(Effect::Keep(self.key(*place), text));
    }

    /// Deletes what stands in this place.
    pub fn forget(&mut self, place: &mut Place, out: &mut Vec<Effect>) {
        if place.is_kept() {
            self.bytes = self.bytes.saturating_sub(place.bytes);
            out.push(Effect::Forget(self.key(*place)));
            *place = Place::default();
        }
    }

    /// What stands in this place could not be written: there is no more room than is taken.
    pub fn fill(&mut self, place: &mut Place, out: &mut Vec<Effect>) {
        self.forget(place, out);
        self.most = self.bytes;
    }

    fn key(&self, place: Place) -> String {
        concat(&[PREFIX, &self.instance, "_", &whole(place.number)])
    }
}

/// The number in a key; 0 where there is none.
pub fn number_of(key: &str) -> u64 {
    let mut rest = key;
    while let Some((_, behind)) = split_once(rest, b'_') {
        rest = behind;
    }
    parse_whole(rest).unwrap_or_default()
}

/// What one text says.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Short for the destination.
    pub destination: &'a str,
    /// The stream,
    pub stream: &'a str,
    /// the parcel's number in it, or the next parcel's.
    pub seq: u64,
    /// When the parcel was made; 0 for an event that waits.
    pub made_at: u64,
    /// The events, at least one.
    pub events: Vec<Waiting>,
}

/// A text for these events.
pub fn write(
    destination: &str,
    stream: &str,
    seq: u64,
    made_at: u64,
    events: &[Waiting],
) -> String {
    let mut text = concat(&[destination, " ", stream, " ", &whole(seq), " ", &whole(made_at)]);
    for event in events {
        text.push('\n');
        text.push_str(event.kind.name());
        for number in [event.at, event.weight.into()] {
            text.push(' ');
            push_whole(&mut text, number);
        }
        text.push(' ');
        text.push_str(&event.encoded);
    }
    concat(&[&whole(hash(&[FORM, &text])), " ", &text])
}

/// What a text says; none where it is damaged.
pub fn read(text: &str) -> Option<Entry<'_>> {
    let (sum, text) = split_once(text, b' ')?;
    if parse_whole(sum)? != hash(&[FORM, text]) {
        return None;
    }
    let (head, mut rest) = split_once(text, b'\n')?;
    let (destination, head) = split_once(head, b' ')?;
    let (stream, head) = split_once(head, b' ')?;
    let (seq, made_at) = split_once(head, b' ')?;
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (line, more) = split_once(rest, b'\n').unwrap_or((rest, ""));
        let (kind, line) = split_once(line, b' ')?;
        let (at, line) = split_once(line, b' ')?;
        let (weight, encoded) = split_once(line, b' ')?;
        events.push(Waiting {
            record: None,
            kind: Kind::from_name(kind)?,
            at: parse_whole(at)?,
            encoded: encoded.to_owned(),
            weight: parse_whole(weight)? as u32,
            place: Place::default(),
        });
        rest = more;
    }
    let (seq, made_at) = (parse_whole(seq)?, parse_whole(made_at)?);
    (!events.is_empty()).then_some(Entry { destination, stream, seq, made_at, events })
}
