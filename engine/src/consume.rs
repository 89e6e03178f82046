//! Consume timers: they measure how much of an item was consumed.
//!
//! A percentage is sent when it reaches a step, and exactly when it may be the last chance. It
//! never falls, no value is sent twice, and 100 is sent once.

mod clock;
mod media;
mod options;
mod scroll;

use super::error::{Error, TOO_MUCH};
use super::event::{Event, Kind};
use super::limits::Limits;
use super::time::NEVER;
use super::value::Value;
use clock::Clock;
use media::Media;
use scroll::Scroll;

const NAME: &str = "consumeTimer";

/// The method of measurement, and its state.
#[derive(Debug)]
enum Measure {
    Clock(Clock),
    Scroll(Scroll),
    Media(Media),
}

/// The state of the page that timers need.
#[derive(Clone, Copy, Debug)]
struct PageState {
    visible: bool,
    /// The time of the visitor's last activity.
    last_act: u64,
}

/// A running timer.
#[derive(Debug)]
struct Timer {
    id: u32,
    /// A `consume` event of the item, without a percentage.
    event: Event,
    measure: Measure,
    step_percent: u8,
    /// The highest percentage so far.
    percentage: u8,
    /// The last percentage that was sent.
    sent: u8,
}

/// All timers of the page.
#[derive(Debug)]
pub struct Timers {
    timers: Vec<Timer>,
    page: PageState,
    /// Measured events that are not queued yet.
    reached: Vec<Event>,
}

impl Timers {
    /// Starts without timers. Opening the page counts as activity.
    pub fn new(visible: bool, now_ms: u64) -> Self {
        let page = PageState { visible, last_act: now_ms };
        Self { timers: Vec::new(), page, reached: Vec::new() }
    }

    /// Starts a timer.
    ///
    /// # Errors
    /// The item or the options are invalid, or there are too many timers.
    pub fn start(
        &mut self,
        id: u32,
        item: &Value,
        options: &Value,
        default_item_type: &str,
        now_ms: u64,
        unknown: &mut Vec<Error>,
    ) -> Result<(), Error> {
        let event = Event::parse_at(NAME, Kind::Consume, item, default_item_type, unknown)?;
        let (measure, step_percent) = options::parse(options, now_ms, unknown)?;
        if self.timers.len() >= Limits::TIMERS {
            self.timers.retain(Timer::runs);
        }
        if self.timers.len() >= Limits::TIMERS {
            return Err(TOO_MUCH.at(NAME));
        }
        self.act(now_ms);
        self.timers.push(Timer { id, event, measure, step_percent, percentage: 0, sent: 0 });
        Ok(())
    }

    /// The measured events that are not queued yet. The caller takes them out.
    pub fn reached(&mut self) -> &mut Vec<Event> {
        &mut self.reached
    }

    /// Updates a timer. For scroll: the element's height above the lower edge of its visible part,
    /// and its whole height, in CSS pixels. For media: the duration, if known, and the starts and
    /// ends of the played ranges.
    pub fn observed(&mut self, id: u32, first: &Value, second: &Value, now_ms: u64) {
        for timer in self.timers.iter_mut().filter(|timer| timer.id == id) {
            match &mut timer.measure {
                Measure::Clock(_) => {}
                Measure::Scroll(scroll) => scroll.see(first.whole(), second.whole(), now_ms),
                Measure::Media(media) => media.play(first, second),
            }
        }
        self.tick(now_ms);
    }

    /// Stops a timer and reports its last value, if that was not sent yet.
    pub fn stop(&mut self, id: u32, now_ms: u64) {
        if let Some(place) = self.timers.iter().position(|timer| timer.id == id) {
            let mut timer = self.timers.swap_remove(place);
            timer.advance(self.page, now_ms);
            timer.progress(1, &mut self.reached);
        }
    }

    /// Stops all timers.
    pub fn stop_all(&mut self, now_ms: u64) {
        self.measure(now_ms, true);
        self.timers.clear();
    }

    /// The page was hidden: reports the last values.
    pub fn hide(&mut self, now_ms: u64) {
        self.measure(now_ms, true);
        self.page.visible = false;
    }

    /// The page is visible again.
    pub fn show(&mut self, now_ms: u64) {
        self.act(now_ms);
        self.page.visible = true;
    }

    /// Notes activity of the visitor.
    pub fn act(&mut self, now_ms: u64) {
        self.tick(now_ms);
        self.page.last_act = now_ms;
    }

    /// Reports the steps reached since the last call.
    pub fn tick(&mut self, now_ms: u64) {
        self.measure(now_ms, false);
    }

    /// The percentage of a timer, or `None` if there is no such timer.
    pub fn percentage(&mut self, id: u32, now_ms: u64) -> Option<u8> {
        let page = self.page;
        let timer = self.timers.iter_mut().find(|timer| timer.id == id)?;
        timer.advance(page, now_ms);
        Some(timer.percentage)
    }

    /// The time of the next step if nothing changes, or `NEVER` while no time counts.
    pub fn next_wake(&self) -> u64 {
        let mut next = NEVER;
        for timer in self.timers.iter().filter(|timer| self.page.visible && timer.runs()) {
            next = next.min(match &timer.measure {
                Measure::Clock(clock) => clock.reaches(timer.next_step(), self.page),
                Measure::Scroll(scroll) => scroll.settles_at(),
                Measure::Media(_) => NEVER,
            });
        }
        next
    }

    /// Whether a timer depends on the visitor's activity.
    pub fn wants_acts(&self) -> bool {
        self.timers.iter().any(|timer| matches!(timer.measure, Measure::Clock(_)) && timer.runs())
    }

    /// Updates all timers. With `last` it reports exact values, otherwise steps.
    fn measure(&mut self, now_ms: u64, last: bool) {
        for timer in &mut self.timers {
            timer.advance(self.page, now_ms);
            let step = if last { 1 } else { timer.step_percent };
            timer.progress(step, &mut self.reached);
        }
    }
}

impl Timer {
    /// A timer at 100 % has nothing more to report. It stays until it is stopped.
    fn runs(&self) -> bool {
        self.sent < 100
    }

    fn advance(&mut self, page: PageState, now_ms: u64) {
        let percentage = match &mut self.measure {
            Measure::Clock(clock) => clock.advance(page, now_ms),
            // In a hidden page nothing is seen.
            Measure::Scroll(scroll) if page.visible => scroll.percentage(now_ms),
            Measure::Scroll(_) => 0,
            // Media can be played while the page is hidden.
            Measure::Media(media) => media.percentage(),
        };
        self.percentage = self.percentage.max(percentage);
    }

    /// Reports the percentage rounded down to whole steps, if that is more than was sent.
    fn progress(&mut self, step: u8, reached: &mut Vec<Event>) {
        // 100 is always a step.
        let whole = if self.percentage == 100 { 100 } else { self.percentage / step * step };
        if whole > self.sent {
            self.sent = whole;
            reached.push(self.event.with_percentage(whole));
        }
    }

    fn next_step(&self) -> u8 {
        let step = self.step_percent;
        ((self.percentage / step + 1) * step).min(100)
    }
}

/// The share of the whole in percent. A part that misses the end by at most `slack` counts as all.
fn share(part: u64, all: u64, slack: u64) -> u8 {
    if part == 0 {
        0
    } else if part + slack >= all {
        100
    } else {
        (part * 100 / all) as u8
    }
}
