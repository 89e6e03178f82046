//! Consume timers: how much of an item was consumed, by the time that its page was seen.
//!
//! Time is measured, not ticked: a timer of the browser that comes late (a throttled tab, a laptop
//! that slept) makes a step late, never wrong.

use super::error::{Error, ErrorCode, Problem};
use super::field;
use super::item::Item;
use super::limits::Limits;
use super::read::Fields;
use super::value::Value;

const NAME: &str = "consumeTimer";
const MEASURES: Problem = Problem::new(ErrorCode::OutOfRange, "must be \"time\" or \"words\"");
const LATER: Problem = Problem::new(
    ErrorCode::UnsupportedEvent,
    "is not measured by this version: use \"time\" or \"words\"",
);

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
    item: Item,
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
}

/// A percentage to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Of what.
    pub item: Item,
    /// How much.
    pub percentage: u8,
}

impl Timers {
    /// None yet. Opening the page is an act.
    pub fn new(visible: bool, now_ms: u64) -> Self {
        Self { timers: Vec::new(), visible, last_act: now_ms }
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
        let mut fields = Fields::new(NAME, item)?;
        let item = Item::read(&mut fields, default_item_type)?;
        fields.end(unknown);
        let measure = Measure::read(Fields::new(NAME, options)?, unknown)?;
        if self.timers.len() >= Limits::TIMERS {
            self.timers.retain(Timer::runs);
        }
        if self.timers.len() >= Limits::TIMERS {
            let problem = Problem::new(ErrorCode::OutOfRange, "has too many timers on this page");
            return Err(problem.at(NAME));
        }
        self.last_act = now_ms;
        self.timers.push(Timer { id, item, measure, active_ms: 0, mark: now_ms, sent: 0 });
        Ok(())
    }

    /// Ends a timer: its last value, where it was not sent yet.
    pub fn stop(&mut self, id: u32, now_ms: u64) -> Option<Progress> {
        let place = self.timers.iter().position(|timer| timer.id == id)?;
        let mut timer = self.timers.swap_remove(place);
        timer.advance(self.visible, self.last_act, now_ms);
        timer.progress(1)
    }

    /// Ends all of them.
    pub fn stop_all(&mut self, now_ms: u64) -> Vec<Progress> {
        let last = self.collect(now_ms, |_| 1);
        self.timers.clear();
        last
    }

    /// The page was hidden: the last values.
    pub fn hide(&mut self, now_ms: u64) -> Vec<Progress> {
        let last = self.collect(now_ms, |_| 1);
        self.visible = false;
        last
    }

    /// The page is seen again.
    pub fn show(&mut self, now_ms: u64) -> Vec<Progress> {
        let steps = self.tick(now_ms);
        self.visible = true;
        self.last_act = now_ms;
        steps
    }

    /// The visitor did something.
    pub fn act(&mut self, now_ms: u64) -> Vec<Progress> {
        let steps = self.tick(now_ms);
        self.last_act = now_ms;
        steps
    }

    /// Time went by: the steps that were reached.
    pub fn tick(&mut self, now_ms: u64) -> Vec<Progress> {
        self.collect(now_ms, |timer| timer.measure.step_percent)
    }

    /// How far a timer is; a timer that is not there is not.
    pub fn percentage(&mut self, id: u32, now_ms: u64) -> Option<u8> {
        let (visible, last_act) = (self.visible, self.last_act);
        let timer = self.timers.iter_mut().find(|timer| timer.id == id)?;
        timer.advance(visible, last_act, now_ms);
        Some(timer.percentage())
    }

    /// When the next step is reached if nothing changes; none while no time counts.
    pub fn next_wake(&self) -> Option<u64> {
        let next = |timer: &Timer| {
            let at = timer.mark + timer.until_next_step();
            (at <= self.last_act + timer.measure.idle_after_ms).then_some(at)
        };
        let running = self.timers.iter().filter(|timer| self.visible && timer.runs());
        running.filter_map(next).min()
    }

    /// Whether any is left that has something to say: only then do the visitor's acts matter.
    pub fn any_runs(&self) -> bool {
        self.timers.iter().any(Timer::runs)
    }

    fn collect(&mut self, now_ms: u64, step: impl Fn(&Timer) -> u8) -> Vec<Progress> {
        let mut reached = Vec::new();
        for timer in &mut self.timers {
            timer.advance(self.visible, self.last_act, now_ms);
            let step = step(timer);
            reached.extend(timer.progress(step));
        }
        reached
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
    fn progress(&mut self, step: u8) -> Option<Progress> {
        let percentage = self.percentage();
        // 100 is a step whatever the others are.
        let reached = if percentage == 100 { 100 } else { percentage / step * step };
        if reached <= self.sent {
            return None;
        }
        self.sent = reached;
        Some(Progress { item: self.item.clone(), percentage: reached })
    }

    fn until_next_step(&self) -> u64 {
        let step = self.measure.step_percent;
        let next = u64::from((self.percentage().max(self.sent) / step + 1) * step).min(100);
        (next * self.measure.full_after_ms).div_ceil(100).saturating_sub(self.active_ms)
    }
}

impl Measure {
    fn read(mut f: Fields<'_>, unknown: &mut Vec<Error>) -> Result<Self, Error> {
        let positive = |value: &Value| field::whole(value, 1, Limits::TIMER_MS);
        let full_after_ms = match f.required("by", field::text)?.as_str() {
            "time" => f.required("fullAfterMs", positive)?,
            "words" => {
                let words = f.required("words", positive)?;
                let speed = f.optional("wordsPerMinute", positive)?;
                (words * 60_000 / speed.unwrap_or(u64::from(Limits::WORDS_PER_MINUTE))).max(1)
            }
            "scroll" | "media" => return Err(LATER.at(f.path("by"))),
            _ => return Err(MEASURES.at(f.path("by"))),
        };
        let idle_after_ms = f.optional("idleAfterMs", positive)?.unwrap_or(Limits::IDLE_MS);
        let step = f.optional("stepPercent", |value| field::whole(value, 1, 100))?;
        f.end(unknown);
        let step_percent = step.map_or(Limits::STEP_PERCENT, |step| step as u8);
        Ok(Self { full_after_ms, idle_after_ms, step_percent })
    }
}
