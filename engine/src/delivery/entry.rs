//! The text format of an outbox entry.
//!
//! `<checksum> <destination> <stream> <seq> <made at> `, then for each event `<kind> <at>
//! <deliveries> <encoded>` and a line feed. Older and newer versions of the tracker share the
//! outbox, so a changed format needs a new version (`FORM`).

use super::outbox::Slot;
use super::stream::{Events, PendingEvent, StreamId};
use crate::event::Kind;
use crate::hash::hash;
use crate::limits::Limits;
use crate::number::{push_whole, whole};
use crate::text::{concat, parse_whole, split_once};

/// The version of the format. It is part of every checksum, so that a text in another format counts
/// as damaged.
const FORM: &str = "1";

/// One entry of an outbox.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The key of the destination.
    pub destination: &'a str,
    /// The stream.
    pub stream: &'a str,
    /// The batch's number in the stream. For a pending event: the number of the next batch.
    pub seq: u64,
    /// The time when the batch was made, in milliseconds since the Unix epoch. 0 for a pending
    /// event.
    pub made_at: u64,
    /// The events, at least one.
    pub events: Events,
}

/// Writes the text of an entry.
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

/// Half of a hash, which suffices to detect damage.
fn checksum(text: &str) -> u64 {
    hash(&[FORM, text]) >> 32
}

fn push_numbers(text: &mut String, one: u64, other: u64) {
    for number in [one, other] {
        push_whole(text, number);
        text.push(' ');
    }
}

/// Reads a text. Returns `None` if it is damaged.
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
            // An event stands for one delivery at most.
            deliveries: u32::from(number(&mut rest)? > 0),
            encoded: cut(&mut rest, b'\n')?.to_owned(),
            slot: Slot::default(),
            seq: 0,
            serial: 0,
        }));
    }
    (!events.is_empty()).then_some(Entry { destination, stream, seq, made_at, events })
}

/// The destination in a text, which may be damaged further on.
pub fn destination(text: &str) -> Option<&str> {
    let (_, rest) = split_once(text, b' ')?;
    split_once(rest, b' ').map(|(destination, _)| destination)
}

/// The estimated number of events in a damaged text, by its line ends.
pub fn count(text: &str) -> u32 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count();
    ends.max(1) as u32
}

/// Removes the part before this byte from the text and returns it.
fn cut<'a>(rest: &mut &'a str, end: u8) -> Option<&'a str> {
    let (part, behind) = split_once(rest, end)?;
    *rest = behind;
    Some(part)
}

/// A larger number comes from no tracker, and would overflow in sums.
fn number(rest: &mut &str) -> Option<u64> {
    parse_whole(cut(rest, b' ')?).filter(|number| *number <= Limits::SAFE_INTEGER)
}
