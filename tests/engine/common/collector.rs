//! A collector for the engine's tests: it stores every event once and counts duplicates.

use super::{Page, decoded};
use recobeacon_engine::effect::Send;
use recobeacon_engine::request::Request;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Shared by the pages that send to it.
#[derive(Clone, Default)]
pub struct Collector(Rc<RefCell<Stored>>);

#[derive(Default)]
struct Stored {
    /// By event id: the event, and how often it arrived.
    events: BTreeMap<String, (Event, u32)>,
}

/// The stored fields of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub item: String,
    pub stream: String,
    pub seq: u64,
    pub place: usize,
}

impl Collector {
    /// Stores a request's events and drops duplicates.
    pub fn take(&self, send: &Send) {
        let (stream, seq) = self.store(&send.request);
        assert!(decoded(&send.request.url).ends_with(&format!("b={stream}.{seq}")));
    }

    /// Stores the requests that the browser sends when the page's process ends.
    pub fn take_later_requests(&self, page: &Page) {
        for request in page.later_requests.values() {
            self.store(request);
            assert!(!request.url.contains("b="), "its arrival must acknowledge no batch");
        }
    }

    fn store(&self, request: &Request) -> (String, u64) {
        let body = request.body.as_deref().expect("a batch");
        let batch: Json = serde_json::from_str(body).expect("JSON");
        let stream = batch["stream"].as_str().unwrap().to_owned();
        let seq = batch["seq"].as_u64().unwrap();
        for (place, event) in batch["events"].as_array().unwrap().iter().enumerate() {
            let item = event["itemId"].as_str().unwrap_or_default().to_owned();
            let stored = Event { item, stream: stream.clone(), seq, place };
            let id = event["id"].as_str().unwrap().to_owned();
            self.0.borrow_mut().events.entry(id).or_insert((stored, 0)).1 += 1;
        }
        (stream, seq)
    }

    /// The stored items in the order of their event ids.
    pub fn items(&self) -> Vec<String> {
        self.0.borrow().events.values().map(|(event, _)| event.item.clone()).collect()
    }

    /// The stored events in the documented order: stream, batch, place.
    pub fn by_place(&self) -> Vec<Event> {
        let mut events: Vec<Event> =
            self.0.borrow().events.values().map(|(event, _)| event.clone()).collect();
        events.sort_by(|a, b| (&a.stream, a.seq, a.place).cmp(&(&b.stream, b.seq, b.place)));
        events
    }

    /// The number of duplicates.
    pub fn copies(&self) -> u32 {
        self.0.borrow().events.values().map(|(_, times)| times - 1).sum()
    }
}
