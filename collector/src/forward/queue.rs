//! From the events of a batch to entries of the queue.

use super::content::{self, Content};
use super::seal::{Place, Seals};
use super::visitor::Visitor;
use crate::destination::Destination;
use crate::event::{Entry, NewEvent};
use crate::minutely::Minutely;
use recobeacon_engine::error::{Error, ErrorCode};
use recobeacon_engine::id::letters;
use recobeacon_engine::limits::Limits as Tracker;
use recobeacon_engine::protocol::{BatchShape, Protocol};
use recobeacon_engine::record::Record;
use recobeacon_engine::rules::session_id;
use std::sync::Arc;

/// So many different characters, as in the tracker, that 128 bits fill a session.
const SESSION_BASE: u32 = 20;

/// Makes entries.
#[derive(Debug)]
pub struct Queue {
    destinations: Vec<Arc<Destination>>,
    seals: Arc<Seals>,
    lines: Minutely,
}

impl Queue {
    /// For these destinations.
    pub fn new(destinations: Vec<Arc<Destination>>, seals: Arc<Seals>) -> Self {
        Self { destinations, seals, lines: Minutely::default() }
    }

    /// The entries for the events of one batch of this stream.
    pub fn entries(
        &self,
        stream: &str,
        events: &[NewEvent],
        visitor: &Visitor,
        received_at: u64,
    ) -> Vec<Entry> {
        let mut entries = Vec::new();
        if self.destinations.is_empty() {
            return entries;
        }
        for (place, event) in events.iter().enumerate() {
            let Some(record) = content::record(event, None) else { continue };
            for destination in &self.destinations {
                let mut record = record.clone();
                if destination.protocol.has_sessions() {
                    record.session = Some(self.session(event, stream).into());
                }
                let mut records = Vec::new();
                if let Err(error) = pieces(&destination.protocol, record, &mut records) {
                    self.tell(destination, &error);
                    continue;
                }
                for (piece, record) in (0..).zip(records) {
                    let sealed = self.sealed(destination, &record, piece, visitor);
                    let entry =
                        self.entry(destination, event, (stream, place, piece), sealed, received_at);
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn entry(
        &self,
        destination: &Destination,
        event: &NewEvent,
        (stream, place, piece): (&str, usize, u32),
        sealed: Option<(u32, Vec<u8>)>,
        received_at: u64,
    ) -> Entry {
        // As in the tracker, the age of an event counts, not its time of waiting here.
        let expires_at = event.at.min(received_at).saturating_add(destination.max_age_ms);
        let fresh = expires_at > received_at;
        Entry {
            place,
            destination: Arc::clone(&destination.name),
            piece,
            kind: event.kind,
            visitor: fresh.then(|| visitor(event, stream)),
            at: event.at,
            expires_at,
            most: destination.max_events,
            sealed: sealed.filter(|_| fresh),
        }
    }

    fn sealed(
        &self,
        destination: &Destination,
        record: &Record,
        piece: u32,
        visitor: &Visitor,
    ) -> Option<(u32, Vec<u8>)> {
        let visitor = Visitor {
            address: visitor.address.clone().filter(|_| destination.visitor_address),
            agent: visitor.agent.clone().filter(|_| destination.visitor_agent),
        };
        let place = Place { destination: &destination.name, event: &record.id, piece };
        self.seals.seal(&place, &Content::of(record, visitor)?.write()?)
    }

    /// FACT-Finder's session: the page's, otherwise one made of the visitor and the day. Events
    /// without a visitor have one that cannot be linked beyond their page.
    fn session(&self, event: &NewEvent, stream: &str) -> String {
        let ids = &event.ids;
        if let Some(id) = ids.session.as_ref().filter(|id| session_id(id.as_str())) {
            return id.as_str().to_owned();
        }
        let of = match ids.anonymous.as_ref().or(ids.user.as_ref()) {
            Some(id) => format!("visitor {} {}", event.at / Tracker::DAY_MS, id.as_str()),
            None => format!("page {stream}"),
        };
        letters(self.seals.session_bits(&of), SESSION_BASE, Tracker::SESSION_LETTERS)
    }

    /// Logs an event that the vendor's rules refuse. That the vendor has no such event is no news.
    fn tell(&self, destination: &Destination, error: &Error) {
        if error.code != ErrorCode::UnsupportedEvent
            && let Some(times) = self.lines.due()
        {
            let name = &destination.name;
            tracing::warn!(
                "forward {name}: {error}; such events are stored and not forwarded \
                 ({times} since the last line)"
            );
        }
    }
}

/// The visitor whose events keep their order. A login has both ids, so the events before and after
/// it have the same visitor. Without an id, the events of a page keep their order.
fn visitor(event: &NewEvent, stream: &str) -> String {
    let id = event.anonymous.clone().or_else(|| event.user.clone());
    id.unwrap_or_else(|| format!("page {stream}"))
}

/// Splits an event into as many records as the vendor's requests need. Most events need one.
fn pieces(protocol: &Protocol, record: Record, out: &mut Vec<Record>) -> Result<(), Error> {
    let encoded = protocol.encode(&record, &mut Vec::new())?;
    if protocol.fits(&encoded) {
        out.push(record);
        return Ok(());
    }
    let halves = if protocol.batch_shape() == BatchShape::Single { record.halves() } else { None };
    let Some((first, second)) = halves else {
        let kind = record.event.kind().name().to_owned();
        return Err(Error { code: ErrorCode::OutOfRange, field: kind, detail: "is too long" });
    };
    pieces(protocol, first, out)?;
    pieces(protocol, second, out)
}
