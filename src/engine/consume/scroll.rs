//! By scroll: how far into its element the visitor has seen, in CSS pixels.
//!
//! An element that clips its content, or one within another that scrolls, is no case of its own:
//! whoever observes the page says how much of the element was above the edge of what can be seen.

use crate::engine::limits::Limits;
use crate::engine::time::NEVER;
use crate::engine::value::Value;

/// The furthest that was seen of an element.
#[derive(Clone, Copy, Debug)]
pub struct Scroll {
    furthest: f64,
    height: f64,
    /// When the height is believed, unless it changes again; never: it is.
    settles_at: u64,
}

impl Scroll {
    /// An element of which nothing is known.
    pub fn new() -> Self {
        Self { furthest: 0.0, height: 0.0, settles_at: NEVER }
    }

    /// So much of so much is, or was, above the lower edge of what can be seen.
    pub fn see(&mut self, depth: &Value, height: &Value, now_ms: u64) {
        let (Some(depth), Some(height)) = (depth.as_number(), height.as_number()) else { return };
        // An element that is not displayed has no height.
        if !height.is_finite() || height <= 0.0 {
            return;
        }
        if (height - self.height).abs() >= Limits::SCROLL_SLACK_PX {
            // What was seen of it is as much of it as before when it shrinks (a phone is turned,
            // the visitor zooms out), and as many pixels when it grows (an image arrives late).
            self.furthest *= (height / self.height).min(1.0);
            self.height = height;
            self.settles_at = now_ms + Limits::SCROLL_SETTLE_MS;
        }
        // Not `max`, by which the `min` of no number would be the height.
        if depth > self.furthest {
            self.furthest = depth.min(self.height);
        }
    }

    /// The percentage now; nothing as long as the height is not believed.
    pub fn percentage(&mut self, now_ms: u64) -> u8 {
        if self.settles_at <= now_ms {
            self.settles_at = NEVER;
        }
        if self.settles_at != NEVER || self.furthest <= 0.0 {
            0
        } else if self.furthest + Limits::SCROLL_SLACK_PX > self.height {
            100
        } else {
            (self.furthest * 100.0 / self.height) as u8
        }
    }

    /// When there may be more to say although nothing was scrolled.
    pub fn settles_at(&self) -> u64 {
        self.settles_at
    }
}
