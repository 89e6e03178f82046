//! Timers by scroll: the largest depth of an element that the visitor has seen, in CSS pixels.
//!
//! Clipped and nested scrolling elements need no special case: the page's observer reports how much
//! of the element was above the lower edge of its visible part.

use super::share;
use crate::limits::Limits;
use crate::time::NEVER;

/// The largest seen depth of an element.
#[derive(Clone, Copy, Debug)]
pub struct Scroll {
    furthest: u64,
    height: u64,
    /// The time at which the height counts as stable, unless it changes again. `NEVER`: it is
    /// stable.
    settles_at: u64,
}

impl Scroll {
    /// Starts without any information.
    pub fn new() -> Self {
        Self { furthest: 0, height: 0, settles_at: NEVER }
    }

    /// Reports that `depth` of `height` is or was above the lower edge of the visible part.
    pub fn see(&mut self, depth: u32, height: u32, now_ms: u64) {
        let height = u64::from(height);
        // An element that is not displayed has no height.
        if height == 0 {
            return;
        }
        if self.height == 0 || height.abs_diff(self.height) > Limits::SCROLL_SLACK_PX {
            // When the element shrinks (a turned phone, zooming out), the seen share stays the
            // same. When it grows (a late image), the seen pixels stay the same.
            if height < self.height {
                self.furthest = self.furthest * height / self.height;
            }
            self.height = height;
            self.settles_at = now_ms + Limits::SCROLL_SETTLE_MS;
        }
        self.furthest = self.furthest.max(u64::from(depth).min(self.height));
    }

    /// The percentage now, 0 until the height is stable.
    pub fn percentage(&mut self, now_ms: u64) -> u8 {
        if self.settles_at <= now_ms {
            self.settles_at = NEVER;
        }
        if self.settles_at == NEVER {
            share(self.furthest, self.height, Limits::SCROLL_SLACK_PX)
        } else {
            0
        }
    }

    /// The time at which the percentage may change without scrolling.
    pub fn settles_at(&self) -> u64 {
        self.settles_at
    }
}
