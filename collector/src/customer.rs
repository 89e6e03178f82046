//! Names of customers in a path: a vendor's customer id, channel or organization.

use crate::error::Refusal;
use crate::limits::Limits;
use crate::query;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// Whether this is a valid customer id of Ibexa and YOOCHOOSE.
pub fn is_id(id: &str) -> bool {
    rules::customer(&Value::Text(id.to_owned())).is_ok()
}

/// Whether this is a valid name.
pub fn is_name(name: &str) -> bool {
    // An identifier by the tracker's rule has no control character and no backslash, and is no `..`.
    let identifier = rules::identifier(&Value::Text(name.to_owned())).is_ok();
    identifier && name.len() <= Limits::CUSTOMER_BYTES && !name.contains('/')
}

/// Decodes the name in a path segment. The error calls it `what`.
///
/// # Errors
/// 400 if it is not a valid name.
pub fn read(what: &str, raw: &str) -> Result<String, Refusal> {
    check(what, query::decode(raw)?)
}

/// Like [`read`], for a decoded name.
///
/// # Errors
/// 400 if it is not a valid name.
pub fn check(what: &str, name: String) -> Result<String, Refusal> {
    if is_name(&name) {
        return Ok(name);
    }
    let most = Limits::CUSTOMER_BYTES;
    Err(Refusal::invalid(format!(
        "the {what} must have 1 to {most} bytes, and no slash, backslash or control character"
    )))
}
