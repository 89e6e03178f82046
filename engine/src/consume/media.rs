//! By media: which parts of a video or a sound were really played.
//!
//! The browser's own list of played ranges is in seconds of the medium: what is skipped is not in
//! it, what is repeated is in it once, and at double speed a second lasts half as long.
//! <https://html.spec.whatwg.org/multipage/media.html#dom-media-played>

use super::share;
use crate::limits::Limits;
use crate::value::Value;

/// What was played of a medium, in milliseconds.
#[derive(Debug)]
pub struct Media {
    ignore_tail: u32,
    /// 0: not known (yet); the most that there is: without end.
    duration: u32,
    /// Start and end of each, in no order; no two touch.
    played: Vec<(u32, u32)>,
}

impl Media {
    /// A medium of which nothing is known.
    pub fn new(ignore_tail: u32) -> Self {
        Self { ignore_tail, duration: 0, played: Vec::new() }
    }

    /// The duration, and starts and ends in turn. What was played before a new load of the same
    /// medium (a player changes the quality) was played.
    pub fn play(&mut self, duration: &Value, ranges: &Value) {
        let Some(ranges) = ranges.as_list() else { return };
        self.duration = duration.whole();
        for range in ranges.chunks_exact(2) {
            if let [start, end] = range {
                self.add(start.whole(), end.whole());
            }
        }
    }

    /// The percentage of what counts.
    pub fn percentage(&self) -> u8 {
        if self.duration == u32::MAX {
            return 0;
        }
        // Nothing is all tail: such a tail was meant for a longer one.
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
