//! Headers that may appear once.

use axum::http::HeaderMap;
use axum::http::header::HeaderName;

/// The header's value, if it is there. A repeated one, or one that is no text, is an error.
pub fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}
