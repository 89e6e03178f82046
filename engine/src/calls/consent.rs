//! Calls of `consent`: they change what may be sent and stored.

use crate::Engine;
use crate::config::Consent;
use crate::delivery::queue::Queue;
use crate::effect::{ALL_KEYS, Effect};
use crate::identity::Stored;
use crate::time::Now;
use crate::value::Value;

impl Engine {
    pub(crate) fn decide(&mut self, value: &Value, now: &Now) {
        let decision = match Consent::read(value) {
            Ok(decision) => decision,
            Err(problem) => return self.reject(problem.at("consent")),
        };
        let before = std::mem::replace(&mut self.consent, decision);
        if before != decision && before != Consent::Pending {
            self.renew_streams(now);
        }
        // Also on the way to "pending", which the visitor may leave to "granted" later.
        let may_identify = matches!(decision, Consent::Pending | Consent::Granted);
        if may_identify && before == Consent::Anonymous {
            // Makes a new id, so that later events cannot be linked to those sent without consent.
            self.identity.renew(now);
        }
        match decision {
            // Entries stored with consent may stay. New events are held until the visitor decides.
            Consent::Pending => self.outbox.on = false,
            Consent::Granted => {
                self.identity.set_off(false, &mut self.effects);
                self.save(now);
            }
            Consent::Anonymous => {
                self.erase();
                self.identity.renew(now);
                let session = self.identity.session(true, now);
                self.each_queue(now, |queue, context| queue.change_id(None, &session, context));
            }
            Consent::Denied => {
                self.erase();
                if before != Consent::Denied {
                    self.identity.renew(now);
                }
                self.identity.set_off(true, &mut self.effects);
                self.each_queue(now, Queue::clear);
            }
        }
        if may_identify && matches!(before, Consent::Anonymous | Consent::Denied) {
            self.login_named(now);
        }
    }

    /// Takes over the decision, the visitor and the orders that other tabs have stored.
    pub(crate) fn reread(&mut self, stored: &Stored, now: &Now) {
        if stored.off && self.consent != Consent::Denied {
            self.decide(&Value::Text("denied".to_owned()), now);
        } else if self.identity.may_store(Consent::Granted) && self.consent != Consent::Anonymous {
            let stores = self.consent == Consent::Granted;
            self.orders.kept().reread(stored.orders.as_deref());
            if self.identity.reread(stored, stores) && !stores {
                let id = self.identity.anonymous().clone();
                self.each_queue(now, |queue, context| queue.change_id(Some(&id), &None, context));
            }
        }
    }

    pub(crate) fn save(&mut self, now: &Now) {
        if self.identity.may_store(self.consent) {
            self.identity.save(now, &mut self.effects);
            self.orders.kept().save(&mut self.effects);
            self.open_outbox(now);
        }
    }

    /// Erases what any page of the site has stored for the visitor, also with other destinations,
    /// except the decision itself.
    pub(crate) fn erase(&mut self) {
        self.identity.erase(&mut self.effects);
        self.orders.kept().clear();
        self.outbox.close();
        self.effects.push(Effect::Remove(ALL_KEYS.to_owned()));
    }
}
