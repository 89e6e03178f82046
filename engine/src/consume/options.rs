//! Parses the options of a timer.

use super::clock::Clock;
use super::media::Media;
use super::scroll::Scroll;
use super::{Measure, NAME};
use crate::error::Error;
use crate::fields::{Fields, Report};
use crate::limits::Limits;
use crate::value::Value;

const MEASURES: &str = "must be \"time\", \"words\", \"scroll\" or \"media\"";

/// Returns the measurement of a new timer, and its steps.
pub fn parse(
    options: &Value,
    now_ms: u64,
    unknown: &mut Vec<Error>,
) -> Result<(Measure, u8), Error> {
    let mut report = Report::default();
    let read = read(Fields::new(NAME, options, &mut report), now_ms);
    report.end(unknown)?;
    Ok(read)
}

fn read(mut f: Fields<'_, '_>, now_ms: u64) -> (Measure, u8) {
    if f.get("by").is_none() {
        f.missing("by");
    }
    let measure = match f.choice("by", &["time", "words", "scroll", "media"], MEASURES) {
        Some(0) => {
            let full_after_ms = positive(&mut f, "fullAfterMs");
            clock(&mut f, full_after_ms, now_ms)
        }
        Some(1) => {
            let words = positive(&mut f, "words");
            let mut speed = Limits::WORDS_PER_MINUTE;
            f.whole("wordsPerMinute", &mut speed, 1, Limits::TIMER_MS);
            clock(&mut f, words * 60_000 / speed, now_ms)
        }
        Some(3) => {
            let mut tail = 0;
            f.whole("ignoreTailMs", &mut tail, 0, Limits::TIMER_MS);
            Measure::Media(Media::new(tail as u32))
        }
        Some(_) | None => Measure::Scroll(Scroll::new()),
    };
    let mut step_percent = Limits::STEP_PERCENT;
    f.whole("stepPercent", &mut step_percent, 1, 100);
    f.end();
    (measure, step_percent as u8)
}

fn clock(f: &mut Fields<'_, '_>, full_after_ms: u64, now_ms: u64) -> Measure {
    let mut idle_after_ms = Limits::IDLE_MS;
    f.whole("idleAfterMs", &mut idle_after_ms, 1, Limits::TIMER_MS);
    Measure::Clock(Clock::new(full_after_ms, idle_after_ms, now_ms))
}

fn positive(f: &mut Fields<'_, '_>, name: &str) -> u64 {
    let mut value = 0;
    f.whole(name, &mut value, 1, Limits::TIMER_MS);
    if value == 0 {
        // The report keeps only the first error.
        f.missing(name);
    }
    value
}
