//! The messages that the writer has taken and not confirmed, in their order. Their number is bounded
//! here and not by the stream, which would also count the messages that the writer cannot read.

use crate::limits::Limits;
use async_nats::jetstream::message::Acker;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// A message, and its place.
type Message = (Arc<Acker>, OwnedSemaphorePermit);

/// The messages.
pub struct Held {
    places: Arc<Semaphore>,
    messages: Mutex<VecDeque<Message>>,
}

/// Places for messages. Those that are not used are free again when it is dropped.
pub struct Room(OwnedSemaphorePermit);

impl Held {
    /// No message.
    pub fn new() -> Self {
        let places = Arc::new(Semaphore::new(Limits::UNCONFIRMED));
        Self { places, messages: Mutex::default() }
    }

    /// Waits for places for this many messages.
    pub async fn room(&self, messages: u32) -> Result<Room, AcquireError> {
        Arc::clone(&self.places).acquire_many_owned(messages).await.map(Room)
    }

    /// Takes a message into one of the places.
    pub fn take(&self, room: &mut Room, message: Acker) {
        // There are as many places as messages were asked for.
        if let Some(place) = room.0.split(1) {
            self.messages().push_back((Arc::new(message), place));
        }
    }

    /// Takes the first messages out.
    pub fn first(&self, count: usize) -> Vec<Arc<Acker>> {
        let mut messages = self.messages();
        let count = count.min(messages.len());
        messages.drain(..count).map(|(message, _)| message).collect()
    }

    /// The number of messages.
    pub fn count(&self) -> u64 {
        self.messages().len() as u64
    }

    /// All messages.
    pub fn all(&self) -> Vec<Arc<Acker>> {
        self.messages().iter().map(|(message, _)| Arc::clone(message)).collect()
    }

    fn messages(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
