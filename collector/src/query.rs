//! Queries and forms as names and values, read like the vendors' servlet containers do.

use crate::error::Refusal;
use crate::percent;

/// Decodes the pairs in their order. `+` is a space, and a name without `=` has an empty value.
///
/// # Errors
/// 400 if the text is not percent-encoded UTF-8.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let read = |pair: &str| {
        let spaced = pair.replace('+', " ");
        let (name, value) = spaced.split_once('=').unwrap_or((&spaced, ""));
        Ok((decode(name)?, decode(value)?))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(read).collect()
}

/// Decodes a part of an address.
///
/// # Errors
/// 400 if it is not percent-encoded UTF-8.
pub fn decode(raw: &str) -> Result<String, Refusal> {
    percent::decode(raw).ok_or(Refusal::invalid("the address must be percent-encoded UTF-8"))
}
