//! Lines of the log that would come with every request, once a minute.

use crate::limits::Limits;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Says when the next line about something is due.
#[derive(Debug, Default)]
pub struct Minutely(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    since: u64,
}

impl Minutely {
    /// Counts. Where a line is due: how often it happened since the last one, this time included.
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
}

#[cfg(test)]
mod tests {
    use super::Minutely;

    #[test]
    fn the_first_is_told_and_further_ones_are_counted() {
        let lines = Minutely::default();
        assert_eq!(lines.due(), Some(1));
        assert_eq!(lines.due(), None);
        assert_eq!(lines.due(), None);
    }
}
