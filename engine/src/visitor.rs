//! What the engine does when the visitor logs in or out, decides about consent, or follows a link
//! that bears their id.

use super::Engine;
use super::config::Consent;
use super::error::{ErrorCode, Problem};
use super::event::{Event, Kind};
use super::fields::{Fields, Report};
use super::identity::Stored;
use super::protocol;
use super::rules;
use super::time::Now;
use super::value::Value;

static MISSING: Problem = Problem::new(ErrorCode::MissingField, "is required");
static FOREIGN_LINK: Problem =
    Problem::new(ErrorCode::OutOfRange, "has a host that is no Ibexa or YOOCHOOSE destination's");
static NOT_FOLLOWED: Problem =
    Problem::new(ErrorCode::Refused, "is followed while consent is granted, and only then");

impl Engine {
    pub(super) fn login(&mut self, user: &Value, at: u64, now: &Now) {
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

    pub(super) fn logout(&mut self, options: &Value, now: &Now) {
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

    pub(super) fn decide(&mut self, value: &Value, now: &Now) {
        let decision = match Consent::read(value) {
            Ok(decision) => decision,
            Err(problem) => return self.reject(problem.at("consent")),
        };
        let before = std::mem::replace(&mut self.consent, decision);
        if before != decision && before != Consent::Pending {
            self.renew_streams(now);
        }
        match decision {
            // What was stored with consent may stay; what comes now waits for it.
            Consent::Pending => self.outbox.on = false,
            Consent::Granted => {
                if before == Consent::Anonymous {
                    // Nothing leads back to what was sent without consent.
                    self.identity.renew(now);
                }
                self.identity.set_off(false, &mut self.effects);
                self.save(now);
                if matches!(before, Consent::Anonymous | Consent::Denied) {
                    self.login_named(now);
                }
            }
            Consent::Anonymous => {
                self.erase();
                self.identity.renew(now);
                let session = self.identity.session(true, now);
                let (queues, mut context) = self.context(false, now);
                for queue in queues {
                    queue.forget_identity(&session, &mut context);
                }
            }
            Consent::Denied => {
                self.erase();
                if before != Consent::Denied {
                    self.identity.renew(now);
                }
                self.identity.set_off(true, &mut self.effects);
                let (queues, mut context) = self.context(false, now);
                for queue in queues {
                    queue.clear(&mut context);
                }
            }
        }
    }

    /// Follows a link that a vendor made ready. It carries a user id: only with consent.
    pub(super) fn follow(&mut self, link: &Value, at: u64, now: &Now) {
        let path = "followLink";
        let problem = match (self.consent, protocol::address(link)) {
            (Consent::Pending | Consent::Anonymous | Consent::Denied, _) => &NOT_FOLLOWED,
            (Consent::Granted, Err(problem)) => problem,
            (Consent::Granted, Ok(url)) => {
                // The one click that every such link may be.
                let record = self.stamp(Event::bare(Kind::ClickRecommended), at, now);
                let (queues, mut context) = self.context(false, now);
                for queue in queues {
                    // One request, however many customers the page has at that host.
                    if queue.push_link(&url, &record, &mut context) {
                        return;
                    }
                }
                &FOREIGN_LINK
            }
        };
        self.reject(problem.at(path));
    }

    pub(super) fn shown(&mut self, stored: &Stored, now: &Now) {
        self.visible = true;
        if stored.off && self.consent != Consent::Denied {
            self.decide(&Value::Text("denied".to_owned()), now);
        } else if self.identity.may_store(self.consent) {
            self.identity.reread(stored);
            self.orders.kept().reread(stored.orders.as_deref());
        }
        self.timers.show(now.mono_ms);
    }

    pub(super) fn save(&mut self, now: &Now) {
        if self.identity.may_store(self.consent) {
            self.identity.save(now, &mut self.effects);
            self.orders.kept().save(&mut self.effects);
            self.open_outbox(now);
        }
    }

    /// Logs the account in that the page names, if consent lets it.
    pub(super) fn login_named(&mut self, now: &Now) {
        if let Some(user) = self.named.clone() {
            self.login(&Value::Text(user), now.wall_ms, now);
        }
    }

    pub(super) fn erase(&mut self) {
        self.identity.erase(&mut self.effects);
        self.orders.kept().erase(&mut self.effects);
        self.outbox.erase(&mut self.effects);
    }
}
