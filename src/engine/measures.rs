//! What the engine does with what the page's observers tell it.

use super::Engine;
use super::time::Now;
use super::value::Value;

impl Engine {
    pub(super) fn played(&mut self, id: u32, duration: Option<f64>, ranges: &Value, now: &Now) {
        let mut numbers = Vec::new();
        for number in ranges.as_list().unwrap_or_default() {
            numbers.push(number.as_number().unwrap_or_default());
        }
        self.timers.played(id, duration, &numbers, now.mono_ms);
    }

    pub(super) fn observe(&mut self, id: u32, options: &Value) {
        let mut unknown = Vec::new();
        let observed = self.seen.observe(id, options, &self.config.item_type, &mut unknown);
        self.advise(unknown);
        if let Err(error) = observed {
            self.reject(error);
        }
    }

    pub(super) fn looked(&mut self, id: u32, news: &Value, now: &Now) {
        let mut advice = Vec::new();
        self.seen.looked(id, news.as_list().unwrap_or_default(), now.mono_ms, &mut advice);
        self.advise(advice);
    }
}
