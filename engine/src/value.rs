//! A value of any kind from the page or a JSON document, before it is parsed.
//!
//! The engine parses it itself instead of deriving `Deserialize` for its events. Only so an error
//! can have a code and a path, and unknown fields can be reported.

use super::limits::Limits;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::fmt;

/// A value of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null` or `undefined`, the same as absent.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, possibly NaN or infinite.
    Number(f64),
    /// A string. Lone surrogates have become U+FFFD on the way in.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object's own fields, in their order.
    Map(Vec<(String, Value)>),
    /// A value that is not read: nested too deep, a function, or one that no field needs.
    Opaque,
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A field's value, if it is an object with this field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let field = self.as_map()?.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value)
    }

    /// Whether it is `null` or `undefined`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The number rounded down, or 0 for any other value.
    pub fn whole(&self) -> u32 {
        self.as_number().unwrap_or_default() as u32
    }

    /// The elements, if it is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The fields, if it is an object.
    pub fn as_map(&self) -> Option<&[(String, Self)]> {
        if let Self::Map(fields) = self { Some(fields) } else { None }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Nested(0).deserialize(deserializer)
    }
}

/// A value this many levels below the outermost one.
struct Nested(u8);

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0 > Limits::JSON_DEPTH {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Value::Opaque);
        }
        deserializer.deserialize_any(self)
    }
}

/// Reads JSON: the collector's bodies. In the page `browser::convert` converts JavaScript values.
impl<'de> Visitor<'de> for Nested {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(if value.unsigned_abs() <= Limits::SAFE_INTEGER {
            Value::Number(value as f64)
        } else {
            Value::Text(value.to_string())
        })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(if value <= Limits::SAFE_INTEGER {
            Value::Number(value as f64)
        } else {
            // An integer too large for a number can still be an id.
            Value::Text(value.to_string())
        })
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Nested(self.0 + 1))? {
            list.push(value);
            if list.len() > Limits::VALUE_WIDTH {
                // A JSON document must be read to its end.
                while seq.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key()? {
            if fields.len() < Limits::VALUE_WIDTH {
                fields.push((name, map.next_value_seed(Nested(self.0 + 1))?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Map(fields))
    }
}
