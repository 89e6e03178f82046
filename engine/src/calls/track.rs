//! Tracking calls: a call is refused with one error, or its events go into every queue.

use crate::Engine;
use crate::config::Consent;
use crate::effect::Effect;
use crate::error::{Error, ErrorCode, Problem};
use crate::event::{Event, Kind};
use crate::hash::hash;
use crate::limits::Limits;
use crate::record::Record;
use crate::time::Now;
use crate::value::Value;
use std::rc::Rc;

impl Engine {
    pub(crate) fn track(&mut self, kind: Kind, value: &Value, at: u64, now: &Now) {
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

    /// Queues the events of one call, except lines of an order that were sent before.
    pub(crate) fn accept(&mut self, mut events: Vec<Event>, at: u64, now: &Now) {
        let repeated = self.admit(&mut events, now);
        if repeated > 0 {
            let detail = "was already sent by this browser";
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

    /// Records the orders of purchases that were sent before the module had loaded.
    pub(crate) fn order_sent(&mut self, value: &Value, now: &Now) {
        let item_type = &self.config.item_type;
        if let Ok(mut events) = Event::parse(Kind::Buy, value, item_type, &mut Vec::new()) {
            self.admit(&mut events, now);
        }
    }

    /// Counts calls that were made before the module had loaded and are lost.
    pub(crate) fn calls_lost(&mut self, calls: u32, code: ErrorCode) {
        let problem = Problem::new(code, "made before the module loaded are lost");
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

    pub(crate) fn enqueue(&mut self, event: Event, at: u64, now: &Now) {
        let record = self.stamp(event, at, now);
        let mut advice = Vec::new();
        self.each_queue(now, |queue, context| queue.push(&record, &mut advice, context));
        self.advise(advice);
    }

    pub(crate) fn stamp(&mut self, event: Event, at: u64, now: &Now) -> Rc<Record> {
        let at = at.min(now.wall_ms);
        let nobody = self.consent == Consent::Anonymous;
        // The smaller module makes no session, but it passes the shop's own one to a collector.
        let own = self.config.identity.session_id.as_ref().filter(|_| !nobody);
        let session =
            self.identity.session(nobody, now).or_else(|| own.map(|id| Rc::new(id.clone())));
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

    pub(crate) fn reject(&mut self, error: Error) {
        self.rejected += 1;
        self.effects.push(Effect::Warn(error));
    }

    /// Gives each of these warnings once. Otherwise a page that passes unknown fields in every
    /// call, or a vendor without an event, would fill the console.
    pub(crate) fn advise(&mut self, advice: Vec<Error>) {
        for error in advice {
            let said = hash(&[error.code.name(), &error.field, error.detail]);
            if !self.warned.contains(&said) && self.warned.len() < Limits::WARNED_ONCE {
                self.warned.push(said);
                self.effects.push(Effect::Warn(error));
            }
        }
    }
}
