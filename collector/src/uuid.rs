//! Event ids that are derived from an event's content, so that a repeated request counts once.

use recobeacon_engine::json::push_hex;
use sha2::{Digest, Sha256};

/// A hash of these parts.
pub fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        // The lengths keep different lists of parts from having the same bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A UUID of version 8 (RFC 9562) derived from these parts.
pub fn derived(parts: &[&str]) -> String {
    let mut id = String::new();
    for (place, byte) in digest(parts).into_iter().take(16).enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let byte = match place {
            6 => 0x80 | byte & 0x0f,
            8 => 0x80 | byte & 0x3f,
            _ => byte,
        };
        push_hex(&mut id, byte);
    }
    id
}
