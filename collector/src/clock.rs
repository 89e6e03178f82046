//! The clock and the random bits that the engine takes as arguments, and event ids made of both.

use recobeacon_engine::id::EventIds;
use recobeacon_engine::time::Now;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Makes ids (UUIDv7) for events that arrive without one.
#[derive(Debug, Default)]
pub struct Ids(Mutex<Made>);

#[derive(Debug, Default)]
struct Made {
    ids: EventIds,
    latest: u64,
}

/// Ids keep rising if the clock is set back by at most this many milliseconds. After a larger step
/// the earlier time was wrong, and the ids follow the new time.
const SET_BACK_MS: u64 = 60_000;

impl Ids {
    /// The id of an event that arrived at `at`, or `None` if the system has no random bits.
    pub fn next(&self, at: u64) -> Option<String> {
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy).ok()?;
        let now = Now { wall_ms: at, mono_ms: at, entropy };
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if at.saturating_add(SET_BACK_MS) < made.latest {
            *made = Made::default();
        }
        made.latest = made.latest.max(at);
        Some(made.ids.next(at, &now))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: u64 = 1_763_683_200_000;
    const EIGHTY_YEARS: u64 = 80 * 365 * 86_400_000;

    /// The timestamp in an id.
    fn time(id: &str) -> u64 {
        u64::from_str_radix(&id.replace('-', "").chars().take(12).collect::<String>(), 16).unwrap()
    }

    #[test]
    fn ids_rise_when_the_clock_is_set_back_a_little() {
        let ids = Ids::default();
        let (first, second) = (ids.next(NOW).unwrap(), ids.next(NOW - 30_000).unwrap());
        assert!(first < second);
        assert_eq!(time(&second), NOW);
    }

    #[test]
    fn ids_follow_the_clock_after_a_large_step_back() {
        let ids = Ids::default();
        assert_eq!(time(&ids.next(NOW + EIGHTY_YEARS).unwrap()), NOW + EIGHTY_YEARS);
        assert_eq!(time(&ids.next(NOW).unwrap()), NOW);
        assert_eq!(time(&ids.next(NOW + 1).unwrap()), NOW + 1);
    }
}
