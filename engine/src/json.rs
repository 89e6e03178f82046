//! Writes JSON: the few shapes that are needed, appended to a string.
//!
//! serde_json is not used, because its float printer of 20 kB would serve fields that are never
//! floats.

use super::limits::Limits;
use super::number::{decimal, push_whole, rounded};
use super::value::Value;

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    pub fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Writes a key. The caller appends the value to the returned string.
    pub fn key(&mut self, key: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        push_text(self.out, key);
        self.out.push(':');
        self.out
    }

    /// Writes a text field.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Self {
        push_text(self.key(key), value);
        self
    }

    /// Writes a text field, unless the value is absent.
    pub fn some_text(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(key, value);
        }
        self
    }

    /// Writes a field with a whole number.
    pub fn whole(&mut self, key: &str, value: u64) -> &mut Self {
        push_whole(self.key(key), value);
        self
    }

    /// Writes a field with a whole number, unless the value is absent.
    pub fn some_whole(&mut self, key: &str, value: Option<u64>) -> &mut Self {
        if let Some(value) = value {
            self.whole(key, value);
        }
        self
    }

    /// Writes a boolean field.
    pub fn boolean(&mut self, key: &str, value: bool) -> &mut Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    /// Writes a field whose value is JSON already.
    pub fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        self.key(key).push_str(json);
        self
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push('}');
    }
}

/// Appends a list, each element written by `write`.
pub fn push_list<T>(
    out: &mut String,
    list: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (place, element) in list.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(out, element);
    }
    out.push(']');
}

/// Appends a string with its quotes.
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut start = 0;
    for (place, byte) in text.bytes().enumerate() {
        let quoted = byte == b'"' || byte == b'\\';
        if quoted || byte < b' ' {
            // All escaped characters are ASCII, so these are character boundaries.
            out.push_str(text.get(start..place).unwrap_or_default());
            start = place + 1;
            if quoted {
                out.push('\\');
                out.push(char::from(byte));
            } else {
                out.push_str("\\u00");
                push_hex(out, byte);
            }
        }
    }
    out.push_str(text.get(start..).unwrap_or_default());
    out.push('"');
}

/// Appends two lower-case hexadecimal digits.
pub fn push_hex(out: &mut String, byte: u8) {
    for digit in &[byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(*digit), 16).unwrap_or('0'));
    }
}

/// Whether [`push_value`] writes the value without loss.
pub fn is_exact(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Text(_) => true,
        Value::Number(n) => {
            let whole = n.fract() == 0.0 && n.abs() <= Limits::SAFE_INTEGER as f64;
            whole || decimal(*n).is_some()
        }
        Value::List(list) => list.iter().all(is_exact),
        Value::Map(fields) => fields.iter().all(|(_, value)| is_exact(value)),
        Value::Opaque => false,
    }
}

/// Appends a value of any kind. Numbers have at most six decimals, and values without a JSON form
/// become null. `edit` returns the text to be written in the place of another, if there is one.
pub fn push_value(out: &mut String, value: &Value, edit: fn(&str) -> Option<String>) {
    match value {
        Value::Null | Value::Opaque => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => out.push_str(rounded(*n).as_deref().unwrap_or("null")),
        Value::Text(text) => push_text(out, edit(text).as_deref().unwrap_or(text)),
        Value::List(list) => push_list(out, list, |out, value| push_value(out, value, edit)),
        Value::Map(fields) => {
            let mut object = Object::new(out);
            for (name, value) in fields {
                push_value(object.key(name), value, edit);
            }
            object.end();
        }
    }
}
