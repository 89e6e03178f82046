//! Limits repeated log lines to one a minute.

use crate::limits::Limits;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Decides when the next log line about one subject is due.
#[derive(Debug, Default)]
pub struct Minutely(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    since: u64,
}

impl Minutely {
    /// Counts an occurrence. If a line is due, returns the number of occurrences since the last
    /// line, including this one.
    pub fn due(&self) -> Option<u64> {
        let now = Instant::now();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.since += 1;
        if state.last.is_some_and(|last| now.duration_since(last) < Limits::LOG_PAUSE) {
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.since))
    }

    /// Like [`due`](Self::due), for an occurrence whose line is due in any case.
    pub fn at_once(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last = None;
        self.due()
    }
}

#[cfg(test)]
mod tests {
    use super::Minutely;

    #[test]
    fn the_first_occurrence_is_logged_and_further_ones_are_counted() {
        let lines = Minutely::default();
        assert_eq!(lines.due(), Some(1));
        assert_eq!(lines.due(), None);
        assert_eq!(lines.due(), None);
    }
}
