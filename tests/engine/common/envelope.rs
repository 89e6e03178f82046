//! Checks for every request. [`super::Page`] applies them to each request that is sent.

use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::request::Request;
use serde_json::Value as Json;

/// The envelope fields of an event in a batch.
pub const STAMP: [&str; 8] =
    ["id", "type", "at", "user", "anonymous", "session", "account", "purchaser"];

/// The URL must be valid. The collector, which reads events by the engine's own rules, must accept
/// every event of a batch, because it refuses a batch as a whole.
pub fn check(request: &Request) {
    let url = &request.url;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    assert!(url.bytes().all(allowed), "not a URL: {url}");
    if let Some((_, key)) = &request.key {
        assert!(key.bytes().all(|b| (b' '..0x7f).contains(&b)), "not a header: {key}");
        assert!(!request.no_cors, "this mode allows no header");
    }
    let Some(body) = &request.body else { return };
    let body: Json = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"));
    assert!(body.to_string().len() <= 60_000, "larger than a beacon may be");
    if body["raw"].is_array() {
        // Calls stored by an earlier page. The engine sends them without reading them.
        return;
    }
    match (&body["events"], &body["track"], &body) {
        (Json::Array(events), _, _) => batch(events),
        (_, Json::Array(entries), _) => intempt(entries),
        (_, _, Json::Array(events)) => factfinder(events),
        _ => panic!("in no known format: {body}"),
    }
}

fn no_null(value: &Json) {
    let Json::Object(fields) = value else { panic!("not an object: {value}") };
    assert!(fields.values().all(|value| !value.is_null()), "absent, never null: {value}");
}

fn factfinder(events: &[Json]) {
    assert!(!events.is_empty());
    for event in events {
        no_null(event);
        let sid = event["sid"].as_str().expect("a session");
        assert!(sid.len() == 30 && sid.bytes().all(|b| b.is_ascii_alphanumeric()), "{sid}");
    }
}

fn intempt(entries: &[Json]) {
    assert!(!entries.is_empty());
    for entry in entries {
        assert!(entry["name"].is_string(), "{entry}");
        let payload = entry["payload"].as_array().expect("a payload");
        assert!(!payload.is_empty());
        for event in payload {
            no_null(event);
            let named = ["userId", "anotherUserId"].iter().any(|name| event[name].is_string());
            assert!(event["eventId"].is_string() && named, "{event}");
        }
    }
}

fn batch(events: &[Json]) {
    for event in events {
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
