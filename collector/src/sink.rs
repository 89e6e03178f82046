//! Where accepted events go: the database of this process or, in a cluster, the stream.

use crate::cluster::publisher::Publisher;
use crate::event::Delivery;
use crate::place::Place;
use crate::store::{Reading, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// The destination of accepted events.
#[derive(Clone, Debug)]
pub enum Sink {
    /// The database.
    Store(Arc<Store>),
    /// The stream of a cluster.
    Stream(Arc<Publisher>),
}

impl Sink {
    /// Stores one request's events, all or none.
    ///
    /// # Errors
    /// They are not stored or, in a cluster, perhaps not stored.
    pub async fn append(&self, delivery: Delivery) -> Result<(), StoreError> {
        match self {
            Self::Store(store) => store.append(delivery).await,
            Self::Stream(publisher) => publisher.append(&delivery).await,
        }
    }

    /// The database, if it belongs to this process.
    pub fn store(&self) -> Option<&Arc<Store>> {
        match self {
            Self::Store(store) => Some(store),
            Self::Stream(_) => None,
        }
    }

    /// Reads the stored events. In a cluster the writer stores them in the database at `place`.
    pub fn reading(&self, place: &Place) -> Reading {
        match self {
            Self::Store(store) => store.reading(),
            Self::Stream(_) => Reading::of_other(place),
        }
    }

    /// Whether events can be stored, and read if there is a database.
    pub async fn is_well(&self) -> bool {
        match self {
            Self::Store(store) => store.is_well().await,
            Self::Stream(publisher) => publisher.is_well().await,
        }
    }

    /// Whether the last events were stored, or else others could be.
    pub async fn has_stored(&self) -> bool {
        match self {
            Self::Store(store) => store.has_committed().await,
            Self::Stream(publisher) => publisher.has_published().await,
        }
    }

    /// The sentence about a failure.
    pub fn failure(&self) -> &'static str {
        match self {
            Self::Store(store) if store.is_large() => {
                "the database has reached its limit (limits.database_mib)"
            }
            Self::Store(_) => "the last transaction failed",
            Self::Stream(_) => "the stream does not take events",
        }
    }

    /// How long the database has been busy with the same transaction.
    pub fn busy(&self) -> Option<Duration> {
        self.store().and_then(|store| store.busy())
    }

    /// The number of requests that wait, and the most that may wait.
    pub fn waiting(&self) -> (usize, usize) {
        match self {
            Self::Store(store) => store.waiting(),
            Self::Stream(publisher) => publisher.waiting(),
        }
    }
}
