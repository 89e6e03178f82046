//! What becomes of a call: it is refused, with one error, or it is an event in every queue.

use super::Engine;
#[cfg(not(feature = "sources"))]
use super::absent::Entry;
use super::config::Consent;
use super::effect::Effect;
use super::error::{Error, ErrorCode, Problem};
use super::event::{Event, Kind};
#[cfg(feature = "sources")]
use super::ga4::Entry;
use super::hash::hash;
use super::limits::Limits;
use super::record::Record;
use super::rules::user_id;
use super::time::Now;
use super::value::Value;
use std::rc::Rc;

impl Engine {
    pub(super) fn track(&mut self, kind: Kind, value: &Value, at: u64, now: &Now) {
        if self.consent == Consent::Denied {
            self.rejected += 1;
            return;
        }
        let mut unknown = Vec::new();
        let events = match Event::parse(kind, value, &self.config.item_type, &mut unknown) {
            Ok(events) => events,
            Err(error) => return self.reject(error),
        };
        self.advise(unknown);
        self.accept(events, at, now);
    }

    /// Takes an entry of the page's data layer. Of most there is nothing to say.
    pub(super) fn data_layer(&mut self, entry: &Entry, at: u64, now: &Now) {
        if self.consent == Consent::Denied {
            return;
        }
        match entry.user() {
            None => {}
            Some(Value::Null) => self.logout(&Value::Null, now),
            Some(user) => match user_id(&user) {
                Ok(_) => self.login(&user, at, now),
                // The page's template prints it for each visitor, in each push.
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

    /// Queues the events of one call, without those of an order that was sent before.
    fn accept(&mut self, mut events: Vec<Event>, at: u64, now: &Now) {
        let repeated = self.admit(&mut events, now);
        if repeated > 0 {
            let detail = "was sent before for this order";
            let problem = Problem::new(ErrorCode::DuplicateOrder, detail);
            self.effects.push(Effect::Warn(problem.at("buy.orderId")));
            for queue in &mut self.queues {
                queue.refuse(repeated, ErrorCode::DuplicateOrder, &mut self.effects);
            }
        }
        for event in events {
            self.enqueue(event, at, now);
        }
    }

    /// Remembers the orders of purchases that the collector got as they were called: www/early.js.
    pub(super) fn bought(&mut self, value: &Value, now: &Now) {
        let item_type = &self.config.item_type;
        if let Ok(mut events) = Event::parse(Kind::Buy, value, item_type, &mut Vec::new()) {
            self.admit(&mut events, now);
        }
    }

    /// Counts calls that were made before the module was there and are lost.
    pub(super) fn lost(&mut self, calls: u32, code: ErrorCode) {
        let problem = Problem::new(code, "from before the module was there are lost");
        self.effects.push(Effect::Warn(problem.at("calls")));
        for queue in &mut self.queues {
            queue.refuse(calls, code, &mut self.effects);
        }
    }

    fn admit(&mut self, events: &mut Vec<Event>, now: &Now) -> u32 {
        let repeated = self.orders.admit(events, now);
        if self.identity.may_store(self.consent) {
            self.orders.kept().save(&mut self.effects);
        }
        repeated
    }

    pub(super) fn enqueue(&mut self, event: Event, at: u64, now: &Now) {
        let record = self.stamp(event, at, now);
        let mut advice = Vec::new();
        let (queues, mut context) = self.context(false, now);
        for queue in queues {
            queue.push(&record, &mut advice, &mut context);
        }
        self.advise(advice);
    }

    pub(super) fn stamp(&mut self, event: Event, at: u64, now: &Now) -> Rc<Record> {
        let at = at.min(now.wall_ms);
        let nobody = self.consent == Consent::Anonymous;
        let session = self.identity.session(nobody, now);
        if self.identity.may_store(self.consent) {
            self.identity.save_session(&mut self.effects);
        }
        let account = self.config.identity.account_id.as_ref();
        let purchaser = self.config.identity.purchaser_id.as_ref();
        Rc::new(Record {
            id: self.event_ids.next(at, now),
            at,
            user: self.identity.user().filter(|_| !nobody).cloned(),
            anonymous: (!nobody).then(|| self.identity.anonymous().clone()),
            session,
            account: account.filter(|_| !nobody).cloned(),
            purchaser: purchaser.filter(|_| !nobody).cloned(),
            event,
        })
    }

    pub(super) fn start_timer(&mut self, id: u32, item: &Value, options: &Value, now: &Now) {
        let mut unknown = Vec::new();
        let item_type = &self.config.item_type;
        let started = self.timers.start(id, item, options, item_type, now.mono_ms, &mut unknown);
        self.advise(unknown);
        if let Err(error) = started {
            self.reject(error);
        }
    }

    pub(super) fn reject(&mut self, error: Error) {
        self.rejected += 1;
        self.effects.push(Effect::Warn(error));
    }

    /// Says each of these once: a page that spreads its whole product into every call, or a vendor
    /// that has no such event, would otherwise fill the console.
    pub(super) fn advise(&mut self, advice: Vec<Error>) {
        for error in advice {
            let said = hash(&[error.code.name(), &error.field, error.detail]);
            if !self.warned.contains(&said) && self.warned.len() < Limits::WARNED_ONCE {
                self.warned.push(said);
                self.effects.push(Effect::Warn(error));
            }
        }
    }
}
