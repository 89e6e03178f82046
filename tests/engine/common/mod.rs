//! Common code of the engine's tests: a page without a browser ([`Page`]), and helpers for JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Each test uses only a part of this.
#![allow(dead_code, unused_imports)]

mod collector;
mod envelope;
pub mod observed;
mod page;
mod storage;
pub mod timers;

pub use collector::Collector;
pub use page::{Page, START, Sent, answered, calm, retry_after};

use recobeacon_engine::error::Error;
use recobeacon_engine::value::Value;
use serde_json::Value as Json;
pub use serde_json::json;

/// The attribute of a test. In a browser it is wasm-bindgen's.
#[cfg(not(target_arch = "wasm32"))]
pub use core::prelude::v1::test;
#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen_test::wasm_bindgen_test as test;

/// The milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;

/// A value as the page passes it.
pub fn value(json: Json) -> Value {
    serde_json::from_value(json).unwrap()
}

/// The configuration of a single collector.
pub fn batch() -> Json {
    json!({ "destinations": { "protocol": "batch", "endpoint": "/v1/events" } })
}

/// The configuration of Ibexa only, for the visitor of the vendor's examples.
pub fn ibexa() -> Json {
    json!({
        "destinations": { "protocol": "ibexa", "customerId": "00000" },
        "identity": { "anonymousId": "Js79009234YU7" },
    })
}

/// `base` with the fields of `more`. Nested objects are merged.
pub fn with(mut base: Json, more: Json) -> Json {
    join(&mut base, more);
    base
}

fn join(base: &mut Json, more: Json) {
    match (base, more) {
        (Json::Object(base), Json::Object(more)) => {
            for (name, value) in more {
                join(base.entry(name).or_insert(Json::Null), value);
            }
        }
        (base, more) => *base = more,
    }
}

/// Code and path of each warning.
pub fn told(warnings: &[Error]) -> Vec<(&'static str, &str)> {
    warnings.iter().map(|error| (error.code.name(), error.field.as_str())).collect()
}

/// A percent-decoder for the tests, independent of the engine's.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                rest = tail;
                let digit = |b: &u8| char::from(*b).to_digit(16).expect("two digits after %");
                (digit(high) * 16 + digit(low)) as u8
            }
            (b'%', _) => panic!("a lone % in {text}"),
            (byte, _) => *byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// The path and the query's pairs, decoded and sorted, because their order has no meaning.
pub fn split_url(url: &str) -> (&str, Vec<(String, String)>) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').expect("a pair");
        (decoded(name), decoded(value))
    });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    (path, pairs)
}
