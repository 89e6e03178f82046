//! Values of a page or a JSON document as events: what `Event::parse` accepts is within the limits, and is read again as it
//! was written.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use recobeacon_engine::event::{Data, Event, Field, Kind};
use recobeacon_engine::json::Object;
use recobeacon_engine::limits::Limits;
use recobeacon_engine::value::Value;
use recobeacon_fuzz::first;
use recobeacon_fuzz::values::{Any, object};

fuzz_target!(|data: &[u8]| {
    let (kind, value) = call(data);
    let mut left_out = Vec::new();
    let Ok(events) = Event::parse(kind, &value, "type", &mut left_out) else { return };
    assert!(!events.is_empty() && events.len() <= Limits::VALUE_WIDTH, "{} events", events.len());
    for event in events {
        assert_eq!(event.kind(), kind);
        check_limits(event.fields());
        let written = write(&event);
        let value: Value =
            serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
        let mut unknown = Vec::new();
        let again = Event::parse(kind, &value, "other type", &mut unknown);
        assert_eq!(again, Ok(vec![event]), "{written}");
        assert_eq!(unknown, [], "{written}");
    }
});

/// JSON text of the form of tests/vectors, or bytes that choose a kind and a value.
fn call(data: &[u8]) -> (Kind, Value) {
    if let Ok((name, value)) = serde_json::from_slice::<(String, Value)>(data) {
        return (Kind::from_name(&name).unwrap_or(Kind::Click), value);
    }
    let (kind, rest) = first(data);
    let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
    let mut source = Unstructured::new(rest);
    let value = if source.ratio(1, 4).unwrap_or(false) {
        source.arbitrary::<Any>().map_or(Value::Null, |any| any.0)
    } else {
        object(&mut source, 3).unwrap_or(Value::Null)
    };
    (kind, value)
}

fn write(event: &Event) -> String {
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    event.write(&mut object);
    object.end();
    out
}

fn check_limits(fields: &[(Field, Data)]) {
    for (place, (field, data)) in fields.iter().enumerate() {
        assert!(
            fields.iter().skip(place + 1).all(|(other, _)| other != field),
            "{field:?} is there twice"
        );
        match data {
            Data::Text(text) | Data::Literal(text) => {
                assert!(text.len() <= Limits::TEXT_BYTES, "{field:?}: {text}")
            }
            Data::List(ids) => {
                assert!((1..=Limits::VALUE_WIDTH).contains(&ids.len()));
                assert!(
                    ids.iter().all(|id| (1..=Limits::IDENTIFIER_BYTES).contains(&id.len())),
                    "{ids:?}"
                );
            }
            Data::Object(fields) => check_limits(fields),
        }
    }
}
