//! Converts JavaScript values to the engine's values.
//!
//! flatten.js writes a value as a list of numbers, which is read here. So a whole value needs one
//! call over the module's boundary instead of several for each of its parts. serde-wasm-bindgen
//! would need only one line, but its error texts print numbers of every kind, which costs 20 kB (9
//! kB compressed). It would also follow a cyclic object until the stack overflows.

use super::codes::Tag;
use super::host;
use recobeacon_engine::limits::Limits;
use recobeacon_engine::value::Value;
use std::vec::IntoIter;
use wasm_bindgen::JsValue;

/// The elements of an array. Values that the engine cannot read become [`Value::Opaque`].
pub fn list(array: &JsValue) -> Vec<Value> {
    // The array itself is a level.
    let (depth, width) = (Limits::VALUE_DEPTH + 1, Limits::VALUE_WIDTH as u32);
    elements(host::flatten(array, depth, width, Limits::VALUE_CHARACTERS))
}

/// The elements of an array of the shell, with texts of any length. A truncated outbox entry would
/// have a wrong checksum.
pub fn whole_list(array: &JsValue) -> Vec<Value> {
    elements(host::flatten(array, 1, u32::MAX, u32::MAX))
}

/// The elements of the array that these numbers encode.
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
        // An unpaired surrogate is not a character.
        text.push(char::from_u32(next(numbers) as u32).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

fn next(numbers: &mut IntoIter<f64>) -> f64 {
    numbers.next().unwrap_or_default()
}
