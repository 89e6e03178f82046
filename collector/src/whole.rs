//! Whole numbers of the configuration. They are read at any size, so that our error can name the
//! setting and its bounds. serde's own error names an internal type.

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use std::fmt;
use std::ops::RangeInclusive;

/// A whole number as written. `None` if the value is not a whole number or does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole(Option<u64>);

/// Returns the number if it is within the bounds.
///
/// # Errors
/// A sentence with the setting's name and the bounds.
pub fn within(name: &str, value: Whole, bounds: &RangeInclusive<u64>) -> Result<u64, String> {
    unnamed(value, bounds).map_err(|sentence| format!("{name}: {sentence}"))
}

/// Like [`within`], with a sentence that does not name the setting.
///
/// # Errors
/// A sentence with the bounds.
pub fn unnamed(value: Whole, bounds: &RangeInclusive<u64>) -> Result<u64, String> {
    value
        .0
        .filter(|value| bounds.contains(value))
        .ok_or_else(|| format!("must be a whole number, {} to {}", bounds.start(), bounds.end()))
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(u64::try_from(value).ok()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Whole, E> {
                Ok(Whole(Some(value)))
            }

            fn visit_i128<E>(self, _: i128) -> Result<Whole, E> {
                Ok(Whole(None))
            }

            fn visit_u128<E>(self, _: u128) -> Result<Whole, E> {
                Ok(Whole(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Whole, E> {
                Ok(Whole(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Whole, E> {
                Ok(Whole(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Whole, E> {
                Ok(Whole(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
