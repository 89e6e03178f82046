//! By scroll: how far into its element the visitor has seen, in CSS pixels.
//!
//! An element that clips its content, or one within another that scrolls, is no case of its own:
//! whoever observes the page says how much of the element was above the edge of what can be seen.

use super::share;
use crate::limits::Limits;
use crate::time::NEVER;

/// The furthest that was seen of an element.
#[derive(Clone, Copy, Debug)]
pub struct Scroll {
    furthest: u64,
    height: u64,
    /// When the height is believed, unless it changes again; never: it is.
    settles_at: u64,
}

impl Scroll {
    /// An element of which nothing is known.
    pub fn new() -> Self {
        Self { furthest: 0, height: 0, settles_at: NEVER }
    }

    /// So much of so much is, or was, above the lower edge of what can be seen.
    pub fn see(&mut self, depth: u32, height: u32, now_ms: u64) {
        let height = u64::from(height);
        // An element that is not displayed has no height.
        if height == 0 {
            return;
        }
        if self.height == 0 || height.abs_diff(self.height) > Limits::SCROLL_SLACK_PX {
            // What was seen of it is as much of it as before when it shrinks (a phone is turned,
            // the visitor zooms out), and as many pixels when it grows (an image arrives late).
            if height < self.height {
                self.furthest = self.furthest * height / self.height;
            }
            self.height = height;
            self.settles_at = now_ms + Limits::SCROLL_SETTLE_MS;
        }
        self.furthest = self.furthest.max(u64::from(depth).min(self.height));
    }

    /// The percentage now; nothing as long as the height is not believed.
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

    /// When there may be more to say although nothing was scrolled.
    pub fn settles_at(&self) -> u64 {
        self.settles_at
    }
}
