//! Queries and forms: names and values, as the vendors' servlet containers read them.

use crate::error::Refusal;
use crate::percent;

/// The pairs in their order, decoded; `+` is a space, and a name without `=` has an empty value.
///
/// # Errors
/// 400 where it is no percent-encoded UTF-8.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let read = |pair: &str| {
        let spaced = pair.replace('+', " ");
        let (name, value) = spaced.split_once('=').unwrap_or((&spaced, ""));
        Ok((decode(name)?, decode(value)?))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(read).collect()
}

/// A part of an address, decoded.
///
/// # Errors
/// 400 where it is no percent-encoded UTF-8.
pub fn decode(raw: &str) -> Result<String, Refusal> {
    percent::decode(raw).ok_or(Refusal::invalid("the address must be percent-encoded UTF-8"))
}
