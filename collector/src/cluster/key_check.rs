//! Detects a collector whose `[[keys]]` differ from the writer's. Its hashes would split each of its
//! visitors in two, and an erasure would not find these rows.

use super::message::Unreadable;
use async_nats::header::HeaderMap;

/// A key's number, and a hash by which it is recognised: [`checks`](crate::pseudonym::Hasher::checks).
pub type Check = (u32, String);

const HEADER: &str = "Recobeacon-Key";

/// Names the key that hashed the ids of a message.
pub fn mark(headers: &mut HeaderMap, (number, check): &Check) {
    headers.insert(HEADER, format!("{number} {check}"));
}

/// Whether the writer has the key of a message. A message of an older version names none.
///
/// # Errors
/// It has not, or has another one with this number.
pub fn read(headers: Option<&HeaderMap>, checks: &[Check]) -> Result<(), Unreadable> {
    let Some(key) = headers.and_then(|headers| headers.get(HEADER)) else { return Ok(()) };
    let is_known = |(number, check): &Check| key.as_str() == format!("{number} {check}");
    if checks.iter().any(is_known) {
        Ok(())
    } else {
        Err(Unreadable("the writer's [[keys]] do not have the key of the collector that wrote it"))
    }
}
