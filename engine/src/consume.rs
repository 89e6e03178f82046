//! Consume timers: how much of an item was consumed, by what was seen of its page.
//!
//! A percentage is sent when it reaches a step, and whole when there may be no later: never lower
//! than before, never twice the same, 100 once.

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

/// What a timer measures, and how.
#[derive(Debug)]
enum Measure {
    Clock(Clock),
    Scroll(Scroll),
    Media(Media),
}

/// What the timers have to know of the page.
#[derive(Clone, Copy, Debug)]
struct PageState {
    visible: bool,
    /// When the visitor was last known to be there.
    last_act: u64,
}

/// One running timer.
#[derive(Debug)]
struct Timer {
    id: u32,
    /// A `consume` of the item, without a percentage.
    event: Event,
    measure: Measure,
    step_percent: u8,
    /// The most that was consumed.
    percentage: u8,
    /// The last percentage that was sent.
    sent: u8,
}

/// All timers of the page, and what counts as time.
#[derive(Debug)]
pub struct Timers {
    timers: Vec<Timer>,
    page: PageState,
    /// What was consumed and not said yet.
    reached: Vec<Event>,
}

impl Timers {
    /// None yet. Opening the page is an act.
    pub fn new(visible: bool, now_ms: u64) -> Self {
        let page = PageState { visible, last_act: now_ms };
        Self { timers: Vec::new(), page, reached: Vec::new() }
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
        let event = Event::parse_at(NAME, Kind::Consume, item, default_item_type, unknown)?;
        let (measure, step_percent) = options::parse(options, now_ms, unknown)?;
        if self.timers.len() >= Limits::TIMERS {
            self.timers.retain(Timer::runs);
        }
        if self.timers.len() >= Limits::TIMERS {
            return Err(TOO_MUCH.at(NAME));
        }
        self.page.last_act = now_ms;
        self.timers.push(Timer { id, event, measure, step_percent, percentage: 0, sent: 0 });
        Ok(())
    }

    /// What was measured and not said yet: whoever says it takes it away.
    pub fn reached(&mut self) -> &mut Vec<Event> {
        &mut self.reached
    }

    /// What is told of a timer: in CSS pixels, how much of its element, and of how much, is above
    /// the lower edge of what can be seen of it; or the duration of its medium, where it is known,
    /// and starts and ends of what was played.
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

    /// Ends a timer: its last value, where it was not sent yet.
    pub fn stop(&mut self, id: u32, now_ms: u64) {
        if let Some(place) = self.timers.iter().position(|timer| timer.id == id) {
            let mut timer = self.timers.swap_remove(place);
            timer.advance(self.page, now_ms);
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
        self.page.visible = false;
    }

    /// The page is seen again.
    pub fn show(&mut self, now_ms: u64) {
        self.act(now_ms);
        self.page.visible = true;
    }

    /// The visitor did something.
    pub fn act(&mut self, now_ms: u64) {
        self.tick(now_ms);
        self.page.last_act = now_ms;
    }

    /// Time went by: the steps that were reached.
    pub fn tick(&mut self, now_ms: u64) {
        self.measure(now_ms, false);
    }

    /// How far a timer is; a timer that is not there is not.
    pub fn percentage(&mut self, id: u32, now_ms: u64) -> Option<u8> {
        let page = self.page;
        let timer = self.timers.iter_mut().find(|timer| timer.id == id)?;
        timer.advance(page, now_ms);
        Some(timer.percentage)
    }

    /// When the next step is reached if nothing changes; never while no time counts.
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

    /// Whether any counts time and has something to say: only then do the visitor's acts matter.
    pub fn wants_acts(&self) -> bool {
        self.timers.iter().any(|timer| matches!(timer.measure, Measure::Clock(_)) && timer.runs())
    }

    /// Goes through all timers: the last values are said whole, others in steps.
    fn measure(&mut self, now_ms: u64, last: bool) {
        for timer in &mut self.timers {
            timer.advance(self.page, now_ms);
            let step = if last { 1 } else { timer.step_percent };
            timer.progress(step, &mut self.reached);
        }
    }
}

impl Timer {
    /// What is consumed whole has no more to say; it stays until its handle is given back.
    fn runs(&self) -> bool {
        self.sent < 100
    }

    fn advance(&mut self, page: PageState, now_ms: u64) {
        let percentage = match &mut self.measure {
            Measure::Clock(clock) => clock.advance(page, now_ms),
            // What is in a page that nobody sees was not seen.
            Measure::Scroll(scroll) if page.visible => scroll.percentage(now_ms),
            Measure::Scroll(_) => 0,
            // A page may be heard while it is hidden.
            Measure::Media(media) => media.percentage(),
        };
        self.percentage = self.percentage.max(percentage);
    }

    /// The percentage rounded down to whole steps, where that is more than was sent.
    fn progress(&mut self, step: u8, reached: &mut Vec<Event>) {
        // 100 is a step whatever the others are.
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

/// How much a part is of all, in whole percent. To miss the end by so little is not to miss it.
fn share(part: u64, all: u64, slack: u64) -> u8 {
    if part == 0 {
        0
    } else if part + slack >= all {
        100
    } else {
        (part * 100 / all) as u8
    }
}
