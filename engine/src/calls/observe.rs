//! Consume timers, and the reports of the page's observers about timers and recommendation
//! containers.

use crate::Engine;
use crate::input::Observation;
use crate::time::Now;
use crate::value::Value;

impl Engine {
    pub(crate) fn start_timer(&mut self, id: u32, item: &Value, options: &Value, now: &Now) {
        let mut unknown = Vec::new();
        let item_type = &self.config.item_type;
        let started = self.timers.start(id, item, options, item_type, now.mono_ms, &mut unknown);
        self.advise(unknown);
        if let Err(error) = started {
            self.reject(error);
        }
    }

    pub(crate) fn observed(&mut self, what: Observation, args: &[Value], now: &Now) {
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
            // A direct call of the page with wrong arguments is ignored.
            (_, _) => {}
        }
        self.advise(advice);
        if let Err(error) = done {
            self.reject(error);
        }
    }
}
