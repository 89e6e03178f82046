//! A queue's reaction to withdrawn consent. The outbox is erased before, so no event has an entry.

use super::batch::Stage;
use super::context::Context;
use super::queue::Queue;
use super::stream::{PendingEvent, count_deliveries};
use crate::error::ErrorCode;
use crate::event::Kind;
use crate::record::Record;
use std::rc::Rc;

impl Queue {
    /// Continues with a new stream. Pending events stay in the old one.
    pub fn start_stream(&mut self, name: String, context: &mut Context<'_>) {
        self.cancel_fetch_later(context);
        let stream = self.new_stream(name);
        self.pending.start_stream(stream);
    }

    /// Drops all pending events, because consent was denied.
    pub fn clear(&mut self, context: &mut Context<'_>) {
        let lost = count_deliveries(&self.pending.clear());
        self.counters.drop(lost, ErrorCode::Refused, context.out);
        self.clear_batches(context);
    }

    /// Changes the anonymous id of pending events, or removes the whole identity and takes this session.
    /// An event without an id stays without one. A login has no meaning without identity. Events of
    /// other pages cannot be encoded again. Both are dropped.
    pub fn change_id(
        &mut self,
        id: Option<&Rc<String>>,
        session: &Option<Rc<String>>,
        context: &mut Context<'_>,
    ) {
        for event in self.pending.clear() {
            let PendingEvent { record, deliveries, .. } = *event;
            let Some(record) = record else {
                self.counters.drop(deliveries, ErrorCode::Refused, context.out);
                continue;
            };
            let mut record = Record::clone(&record);
            record.anonymous = record.anonymous.and(id.cloned());
            if id.is_none() {
                (record.user, record.account, record.purchaser) = (None, None, None);
                record.session = session.clone();
            }
            let is_lost = record.event.kind() == Kind::Login && record.anonymous.is_none();
            match self.destination.protocol.encode(&record, &mut Vec::new()) {
                Ok(encoded) if !is_lost => {
                    self.append(record.into(), encoded, deliveries, context);
                }
                _ => self.counters.drop(deliveries, ErrorCode::UnsupportedEvent, context.out),
            }
        }
        self.clear_batches(context);
        self.plan_fetch_later(context);
    }

    /// Keeps delivered batches, drops batches that were to be sent again, and prevents a retry of
    /// requests in flight. Cancels the browser's copy for `fetchLater`.
    fn clear_batches(&mut self, context: &mut Context<'_>) {
        self.cancel_fetch_later(context);
        for mut batch in self.batches.take() {
            match batch.stage {
                Stage::Ready => {
                    self.counters.drop(batch.deliveries(), ErrorCode::Refused, context.out);
                }
                Stage::AwaitingAck(_) => self.counters.deliver(&batch, false, context.out),
                Stage::InFlight => {
                    batch.no_retry = true;
                    batch.forget_outbox();
                    self.batches.push(batch);
                }
            }
        }
    }
}
