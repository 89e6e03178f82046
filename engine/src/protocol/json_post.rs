//! The common parts of the vendors that take JSON, with a key that is public in the page.

use crate::error::{ErrorCode, NOT_TEXT, Problem};
use crate::limits::Limits;
use crate::request::{Key, Method, Request};
use crate::value::Value;

static NOT_KEY: Problem = Problem::new(ErrorCode::BadCharacter, "must be visible ASCII characters");

/// A key that can be sent in a header: visible ASCII.
pub fn key(value: &Value) -> Result<String, &'static Problem> {
    let key = value.as_text().ok_or(&NOT_TEXT)?;
    let visible = key.bytes().all(|b| b > b' ' && b < 0x7f);
    if visible && !key.is_empty() && key.len() <= Limits::TEXT_BYTES {
        Ok(key.to_owned())
    } else {
        Err(&NOT_KEY)
    }
}

/// A POST of JSON. Without a key the request is made in `no-cors` mode.
pub fn post(url: String, body: String, key: &Option<Key>) -> Request {
    let (key, no_cors) = (key.clone(), key.is_none());
    Request { method: Method::Post, url, body: Some(body), key, to_vendor: true, no_cors }
}
