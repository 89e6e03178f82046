//! From JavaScript's values to the engine's, and back.
//!
//! The way in is written out: serde-wasm-bindgen's would be one line, but its error texts print
//! numbers of every kind, and that alone is 20 kB of the module (9 kB compressed). It would also
//! follow a cyclic object until the stack ends.

use crate::engine::limits::Limits;
use crate::engine::value::Value;
use js_sys::{Array, Object};
use wasm_bindgen::{JsCast, JsValue};

/// The value, with what cannot be one of ours as [`Value::Opaque`].
pub fn value(js: &JsValue) -> Value {
    nested(js, 0)
}

fn nested(js: &JsValue, depth: u8) -> Value {
    if js.is_null() || js.is_undefined() {
        Value::Null
    } else if let Some(number) = js.as_f64() {
        Value::Number(number)
    } else if let Some(text) = js.as_string() {
        Value::Text(text)
    } else if let Some(yes) = js.as_bool() {
        Value::Bool(yes)
    } else if depth == Limits::VALUE_DEPTH || !js.is_object() {
        Value::Opaque
    } else if Array::is_array(js) {
        let mut list = Vec::new();
        // One more than is allowed, so that a longer list is seen to be longer.
        elements(js.unchecked_ref(), Limits::VALUE_WIDTH + 1, |element| {
            list.push(nested(&element, depth + 1));
        });
        Value::List(list)
    } else {
        let mut fields = Vec::new();
        elements(&Object::entries(js.unchecked_ref()), Limits::VALUE_WIDTH, |entry| {
            let entry: Array = entry.unchecked_into();
            let name = entry.get(0).as_string().unwrap_or_default();
            fields.push((name, nested(&entry.get(1), depth + 1)));
        });
        Value::Map(fields)
    }
}

fn elements(array: &Array, most: usize, mut show: impl FnMut(JsValue)) {
    for place in 0..array.length().min(most as u32) {
        show(array.get(place));
    }
}
