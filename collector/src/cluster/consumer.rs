//! From the stream to the database.

use super::held::Held;
use super::key_check;
use super::message;
use super::stream::Link;
use crate::event::Delivery;
use crate::limits::Limits;
use crate::metrics::Consumed;
use crate::minutely::Minutely;
use crate::store::{Store, StoreError};
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, Consumer as Pull, DeliverPolicy};
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The name of the consumer.
const NAME: &str = "writer";
/// Pauses between two attempts to store the same messages.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Stores what the stream has.
#[derive(Debug)]
pub struct Consumer {
    link: Link,
    store: Arc<Store>,
    /// The values of [`key_check::HEADER`] for the keys of this writer.
    keys: Vec<String>,
    metrics: Consumed,
    unreadable: Minutely,
}

impl Consumer {
    /// Stores into this database what was hashed with one of these keys.
    pub fn new(link: Link, store: Arc<Store>, keys: Vec<(u32, String)>, metrics: Consumed) -> Self {
        let keys = keys.into_iter().map(key_check::value).collect();
        Self { link, store, keys, metrics, unreadable: Minutely::default() }
    }

    /// Runs until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let lines = Minutely::default();
        loop {
            // Without an error the collector stops.
            let Err(sentence) = self.consume(&stop).await else { return };
            if lines.due().is_some() {
                tracing::warn!("events are not stored until the stream can be read: {sentence}");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Limits::STREAM_PAUSE) => {}
            }
        }
    }

    /// Consumes until the connection fails, or until `stop`.
    async fn consume(&self, stop: &CancellationToken) -> Result<(), String> {
        // The consumer of the stream is that of the writer that stores events. Another one must not
        // delete it.
        if !self.store.leads().await {
            return Err("the database does not take events".to_owned());
        }
        let pull = self.open().await?;
        let held = Held::new();
        // Events are read while others are stored.
        let (events, waiting) = mpsc::channel(Limits::UNCONFIRMED);
        let reading = self.read_all(&pull, &held, events, stop);
        let storing = self.store_all(waiting, &held, stop);
        tokio::select! {
            (result, ()) = async { tokio::join!(reading, storing) } => result,
            never = keep(&held) => match never {},
        }
    }

    /// Reads messages until the connection fails, or until `stop`. It asks for as many as there is
    /// room for, so that none waits unnoticed in the client.
    async fn read_all(
        &self,
        pull: &Pull<Config>,
        held: &Held,
        events: mpsc::Sender<Delivery>,
        stop: &CancellationToken,
    ) -> Result<(), String> {
        let failed = |error: &dyn Display| format!("it cannot be read: {error}");
        let renewed = self.link.renewed();
        tokio::pin!(renewed);
        let mut unreadable = HashSet::new();
        let mut idle_pulls = 0;
        loop {
            let room = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                room = held.room(Limits::PULLED) => room,
            };
            let mut room = room.map_err(|error| failed(&error))?;
            let pulled = pull.batch().max_messages(Limits::PULLED as usize).expires(Limits::PULL);
            let mut pulled = pulled.messages().await.map_err(|error| failed(&error))?;
            idle_pulls += 1;
            loop {
                let message = tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    // Messages on the way may be lost. They would come again only after those
                    // behind them.
                    () = &mut renewed => return Err("the connection was lost".to_owned()),
                    message = pulled.next() => message,
                };
                let Some(message) = message else { break };
                let message = message.map_err(|error| failed(&error))?;
                idle_pulls = 0;
                let Some(delivery) = self.read(&message).await else {
                    let info = message.info().map_err(|error| failed(&error))?;
                    unreadable.insert(info.stream_sequence);
                    continue;
                };
                held.take(&mut room, message.split().1);
                // Its receiver is gone only after `stop`.
                if events.send(delivery).await.is_err() {
                    return Ok(());
                }
            }
            // Servers that were killed may disagree about what this consumer has had. A new one gets
            // everything that is in the stream. A message may have come after one pull.
            let known = unreadable.len() as u64 + held.count();
            if idle_pulls > 1 && self.link.messages().await.is_some_and(|all| all > known) {
                return Err("messages wait, and none came".to_owned());
            }
        }
    }

    /// Stores what was read in its order, until there is no more, or until `stop`.
    async fn store_all(
        &self,
        mut events: mpsc::Receiver<Delivery>,
        held: &Held,
        stop: &CancellationToken,
    ) {
        let mut group = Vec::new();
        while events.recv_many(&mut group, Limits::GROUP).await > 0 {
            if !self.store(std::mem::take(&mut group), held, stop).await {
                return;
            }
        }
    }

    /// Opens a new consumer, which begins with the first message that is still in the stream. A
    /// consumer of an earlier run would deliver what that run had not confirmed only after
    /// [`Limits::ACK_WAIT`], behind later messages.
    async fn open(&self) -> Result<Pull<Config>, String> {
        let stream = self.link.open().await?;
        // An error means that there is none, or else the next call fails as well.
        let _ = stream.delete_consumer(NAME).await;
        let config = Config {
            durable_name: Some(NAME.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: Limits::ACK_WAIT,
            // A message is delivered again until it is stored.
            max_deliver: -1,
            // No bound: messages that cannot be read stay unconfirmed, and must not keep later ones.
            max_ack_pending: -1,
            filter_subject: self.link.subject(),
            ..Config::default()
        };
        let opened = stream.create_consumer(config).await;
        opened.map_err(|error| format!("its consumer {NAME:?} cannot be opened: {error}"))
    }

    /// Reads a message. One that this version cannot read stays in the stream.
    async fn read(&self, message: &Message) -> Option<Delivery> {
        let key = key_check::read(message.headers.as_ref(), &self.keys);
        match key.and_then(|()| message::read(&message.payload)) {
            Ok(delivery) => Some(delivery),
            Err(message::Unreadable(why)) => {
                self.metrics.unreadable.inc();
                if self.unreadable.due().is_some() {
                    tracing::error!(
                        "a message of the stream cannot be read: {why}. It stays in the stream; \
                         start a writer of the version that wrote it, with the same [[keys]], or \
                         delete it with `nats stream rmm`"
                    );
                }
                // If this fails, the message comes again after `ack_wait`.
                let _ = message.ack_with(AckKind::Nak(Some(Limits::UNREADABLE_PAUSE))).await;
                None
            }
        }
    }

    /// Stores the events of messages in one transaction, and confirms these messages. Tries until it
    /// succeeds, because later messages must not be stored before earlier ones. Returns `false` if the
    /// collector stops.
    async fn store(&self, group: Vec<Delivery>, held: &Held, stop: &CancellationToken) -> bool {
        let deliveries = Arc::<[Delivery]>::from(group);
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.store.append_all(Arc::clone(&deliveries)).await {
            if !matches!(error, StoreError::Full) {
                self.metrics.failures.inc();
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(pause) => {}
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
        let messages = held.first(deliveries.len());
        self.metrics.messages.inc_by(messages.len() as u64);
        for message in messages {
            // A message without a confirmation comes again, and its events are found stored.
            if let Err(error) = message.ack().await {
                tracing::debug!("a message was not confirmed: {error}");
            }
        }
        true
    }

    /// Reads the figures of `GET /metrics`. Without an answer they keep their last value.
    pub async fn refresh(&self) {
        if let Some(messages) = self.link.messages().await {
            self.metrics.backlog.set(i64::try_from(messages).unwrap_or(i64::MAX));
        }
    }
}

/// Keeps JetStream from delivering again what is not stored yet.
async fn keep(held: &Held) -> Infallible {
    loop {
        tokio::time::sleep(Limits::ACK_WAIT / 3).await;
        for message in held.all() {
            let _ = message.ack_with(AckKind::Progress).await;
        }
    }
}
