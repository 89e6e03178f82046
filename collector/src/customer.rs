//! Names in a path by which a vendor tells its customers apart: a channel, an organization.

use crate::error::Refusal;
use crate::limits::Limits;
use crate::query;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// Whether this can be such a name.
pub fn is_name(name: &str) -> bool {
    // An identifier by the tracker's rule has no control character and no backslash, and is no `..`.
    let identifier = rules::identifier(&Value::Text(name.to_owned())).is_ok();
    identifier && name.len() <= Limits::CUSTOMER_BYTES && !name.contains('/')
}

/// The name in a part of the path, decoded. `what` it is goes into the sentence.
///
/// # Errors
/// 400 where it is none.
pub fn read(what: &str, raw: &str) -> Result<String, Refusal> {
    check(what, query::decode(raw)?)
}

/// The same of a name that is decoded already.
///
/// # Errors
/// 400 where it is none.
pub fn check(what: &str, name: String) -> Result<String, Refusal> {
    if is_name(&name) {
        return Ok(name);
    }
    let most = Limits::CUSTOMER_BYTES;
    Err(Refusal::invalid(format!(
        "the {what} must have 1 to {most} bytes, and no slash, backslash or control character"
    )))
}
