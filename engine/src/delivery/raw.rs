//! Raw batches: the calls of a page that was left before the module had loaded, which it sent to
//! the collector unchanged. The next page sends them again unless they are acknowledged. They have
//! the same flight limit and back-off as other batches.

use super::batch::Batch;
use super::context::Context;
use super::queue::Queue;
use super::stream::StreamId;
use crate::input::RawBatch;
use crate::protocol::{Protocol, RetryPolicy};
use crate::request::{Method, Request};

impl Queue {
    /// Whether the destination is a collector.
    pub fn is_collectors(&self) -> bool {
        matches!(self.destination.protocol, Protocol::Batch(_))
    }

    /// Takes over a raw batch.
    pub fn take_over_raw(&mut self, raw: RawBatch, context: &mut Context<'_>) {
        // Each yes of the visitor makes the façade read them again.
        if self.batches.has_raw(&raw.key) {
            return;
        }
        let RawBatch { key, url, body, sent_at } = raw;
        let name = key.get(RawBatch::PREFIX.len()..).unwrap_or_default().to_owned();
        let stream = StreamId { destination: self.key.clone(), name: name.into() };
        let (method, body) = (Method::Post, Some(body));
        let request = Request { method, url, body, key: None, to_vendor: false, no_cors: false };
        let policy = RetryPolicy::Idempotent;
        let mut batch = Batch::new(stream.into(), 0, sent_at, request, Vec::new(), policy, context);
        batch.await_earlier_ack(context);
        batch.raw_key = Some(key);
        self.batches.push(batch);
    }
}
