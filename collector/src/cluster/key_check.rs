//! Detects a collector whose `[[keys]]` differ from the writer's. Its hashes would split each of its
//! visitors in two, and an erasure would not find these rows.

use super::message::Unreadable;
use async_nats::header::HeaderMap;

/// The header of a message that names the key of its hashes.
pub const HEADER: &str = "Recobeacon-Key";

/// The header's value for a key: its number, and a hash by which it is recognised
/// ([`check`](crate::pseudonym::Hasher::check)).
pub fn value((number, check): (u32, String)) -> String {
    format!("{number} {check}")
}

/// Whether the writer has the key of a message: one of these values. A message of an older version
/// names none.
///
/// # Errors
/// It has not, or has another one with this number.
pub fn read(headers: Option<&HeaderMap>, known: &[String]) -> Result<(), Unreadable> {
    let Some(key) = headers.and_then(|headers| headers.get(HEADER)) else { return Ok(()) };
    if known.iter().any(|value| value == key.as_str()) {
        Ok(())
    } else {
        Err(Unreadable("the writer's [[keys]] do not have the key of the collector that wrote it"))
    }
}
