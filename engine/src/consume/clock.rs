//! Timers by time and by words: the time during which the page was visible and the visitor active.
//!
//! The time is computed from timestamps. A late browser timer (a throttled tab, a suspended laptop)
//! makes a report late but not wrong.

use super::PageState;
use crate::time::NEVER;

/// The time that counted, and the time that counts as 100 %.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    full_after_ms: u64,
    idle_after_ms: u64,
    /// The time that counted until `mark`.
    active_ms: u64,
    /// The start of the time that is not counted yet.
    mark: u64,
}

impl Clock {
    /// Starts at `mark`.
    pub fn new(full_after_ms: u64, idle_after_ms: u64, mark: u64) -> Self {
        Self { full_after_ms: full_after_ms.max(1), idle_after_ms, active_ms: 0, mark }
    }

    /// The percentage at `now_ms`.
    pub fn advance(&mut self, page: PageState, now_ms: u64) -> u8 {
        if page.visible {
            let end = now_ms.min(page.last_act + self.idle_after_ms);
            self.active_ms += end.saturating_sub(self.mark);
        }
        self.mark = now_ms.max(self.mark);
        (self.active_ms * 100 / self.full_after_ms).min(100) as u8
    }

    /// The time at which this percentage is reached if nothing changes, or `NEVER` if the clock
    /// stops before.
    pub fn reaches(&self, percentage: u8, page: PageState) -> u64 {
        let needed = (u64::from(percentage) * self.full_after_ms).div_ceil(100);
        let at = self.mark + needed.saturating_sub(self.active_ms);
        if at <= page.last_act + self.idle_after_ms { at } else { NEVER }
    }
}
