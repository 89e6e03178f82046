//! Timers by media: the played parts of a video or sound.
//!
//! The browser's list of played ranges is in seconds of the medium. Skipped parts are not in it,
//! repeated parts are in it once, and at double speed a second lasts half as long.
//! <https://html.spec.whatwg.org/multipage/media.html#dom-media-played>

use super::share;
use crate::limits::Limits;
use crate::value::Value;

/// The played parts of a medium, in milliseconds.
#[derive(Debug)]
pub struct Media {
    ignore_tail: u32,
    /// 0: not known yet. The largest value: endless.
    duration: u32,
    /// Start and end of each part, not ordered and not touching.
    played: Vec<(u32, u32)>,
}

impl Media {
    /// Starts without any information.
    pub fn new(ignore_tail: u32) -> Self {
        Self { ignore_tail, duration: 0, played: Vec::new() }
    }

    /// Updates the duration and the played ranges, given as alternating starts and ends. Parts that
    /// were played before the player loaded the medium again (for example to change the quality)
    /// still count.
    pub fn play(&mut self, duration: &Value, ranges: &Value) {
        let Some(ranges) = ranges.as_list() else { return };
        self.duration = duration.whole();
        for range in ranges.chunks_exact(2) {
            if let [start, end] = range {
                self.add(start.whole(), end.whole());
            }
        }
    }

    /// The played percentage of the part that counts.
    pub fn percentage(&self) -> u8 {
        if self.duration == u32::MAX {
            return 0;
        }
        // If the ignored tail is longer than the medium, it is meant for longer ones and does not
        // apply.
        let longer = self.duration > self.ignore_tail;
        let full = self.duration - if longer { self.ignore_tail } else { 0 };
        let mut seen = 0;
        for (start, end) in &self.played {
            seen += (*end).min(full).saturating_sub(*start);
        }
        share(seen.into(), full.into(), Limits::MEDIA_SLACK_MS)
    }

    fn add(&mut self, mut start: u32, mut end: u32) {
        if start >= end {
            return;
        }
        while let Some(place) =
            self.played.iter().position(|(from, to)| start <= *to && *from <= end)
        {
            let (from, to) = self.played.swap_remove(place);
            (start, end) = (start.min(from), end.max(to));
        }
        if self.played.len() < Limits::MEDIA_RANGES {
            self.played.push((start, end));
        }
    }
}
