//! What the engine does with what the page's observers tell it.

use super::Engine;
use super::input::Observation;
use super::time::Now;
use super::value::Value;

impl Engine {
    pub(super) fn observed(&mut self, what: Observation, args: &[Value], now: &Now) {
        let mut advice = Vec::new();
        let mut done = Ok(());
        let now_ms = now.mono_ms;
        match (what, args) {
            (Observation::Progress, [id, first, second, ..]) => {
                self.timers.observed(id.whole(), first, second, now_ms);
            }
            (Observation::Observe, [options, id, ..]) => {
                let item_type = &self.config.item_type;
                done = self.viewability.observe(id.whole(), options, item_type, &mut advice);
            }
            (Observation::InView, [id, news, ..]) => {
                self.viewability.looked(id.whole(), news, now_ms, &mut advice);
            }
            (Observation::Unobserve, [id, ..]) => self.viewability.unobserve(id.whole()),
            // The page called it by itself.
            (_, _) => {}
        }
        self.advise(advice);
        if let Err(error) = done {
            self.reject(error);
        }
    }
}
