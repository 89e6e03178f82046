//! What a queue is made of.

use crate::engine::effect::Via;
use crate::engine::protocol::Request;
use crate::engine::record::Record;
use std::rc::Rc;

/// An event that waits.
#[derive(Debug)]
pub struct Waiting {
    /// The event; other queues may have it too.
    pub record: Rc<Record>,
    /// The same in the destination's words.
    pub encoded: String,
    /// How many deliveries it stands for: 1, or 0 for a piece whose last piece does.
    pub weight: u32,
}

/// How many deliveries these events stand for.
pub fn weigh(events: &[Waiting]) -> u32 {
    let mut weight = 0;
    for event in events {
        weight += event.weight;
    }
    weight
}

/// A request and the events in it. Sent again, it keeps its bytes.
#[derive(Debug)]
pub struct Parcel {
    /// By this number its outcome is told.
    pub id: u32,
    /// The request.
    pub request: Rc<Request>,
    /// The events in it.
    pub events: Vec<Waiting>,
    /// How it went last.
    pub via: Via,
    /// As a beacon the browser refused it, so it went the other way.
    pub refused: bool,
}
