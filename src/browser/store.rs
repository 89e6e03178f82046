//! `localStorage`, of which every single access may throw: blocked, full, or switched off by policy.

use super::host::window;
use web_sys::Storage;

fn storage() -> Option<Storage> {
    // Even reading the property throws a SecurityError where storage is blocked.
    window()?.local_storage().ok().flatten()
}

/// What is kept under a key.
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text, where the browser lets us.
pub fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full: what is kept here only spares a second sending, and is not worth a word.
        let _ = storage.set_item(key, value);
    }
}

/// Deletes what is kept.
pub fn remove(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}
