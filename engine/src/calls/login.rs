//! Logins and logouts.

use crate::Engine;
use crate::config::Consent;
use crate::error::MISSING;
use crate::event::Event;
use crate::fields::{Fields, Report};
use crate::rules;
use crate::time::Now;
use crate::value::Value;

impl Engine {
    pub(crate) fn login(&mut self, user: &Value, at: u64, now: &Now) {
        match self.consent {
            Consent::Anonymous | Consent::Denied => return,
            Consent::Pending | Consent::Granted => {}
        }
        let user = match user {
            Value::Null => Err(&MISSING),
            _ => rules::user_id(user),
        };
        match user {
            Err(problem) => self.reject(problem.at("login.userId")),
            Ok(user) => {
                self.named = None;
                let fresh = self.identity.login(user, now);
                if fresh {
                    self.enqueue(Event::login(), at, now);
                }
                self.save(now);
            }
        }
    }

    pub(crate) fn logout(&mut self, options: &Value, now: &Now) {
        let mut forget = None;
        if !options.is_null() {
            let mut report = Report::default();
            let mut fields = Fields::new("logout", options, &mut report);
            forget = fields.read("forget", rules::boolean);
            fields.end();
            let mut unknown = Vec::new();
            let read = report.end(&mut unknown);
            self.advise(unknown);
            if let Err(error) = read {
                return self.reject(error);
            }
        }
        self.named = None;
        self.identity.logout(forget == Some(true), now);
        self.save(now);
    }

    /// Logs in the account that the configuration names, if consent allows it.
    pub(crate) fn login_named(&mut self, now: &Now) {
        if let Some(user) = self.named.clone() {
            self.login(&Value::Text(user), now.wall_ms, now);
        }
    }
}
