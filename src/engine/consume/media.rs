//! By media: which parts of a video or a sound were really played.
//!
//! The browser's own list of played ranges is in seconds of the medium: what is skipped is not in
//! it, what is repeated is in it once, and at double speed a second lasts half as long.
//! <https://html.spec.whatwg.org/multipage/media.html#dom-media-played>

use crate::engine::limits::Limits;
use crate::engine::value::Value;

/// What was played of a medium.
#[derive(Debug)]
pub struct Media {
    ignore_tail_ms: u64,
    /// 0: not known (yet), or without end.
    duration_ms: u64,
    /// Start and end of each, in no order; no two touch.
    played: Vec<(u64, u64)>,
}

impl Media {
    /// A medium of which nothing is known.
    pub fn new(ignore_tail_ms: u64) -> Self {
        Self { ignore_tail_ms, duration_ms: 0, played: Vec::new() }
    }

    /// The duration, if there is one, and starts and ends in turn. What was played before a new
    /// load of the same medium (a player changes the quality) was played.
    pub fn play(&mut self, duration: &Value, ranges: &Value) {
        let Some(ranges) = ranges.as_list() else { return };
        self.duration_ms = match ms(duration) {
            known @ 0..=Limits::SAFE_INTEGER => known,
            _ => 0,
        };
        for range in ranges.chunks_exact(2) {
            if let [start, end] = range {
                self.add(ms(start), ms(end));
            }
        }
    }

    /// The percentage of what counts.
    pub fn percentage(&self) -> u8 {
        // Nothing is all tail: such a tail was meant for a longer one.
        let longer = self.duration_ms > self.ignore_tail_ms;
        let full = self.duration_ms - if longer { self.ignore_tail_ms } else { 0 };
        let mut seen = 0;
        for (start, end) in &self.played {
            seen += (*end).min(full).saturating_sub(*start);
        }
        if seen == 0 {
            0
        } else if seen + Limits::MEDIA_SLACK_MS >= full {
            100
        } else {
            (seen * 100 / full) as u8
        }
    }

    fn add(&mut self, mut start: u64, mut end: u64) {
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

/// Whole milliseconds; none of anything else.
fn ms(value: &Value) -> u64 {
    value.as_number().unwrap_or_default() as u64
}
