//! From a collector to the stream.

use super::key_check;
use super::message;
use super::stream::Link;
use crate::event::Delivery;
use crate::limits::Limits;
use crate::metrics::Published;
use crate::minutely::Minutely;
use crate::store::StoreError;
use async_nats::header::HeaderMap;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Publishes deliveries.
#[derive(Debug)]
pub struct Publisher {
    link: Link,
    subject: String,
    /// The value of [`key_check::HEADER`].
    key: String,
    /// A place for each request that may wait.
    places: Semaphore,
    most: usize,
    /// Whether the stream exists and has the right settings.
    is_open: AtomicBool,
    /// Whether the last message was stored.
    is_well: AtomicBool,
    lines: Minutely,
    metrics: Published,
}

impl Publisher {
    /// At most `most` requests wait at the same time. `key` is the one that hashes ids.
    pub fn new(link: Link, key: (u32, String), most: usize, metrics: Published) -> Self {
        Self {
            subject: link.subject(),
            key: key_check::value(key),
            link,
            places: Semaphore::new(most),
            most,
            is_open: AtomicBool::new(false),
            is_well: AtomicBool::new(true),
            lines: Minutely::default(),
            metrics,
        }
    }

    /// Publishes one request's events, all or none. The stream has them when this returns.
    ///
    /// # Errors
    /// The stream has not confirmed them in time. It may have them nevertheless; an event that the
    /// client sends again is stored once.
    pub async fn append(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let _place = self.places.try_acquire().map_err(|_| StoreError::Full)?;
        if !self.can_publish() {
            return Err(StoreError::NotStored);
        }
        let begin = Instant::now();
        match self.publish(delivery).await {
            Ok(()) => {
                self.metrics.published(&delivery.source, delivery.events.len(), begin.elapsed());
                if !self.is_well.swap(true, Ordering::Relaxed) {
                    tracing::info!("the stream takes events again");
                }
                Ok(())
            }
            Err(Failed::TooLarge(bytes)) => Err(StoreError::LargeMessage(bytes)),
            Err(Failed::NotStored(error)) => {
                self.metrics.failures.inc();
                self.failed(&error);
                Err(StoreError::NotStored)
            }
        }
    }

    async fn publish(&self, delivery: &Delivery) -> Result<(), Failed> {
        let body =
            message::write(delivery).map_err(|error| Failed::NotStored(error.to_string()))?;
        let bytes = body.len();
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", message::TYPE);
        headers.insert(key_check::HEADER, &*self.key);
        let subject = self.subject.clone();
        let failed = |error: PublishError| match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => Failed::TooLarge(bytes),
            PublishErrorKind::StreamNotFound => {
                self.is_open.store(false, Ordering::Relaxed);
                Failed::NotStored(error.to_string())
            }
            _ => Failed::NotStored(error.to_string()),
        };
        let sent = self.link.context.publish_with_headers(subject, headers, body.into());
        sent.await.map_err(failed)?.await.map_err(failed)?;
        Ok(())
    }

    /// Without a connection, a message would wait in the client's memory until it times out.
    fn can_publish(&self) -> bool {
        self.is_open.load(Ordering::Relaxed) && self.link.is_connected()
    }

    fn failed(&self, error: &dyn fmt::Display) {
        self.is_well.store(false, Ordering::Relaxed);
        if let Some(times) = self.lines.due() {
            tracing::error!("the stream did not take {times} requests: {error}");
        }
    }

    /// Opens the stream, and opens it again after it was deleted, until `stop`.
    pub async fn tend(&self, stop: &CancellationToken) {
        loop {
            if !self.is_open.load(Ordering::Relaxed) {
                match self.link.open().await {
                    Ok(_) => self.is_open.store(true, Ordering::Relaxed),
                    // The servers of a cluster that has just started elect a leader first.
                    Err(sentence) if self.lines.due().is_some() => {
                        tracing::warn!("events are refused until the stream is there: {sentence}");
                    }
                    Err(_) => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Limits::STREAM_PAUSE) => {}
            }
        }
    }

    /// Whether the stream answers.
    pub async fn is_well(&self) -> bool {
        self.can_publish() && self.link.messages().await.is_some()
    }

    /// Whether the stream has stored the last message, or else answers.
    pub async fn has_published(&self) -> bool {
        self.can_publish() && (self.is_well.load(Ordering::Relaxed) || self.is_well().await)
    }

    /// The number of requests that wait for the stream, and the most that may wait.
    pub fn waiting(&self) -> (usize, usize) {
        (self.most.saturating_sub(self.places.available_permits()), self.most)
    }
}

/// Why a message was not stored.
enum Failed {
    /// It has this many bytes, more than the servers take.
    TooLarge(usize),
    NotStored(String),
}
