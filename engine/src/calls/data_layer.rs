//! Entries of the page's data layer, as events, logins and logouts.

use crate::Engine;
use crate::config::Consent;
use crate::ga4::Entry;
use crate::rules::user_id;
use crate::time::Now;
use crate::value::Value;

impl Engine {
    /// Handles an entry of the page's data layer. Most entries have no effect.
    pub(crate) fn data_layer(&mut self, entry: &Entry, at: u64, now: &Now) {
        if self.consent == Consent::Denied {
            return;
        }
        match entry.user() {
            None => {}
            Some(Value::Null) => self.logout(&Value::Null, now),
            Some(user) => match user_id(&user) {
                Ok(_) => self.login(&user, at, now),
                // A template may push the same invalid value on every page, so this is a warning
                // that is given once.
                Err(problem) => self.advise(vec![problem.at("dataLayer.user_id")]),
            },
        }
        if entry.is_copy(at, &mut self.pushed) {
            return;
        }
        let (mut refused, mut advice) = (Vec::new(), Vec::new());
        let events = entry.events(&self.config.item_type, &mut refused, &mut advice);
        for error in refused {
            self.reject(error);
        }
        self.advise(advice);
        self.accept(events, at, now);
    }
}
