//! What every request must be, whatever it carries; [`super::Page`] checks each that is sent.

use recobeacon::engine::event::{Event, Kind};
use recobeacon::engine::protocol::Request;
use serde_json::Value as Json;

/// What stands around an event's own fields in a batch.
pub const STAMP: [&str; 5] = ["id", "type", "at", "user", "anonymous"];

/// An address is one; and the collector, which reads events by the engine's own rules, takes a
/// batch whole or not at all: one event that it would refuse loses its neighbours.
pub fn check(request: &Request) {
    let url = &request.url;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    assert!(url.bytes().all(allowed), "not a URL: {url}");
    let Some(body) = &request.body else { return };
    let batch: Json = serde_json::from_str(body).expect("JSON");
    for event in batch["events"].as_array().expect("events") {
        let kind = Kind::from_name(event["type"].as_str().expect("a type")).expect("a kind");
        let mut own = event.as_object().expect("an object").clone();
        own.retain(|name, value| {
            assert!(!value.is_null(), "absent, never null: {event}");
            !STAMP.contains(&name.as_str())
        });
        let mut unknown = Vec::new();
        let read = Event::parse(kind, &super::value(Json::Object(own)), "1", &mut unknown);
        let shown: String = event.to_string().chars().take(200).collect();
        assert!(read.is_ok(), "the collector would refuse {shown}: {:?}", read.err());
        assert!(unknown.is_empty(), "the collector does not know {unknown:?} of {shown}");
    }
}
