//! The properties of the collector's readers: of the events that are stored, and of the messages to refused clients.

use recobeacon_collector::batch::{self, is_event_id};
use recobeacon_collector::error::Refusal;
use recobeacon_collector::event::NewEvent;
use recobeacon_collector::limits::Limits;
use recobeacon_collector::pseudonym::{Hasher, Key};
use recobeacon_collector::vendor_event::VendorEvent;
use recobeacon_engine::error::ErrorCode;
use recobeacon_engine::event::Kind;
use recobeacon_engine::value::Value;
use std::path::Path;

/// An id for events that bring none.
const ID: &str = "019ad9c9-9c60-7000-aa05-476c5235d6ce";

/// A hasher with a fixed key.
pub fn hasher() -> Hasher {
    let key = Key { number: 1, secret: vec![7; 32] };
    Hasher::new(&[key], Path::new("")).expect("a key")
}

/// A refusal names the rule and the place, and repeats no text of the request.
pub fn check_refusal(refusal: &Refusal) {
    let sentence = refusal.sentence();
    assert!(sentence.len() <= Limits::SENTENCE_BYTES, "too long: {sentence}");
    assert!(
        sentence.bytes().all(|b| (b' '..0x7f).contains(&b)),
        "a foreign character: {sentence:?}"
    );
    assert!(refusal.status().is_client_error(), "{refusal:?}");
}

fn check_hash(hash: &str) {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    assert!(hash.len() == 32 && hash.bytes().all(is_digit), "not a hash: {hash}");
}

fn fields(event: &NewEvent) -> Vec<(String, Value)> {
    match serde_json::from_str(&event.fields) {
        Ok(Value::Map(fields)) => fields,
        other => panic!("{other:?}: {}", event.fields),
    }
}

fn check_common(event: &NewEvent) -> Kind {
    assert!(event.at <= Limits::LATEST_MS, "{}", event.at);
    event.user.iter().chain(&event.anonymous).for_each(|hash| check_hash(hash));
    let fields = fields(event);
    for (place, (name, _)) in fields.iter().enumerate() {
        assert!(
            fields.iter().skip(place + 1).all(|(other, _)| other != name),
            "{name} is there twice: {}",
            event.fields
        );
    }
    Kind::from_name(event.kind).expect("a kind")
}

/// A row of a batch has the fields of a valid event, and is read again without a change.
pub fn check_event(event: &NewEvent) {
    let kind = check_common(event);
    assert!(is_event_id(&event.id), "{}", event.id);
    let mut left_out = Vec::new();
    let again = batch::parse(kind, &Value::Map(fields(event)), &mut left_out);
    assert_eq!(again, Ok(Some(event.fields.clone())));
    assert_eq!(left_out, []);
}

/// A row of a vendor's interface has the fields of a valid event, hashed ids, and fields without a neutral counterpart.
pub fn check_vendor_event(event: VendorEvent, hasher: &Hasher) {
    let ids = event.ids.clone();
    let event = event.stamped(ID.to_owned(), 1, hasher);
    let kind = check_common(&event);
    let fields = fields(&event);
    for (name, id) in &ids {
        let hash = id.hashed(hasher);
        check_hash(&hash);
        assert!(
            fields.contains(&((*name).to_owned(), Value::Text(hash))),
            "{name} of {}",
            event.fields
        );
    }
    let mut left_out = Vec::new();
    let again = batch::parse(kind, &Value::Map(fields), &mut left_out);
    assert!(again.is_ok_and(|again| again.is_some()), "{}", event.fields);
    for error in left_out {
        assert_eq!(error.code, ErrorCode::UnknownOption, "{error} of {}", event.fields);
    }
}
