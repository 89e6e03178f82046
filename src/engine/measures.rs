//! What the engine does with what the page's observers tell it.

use super::Engine;
use super::config::Consent;
use super::event::Event;
use super::input::Observation;
use super::time::Now;
use super::value::Value;

impl Engine {
    pub(super) fn observed(
        &mut self,
        what: Observation,
        id: u32,
        first: &Value,
        second: &Value,
        now: &Now,
    ) {
        let mut advice = Vec::new();
        let mut done = Ok(());
        match what {
            Observation::Progress => self.timers.observed(id, first, second, now.mono_ms),
            Observation::Observe => {
                done = self.seen.observe(id, first, &self.config.item_type, &mut advice);
            }
            Observation::Looked => self.seen.looked(id, first, now.mono_ms, &mut advice),
            Observation::Unobserve => self.seen.unobserve(id),
        }
        self.advise(advice);
        if let Err(error) = done {
            self.reject(error);
        }
    }

    /// Takes in what was measured: without consent it is nothing.
    pub(super) fn measured(&mut self, mut events: Vec<Event>, now: &Now) {
        while !events.is_empty() && self.consent != Consent::Denied {
            self.enqueue(events.remove(0), now.wall_ms, now);
        }
    }
}
