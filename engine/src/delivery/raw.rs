//! Raw batches: the calls of a page that was left before the module was there, which it sent to the collector as they were. The next page
//! sends them again unless they are acknowledged, under the same flight limit and back-off as every other batch.

use super::batch::{Batch, Stage};
use super::context::Context;
use super::outbox::Slot;
use super::queue::Queue;
use super::stream::StreamId;
use crate::effect::Via;
use crate::input::RawBatch;
use crate::limits::Limits;
use crate::protocol::{Protocol, RetryPolicy};
use crate::request::{Method, Request};
use std::rc::Rc;

impl Queue {
    /// Takes a raw batch over, if this is a collector's queue. Returns whether it is.
    pub fn take_over_raw(&mut self, raw: &RawBatch, context: &mut Context<'_>) -> bool {
        if !matches!(self.destination.protocol, Protocol::Batch(_)) {
            return false;
        }
        // The page before gave it to the browser when it stored it.
        let age = context.now.wall_ms.saturating_sub(raw.sent_at);
        let left = Limits::ACKNOWLEDGED_MS.saturating_sub(age);
        *context.ids += 1;
        let stream = StreamId { destination: self.key.clone(), name: raw.stream.clone().into() };
        let request = Request {
            method: Method::Post,
            url: raw.url.clone(),
            body: Some(raw.body.clone()),
            key: None,
            no_cors: false,
        };
        self.batches.push(Box::new(Batch {
            id: *context.ids,
            stream: Rc::new(stream),
            seq: 0,
            made_at: raw.sent_at,
            request: request.into(),
            events: Vec::new(),
            retry_policy: RetryPolicy::Idempotent,
            stage: Stage::AwaitingAck(context.now.mono_ms + left),
            via: Via::Beacon,
            refused: false,
            retried: true,
            may_store: true,
            no_retry: false,
            in_flight_until: 0,
            slot: Slot::default(),
            raw_key: Some(raw.key.clone()),
        }));
        true
    }
}
