//! From JavaScript's values to the engine's.
//!
//! flatten.js writes a value down as numbers, and these are read here: one call over the module's
//! boundary for a value, instead of several for each of its parts. serde-wasm-bindgen's way would be
//! one line, but its error texts print numbers of every kind, and that alone is 20 kB of the module
//! (9 kB compressed). It would also follow a cyclic object until the stack ends.

use super::codes::Tag;
use super::host;
use recobeacon_engine::limits::Limits;
use recobeacon_engine::value::Value;
use std::vec::IntoIter;
use wasm_bindgen::JsValue;

/// The elements of an array, with what cannot be one of ours as [`Value::Opaque`].
pub fn list(array: &JsValue) -> Vec<Value> {
    // The array itself is a level.
    let (depth, width) = (Limits::VALUE_DEPTH + 1, Limits::VALUE_WIDTH as u32);
    elements(host::flatten(array, depth, width, Limits::VALUE_CHARACTERS))
}

/// The elements of an array of ours, with texts of any length: an entry of the outbox that is cut has another checksum.
pub fn whole_list(array: &JsValue) -> Vec<Value> {
    elements(host::flatten(array, 1, u32::MAX, u32::MAX))
}

/// The elements of the array that these numbers are.
pub fn elements(numbers: Vec<f64>) -> Vec<Value> {
    match value(&mut numbers.into_iter()) {
        Value::List(list) => list,
        _ => Vec::new(),
    }
}

fn value(numbers: &mut IntoIter<f64>) -> Value {
    match Tag::from_code(next(numbers) as i32) {
        Some(Tag::Bool) => Value::Bool(next(numbers) != 0.0),
        Some(Tag::Number) => Value::Number(next(numbers)),
        Some(Tag::Text) => Value::Text(text(numbers)),
        Some(Tag::List) => {
            let mut list = Vec::new();
            for _ in 0..next(numbers) as u32 {
                list.push(value(numbers));
            }
            Value::List(list)
        }
        Some(Tag::Map) => {
            let mut fields = Vec::new();
            for _ in 0..next(numbers) as u32 {
                fields.push((text(numbers), value(numbers)));
            }
            Value::Map(fields)
        }
        Some(Tag::Opaque) => Value::Opaque,
        Some(Tag::Null) | None => Value::Null,
    }
}

fn text(numbers: &mut IntoIter<f64>) -> String {
    let mut text = String::new();
    for _ in 0..next(numbers) as u32 {
        // Half of a surrogate pair is no character.
        text.push(char::from_u32(next(numbers) as u32).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

fn next(numbers: &mut IntoIter<f64>) -> f64 {
    numbers.next().unwrap_or_default()
}
