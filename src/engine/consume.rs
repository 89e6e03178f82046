//! Consume timers: how much of an item was consumed, by the time that its page was seen.
//!
//! Time is measured, not ticked: a timer of the browser that comes late (a throttled tab, a laptop
//! that slept) makes a step late, never wrong.

use super::error::{Error, ErrorCode, Problem};
use super::event::{Event, Kind};
use super::limits::Limits;
use super::read::{Fields, Report};
use super::text::concat;
use super::time::NEVER;
use super::value::Value;

const NAME: &str = "consumeTimer";
const MEASURES: &str = "must be \"time\" or \"words\"";
static TOO_MANY: Problem = Problem::new(ErrorCode::OutOfRange, "has too many timers on this page");
static LATER: Problem = Problem::new(ErrorCode::UnsupportedEvent, "is not part of this version");

/// What a timer measures, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measure {
    full_after_ms: u64,
    idle_after_ms: u64,
    step_percent: u8,
}

/// One running timer.
#[derive(Debug)]
struct Timer {
    id: u32,
    /// A `consume` of the item, without a percentage.
    event: Event,
    measure: Measure,
    /// Time that counted until `mark`.
    active_ms: u64,
    /// Since when more may count.
    mark: u64,
    /// The last percentage that was sent.
    sent: u8,
}

/// All timers of the page, and what counts as time.
#[derive(Debug)]
pub struct Timers {
    timers: Vec<Timer>,
    visible: bool,
    last_act: u64,
    /// What was consumed and not said yet.
    reached: Vec<Event>,
}

impl Timers {
    /// None yet. Opening the page is an act.
    pub fn new(visible: bool, now_ms: u64) -> Self {
        Self { timers: Vec::new(), visible, last_act: now_ms, reached: Vec::new() }
    }

    /// Starts a timer.
    ///
    /// # Errors
    /// The item or the options are wrong, or there are too many timers.
    pub fn start(
        &mut self,
        id: u32,
        item: &Value,
        options: &Value,
        default_item_type: &str,
        now_ms: u64,
        unknown: &mut Vec<Error>,
    ) -> Result<(), Error> {
        let events = Event::parse(Kind::Consume, item, default_item_type, unknown);
        let event = events.map_err(renamed)?.pop().ok_or_else(|| TOO_MANY.at(NAME))?;
        let measure = Measure::parse(options, unknown)?;
        if self.timers.len() >= Limits::TIMERS {
            self.timers.retain(Timer::runs);
        }
        if self.timers.len() >= Limits::TIMERS {
            return Err(TOO_MANY.at(NAME));
        }
        self.last_act = now_ms;
        self.timers.push(Timer { id, event, measure, active_ms: 0, mark: now_ms, sent: 0 });
        Ok(())
    }

    /// The steps that were reached since this was asked last.
    pub fn reached(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.reached)
    }

    /// Ends a timer: its last value, where it was not sent yet.
    pub fn stop(&mut self, id: u32, now_ms: u64) {
        if let Some(place) = self.timers.iter().position(|timer| timer.id == id) {
            let mut timer = self.timers.swap_remove(place);
            timer.advance(self.visible, self.last_act, now_ms);
            timer.progress(1, &mut self.reached);
        }
    }

    /// Ends all of them.
    pub fn stop_all(&mut self, now_ms: u64) {
        self.measure(now_ms, true);
        self.timers.clear();
    }

    /// The page was hidden: the last values.
    pub fn hide(&mut self, now_ms: u64) {
        self.measure(now_ms, true);
        self.visible = false;
    }

    /// The page is seen again.
    pub fn show(&mut self, now_ms: u64) {
        self.act(now_ms);
        self.visible = true;
    }

    /// The visitor did something.
    pub fn act(&mut self, now_ms: u64) {
        self.tick(now_ms);
        self.last_act = now_ms;
    }

    /// Time went by: the steps that were reached.
    pub fn tick(&mut self, now_ms: u64) {
        self.measure(now_ms, false);
    }

    /// How far a timer is; a timer that is not there is not.
    pub fn percentage(&mut self, id: u32, now_ms: u64) -> Option<u8> {
        let (visible, last_act) = (self.visible, self.last_act);
        let timer = self.timers.iter_mut().find(|timer| timer.id == id)?;
        timer.advance(visible, last_act, now_ms);
        Some(timer.percentage())
    }

    /// When the next step is reached if nothing changes; never while no time counts.
    pub fn next_wake(&self) -> u64 {
        let mut next = NEVER;
        for timer in &self.timers {
            let at = timer.mark + timer.until_next_step();
            if self.visible && timer.runs() && at <= self.last_act + timer.measure.idle_after_ms {
                next = next.min(at);
            }
        }
        next
    }

    /// Whether any is left that has something to say: only then do the visitor's acts matter.
    pub fn any_runs(&self) -> bool {
        self.timers.iter().any(Timer::runs)
    }

    /// Goes through all timers: the last values are said whole, others in steps.
    fn measure(&mut self, now_ms: u64, last: bool) {
        for timer in &mut self.timers {
            timer.advance(self.visible, self.last_act, now_ms);
            let step = if last { 1 } else { timer.measure.step_percent };
            timer.progress(step, &mut self.reached);
        }
    }
}

impl Timer {
    /// What is consumed whole has no more to say; it stays until its handle is given back.
    fn runs(&self) -> bool {
        self.sent < 100
    }

    fn advance(&mut self, visible: bool, last_act: u64, now_ms: u64) {
        if visible {
            let end = now_ms.min(last_act + self.measure.idle_after_ms);
            self.active_ms += end.saturating_sub(self.mark);
        }
        self.mark = now_ms.max(self.mark);
    }

    fn percentage(&self) -> u8 {
        (self.active_ms * 100 / self.measure.full_after_ms).min(100) as u8
    }

    /// The percentage rounded down to whole steps, where that is more than was sent.
    fn progress(&mut self, step: u8, reached: &mut Vec<Event>) {
        let percentage = self.percentage();
        // 100 is a step whatever the others are.
        let whole = if percentage == 100 { 100 } else { percentage / step * step };
        if whole > self.sent {
            self.sent = whole;
            reached.push(self.event.with_percentage(whole));
        }
    }

    fn until_next_step(&self) -> u64 {
        let step = self.measure.step_percent;
        let next = u64::from((self.percentage().max(self.sent) / step + 1) * step).min(100);
        (next * self.measure.full_after_ms).div_ceil(100).saturating_sub(self.active_ms)
    }
}

impl Measure {
    fn parse(options: &Value, unknown: &mut Vec<Error>) -> Result<Self, Error> {
        let mut report = Report::default();
        let measure = Self::read(Fields::new(NAME, options, &mut report));
        report.end(unknown)?;
        Ok(measure)
    }

    fn read(mut f: Fields<'_, '_>) -> Self {
        if f.get("by").is_none() {
            f.missing("by");
        }
        let full_after_ms = match f.choice("by", &["time", "words", "scroll", "media"], MEASURES) {
            Some(0) => positive(&mut f, "fullAfterMs"),
            Some(1) => {
                let words = positive(&mut f, "words");
                let mut speed = Limits::WORDS_PER_MINUTE;
                f.whole("wordsPerMinute", &mut speed, 1, Limits::TIMER_MS);
                words * 60_000 / speed
            }
            Some(_) => {
                f.fail("by", &LATER);
                0
            }
            None => 0,
        };
        let mut idle_after_ms = Limits::IDLE_MS;
        f.whole("idleAfterMs", &mut idle_after_ms, 1, Limits::TIMER_MS);
        let mut step_percent = Limits::STEP_PERCENT;
        f.whole("stepPercent", &mut step_percent, 1, 100);
        f.end();
        Self {
            full_after_ms: full_after_ms.max(1),
            idle_after_ms,
            step_percent: step_percent as u8,
        }
    }
}

fn positive(f: &mut Fields<'_, '_>, name: &str) -> u64 {
    let mut value = 0;
    f.whole(name, &mut value, 1, Limits::TIMER_MS);
    if value == 0 {
        // After any other error this one is not kept.
        f.missing(name);
    }
    value
}

/// The item was read as that of a `consume`; the page called it that of a timer.
fn renamed(error: Error) -> Error {
    let field = concat(&[NAME, error.field.get(Kind::Consume.name().len()..).unwrap_or_default()]);
    Error { field, ..error }
}
