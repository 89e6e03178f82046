//! The text of an outbox entry.
//!
//! `<checksum> <destination> <stream> <seq> <made at> `, then for each event `<kind> <at> <deliveries> <encoded>` and a line feed.
//! An older version of the tracker may have written it and a newer one may read it, so a new form needs a new version (`FORM`).

use super::outbox::Slot;
use super::stream::{Events, PendingEvent, StreamId};
use crate::event::Kind;
use crate::hash::hash;
use crate::number::{push_whole, whole};
use crate::text::{concat, parse_whole, split_once};

/// The version of the form. It is part of every checksum, so that a text of another form counts as damaged.
const FORM: &str = "1";

/// One entry of an outbox.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The key of the destination.
    pub destination: &'a str,
    /// The stream.
    pub stream: &'a str,
    /// The number of the batch in the stream; of a pending event, the number of the next batch.
    pub seq: u64,
    /// When the batch was made, in milliseconds since the Unix epoch; 0 for a pending event.
    pub made_at: u64,
    /// The events, at least one.
    pub events: Events,
}

/// The text of an entry.
pub fn write(
    stream: &StreamId,
    seq: u64,
    made_at: u64,
    events: &mut dyn Iterator<Item = &PendingEvent>,
) -> String {
    let mut text = concat(&[&stream.destination, " ", &stream.name, " "]);
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

/// Half of a hash, which is enough to detect damage.
fn checksum(text: &str) -> u64 {
    hash(&[FORM, text]) >> 32
}

fn push_numbers(text: &mut String, one: u64, other: u64) {
    for number in [one, other] {
        push_whole(text, number);
        text.push(' ');
    }
}

/// Reads a text; none if it is damaged.
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
