//! What becomes of a queue when the visitor withdraws consent. The outbox is erased then: nothing here
//! stands in it any more.

use super::Queue;
use super::batch::{Events, PendingEvent, Stage, Stream, count_deliveries, count_deliveries_of};
use super::context::Context;
use super::outbox::Slot;
use crate::error::ErrorCode;
use crate::event::Kind;
use crate::record::Record;
use std::rc::Rc;

impl Queue {
    /// Goes on as another stream. What waits stays in the one before.
    pub fn start_stream(&mut self, stream: String, context: &mut Context<'_>) {
        self.cancel_fetch_later(context);
        self.streams.retain(|stream| !stream.pending.is_empty());
        self.streams.insert(0, Stream::new(stream));
    }

    /// Gives up everything that waits.
    pub fn clear(&mut self, context: &mut Context<'_>) {
        let mut lost = 0;
        for stream in &mut self.streams {
            lost += count_deliveries_of(&mut stream.clear().iter());
        }
        self.drop(lost, ErrorCode::Refused, context.out);
        self.clear_batches(context);
    }

    /// Takes the identity away from what waits: consent is anonymous now. A login says nothing then,
    /// and a request cannot be changed any more, nor what another page left behind.
    pub fn forget_identity(&mut self, session: &Option<Rc<String>>, context: &mut Context<'_>) {
        let mut all: Events = Vec::new();
        // The newest stream is the first.
        for stream in self.streams.iter_mut().rev() {
            all.extend(stream.clear());
        }
        for event in all {
            let PendingEvent { record, deliveries, .. } = *event;
            let Some(record) = record else {
                self.drop(deliveries, ErrorCode::Refused, context.out);
                continue;
            };
            let session = session.clone();
            let record = Record::clone(&record);
            let record = Record {
                user: None,
                anonymous: None,
                account: None,
                purchaser: None,
                session,
                ..record
            };
            match self.destination.protocol.encode(&record, &mut Vec::new()) {
                Ok(encoded) if record.event.kind() != Kind::Login => {
                    self.append(record.into(), encoded, deliveries, context);
                }
                _ => self.drop(deliveries, ErrorCode::UnsupportedEvent, context.out),
            }
        }
        self.clear_batches(context);
        self.plan_fetch_later(context);
    }

    /// What was sent was sent; what has to go again does not; what is under way does not come back.
    /// The browser's copy has ids, or nobody wants it.
    fn clear_batches(&mut self, context: &mut Context<'_>) {
        self.cancel_fetch_later(context);
        for mut batch in std::mem::take(&mut self.batches) {
            match batch.stage {
                Stage::Ready => {
                    self.drop(count_deliveries(&batch.events), ErrorCode::Refused, context.out);
                }
                Stage::AwaitingAck(_) => self.deliver(&batch, false, context.out),
                Stage::InFlight => {
                    batch.no_retry = true;
                    batch.slot = Slot::default();
                    for event in &mut batch.events {
                        event.slot = Slot::default();
                    }
                    self.batches.push(batch);
                }
            }
        }
    }
}
