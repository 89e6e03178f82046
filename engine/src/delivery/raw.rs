//! Raw batches: the calls of a page that was left before the module had loaded, which it sent to
//! the collector unchanged. The next page sends them again unless they are acknowledged. They have
//! the same flight limit and back-off as other batches.

use super::batch::{Batch, Stage};
use super::context::Context;
use super::queue::Queue;
use super::stream::StreamId;
use crate::input::RawBatch;
use crate::limits::Limits;
use crate::protocol::{Protocol, RetryPolicy};
use crate::request::{Method, Request};

impl Queue {
    /// Whether the destination is a collector.
    pub fn is_collectors(&self) -> bool {
        matches!(self.destination.protocol, Protocol::Batch(_))
    }

    /// Takes over a raw batch.
    pub fn take_over_raw(&mut self, raw: RawBatch, context: &mut Context<'_>) {
        let RawBatch { key, url, body, sent_at } = raw;
        let name = key.get(RawBatch::PREFIX.len()..).unwrap_or_default().to_owned();
        let stream = StreamId { destination: self.key.clone(), name: name.into() };
        let (method, body) = (Method::Post, Some(body));
        let request = Request { method, url, body, key: None, no_cors: false };
        let policy = RetryPolicy::Idempotent;
        let mut batch = Batch::new(stream.into(), 0, sent_at, request, Vec::new(), policy, context);
        // The earlier page gave it to the browser when it stored it.
        let age = context.now.wall_ms.saturating_sub(sent_at);
        let left = Limits::ACKNOWLEDGED_MS.saturating_sub(age);
        batch.stage = Stage::AwaitingAck(context.now.mono_ms + left);
        batch.retried = true;
        batch.raw_key = Some(key);
        self.batches.push(batch);
    }
}
