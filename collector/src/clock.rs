//! The time and the dice, which the engine takes as arguments, and the ids made of both.

use recobeacon::engine::id::EventIds;
use recobeacon::engine::time::Now;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Makes ids (UUIDv7) for events that come without one.
#[derive(Debug, Default)]
pub struct Ids(Mutex<EventIds>);

impl Ids {
    /// The id of an event that came at `at`; `None` where the system has no random bits.
    pub fn next(&self, at: u64) -> Option<String> {
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy).ok()?;
        let now = Now { wall_ms: at, mono_ms: at, entropy };
        Some(self.0.lock().unwrap_or_else(PoisonError::into_inner).next(at, &now))
    }
}
