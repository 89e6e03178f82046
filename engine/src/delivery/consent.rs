//! How a queue reacts when the visitor withdraws consent. The outbox has been erased by then, so no event has an entry any more.

use super::batch::Stage;
use super::context::Context;
use super::queue::Queue;
use super::stream::{PendingEvent, count_deliveries};
use crate::error::ErrorCode;
use crate::event::Kind;
use crate::record::Record;
use std::rc::Rc;

impl Queue {
    /// Continues with another stream. Pending events stay in the one before.
    pub fn start_stream(&mut self, name: String, context: &mut Context<'_>) {
        self.cancel_fetch_later(context);
        let stream = self.new_stream(name);
        self.pending.start_stream(stream);
    }

    /// Gives up everything that is pending: consent is denied.
    pub fn clear(&mut self, context: &mut Context<'_>) {
        let lost = count_deliveries(&self.pending.clear());
        self.counters.drop(lost, ErrorCode::Refused, context.out);
        self.clear_batches(context);
    }

    /// Removes the identity from pending events: consent is anonymous now. A login says nothing without it. Events that another page
    /// left behind cannot be encoded again, so they are given up.
    pub fn remove_identity(&mut self, session: &Option<Rc<String>>, context: &mut Context<'_>) {
        for event in self.pending.clear() {
            let PendingEvent { record, deliveries, .. } = *event;
            let Some(record) = record else {
                self.counters.drop(deliveries, ErrorCode::Refused, context.out);
                continue;
            };
            let record = Record {
                user: None,
                anonymous: None,
                account: None,
                purchaser: None,
                session: session.clone(),
                ..Record::clone(&record)
            };
            match self.destination.protocol.encode(&record, &mut Vec::new()) {
                Ok(encoded) if record.event.kind() != Kind::Login => {
                    self.append(record.into(), encoded, deliveries, context);
                }
                _ => self.counters.drop(deliveries, ErrorCode::UnsupportedEvent, context.out),
            }
        }
        self.clear_batches(context);
        self.plan_fetch_later(context);
    }

    /// Delivered batches stay delivered, batches that are to be sent again are given up, and requests in flight are not sent again. The
    /// browser's copy for `fetchLater` is cancelled.
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
