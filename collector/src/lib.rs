//! The recobeacon collector: a service that takes tracking events over HTTP and stores each of them
//! once.
//!
//! Dependencies point one way. `http` uses the readers of the wire formats and the [`store`]. The
//! readers are [`envelope`] with [`batch`] or [`early_calls`], and for the vendors [`ibexa`],
//! [`factfinder`] and [`intempt`]. They use [`event`] and [`vendor_event`] and do not use each
//! other, except that [`early_calls`] turns calls into a [`batch`]. The rules for valid events are
//! in the tracker's engine, `recobeacon_engine::event`.
//!
//! Invariants:
//! * After a successful response, all events of the request are on disk.
//! * An event id is stored once, however often and on however many connections it arrives.
//! * A line of an order is stored once, whichever device or shop system reports it.
//! * A user id is stored and logged only as a keyed hash ([`pseudonym`]).
//! * Events are read on the admin listener only: with the token or, if none is configured, by
//!   programs on this machine. The [`feeds`], if they are configured, name items only, and the items
//!   of one visitor only for that visitor's id.
#![forbid(unsafe_code)]
#![deny(clippy::too_many_lines)]

pub mod answers;
pub mod api_key;
pub mod batch;
mod blocking;
pub mod clock;
mod cluster;
pub mod config;
pub mod customer;
pub mod dead_letters;
pub mod destination;
pub mod early_calls;
pub mod envelope;
pub mod error;
pub mod event;
pub mod factfinder;
pub mod feeds;
pub mod forward;
// Also compiled for the tests, so that a change of its parts does not break the fuzz targets unnoticed.
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod history;
mod http;
pub mod ibexa;
pub mod import;
pub mod intempt;
pub mod iso;
mod json;
pub mod limits;
mod metrics;
mod minutely;
pub mod orders;
mod percent;
pub mod place;
mod private;
pub mod pseudonym;
mod query;
mod sink;
mod start;
pub mod store;
mod tls;
pub mod user;
mod uuid;
pub mod vendor_event;
mod whole;

use cluster::consumer::Consumer;
use cluster::publisher::Publisher;
use cluster::stream::Link;
use config::Config;
use error::ConfigError;
use forward::Forwarding;
use forward::seal::Seals;
use http::App;
use limits::Limits;
use metrics::{Consumed, Metrics, Published};
use prometheus_client::registry::Registry;
use pseudonym::Hasher;
use sink::Sink;
pub use start::Bound;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Lead, Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    /// A writer has none.
    address: Option<SocketAddr>,
    admin_address: SocketAddr,
    stop: CancellationToken,
    served: Vec<JoinHandle<()>>,
    app: Arc<App>,
    lost: CancellationToken,
}

/// The part of a process in a cluster. Without a cluster there are only collectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes events over HTTP.
    Collector,
    /// Stores the events of the stream.
    Writer,
}

/// Why a collector did not start.
#[derive(Debug)]
pub enum StartError {
    /// The configuration is invalid.
    Config(ConfigError),
    /// The database cannot be used.
    Store(StoreError),
    /// The collector cannot listen on this setting's address.
    Listen(&'static str, SocketAddr, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Listen(setting, address, error) => {
                write!(f, "{setting}: cannot listen on {address}: {error}")
            }
        }
    }
}

impl std::error::Error for StartError {}

impl Collector {
    /// Opens the database or, in a cluster, the connection to the stream, and starts listening.
    /// Connections are accepted when this returns.
    ///
    /// # Errors
    /// One sentence that says what to change.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Bound::new(Role::Collector, config).await?.start().await
    }

    /// Opens the database and starts to store what the stream of the cluster has. There is no event
    /// listener. If another writer stores events into a database of PostgreSQL, it waits for the end of
    /// that one.
    ///
    /// # Errors
    /// One sentence that says what to change.
    pub async fn start_writer(config: Config) -> Result<Self, StartError> {
        Bound::new(Role::Writer, config).await?.start().await
    }

    /// Resolves when another writer stores events in place of this one, which must be stopped then.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// The address of the event listener. `None`: this is the writer of a cluster.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The address of the admin listener.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Accepts no more connections, gives open requests time to finish, ends the streams, and
    /// closes the database.
    pub async fn stop(self) {
        self.stop.cancel();
        for served in self.served {
            if let Err(error) = served.await {
                tracing::error!("the server task failed: {error}");
            }
        }
        if let Some(store) = self.app.sink.store() {
            store.close().await;
        }
    }
}

/// Opens the database, except in a collector of a cluster. The servers run until `stop`.
fn open(
    config: Config,
    stop: CancellationToken,
    inspector: Option<SocketAddr>,
    cluster: Option<(Role, Link)>,
    lead: &Lead,
) -> Result<Arc<App>, StartError> {
    let hasher = Hasher::new(&config.keys, config.database.beside()).map_err(StartError::Config)?;
    let seals = Seals::new(&config.keys, config.database.beside()).map_err(StartError::Config)?;
    let forwarding = Forwarding::new(&config.forward, seals);
    let mut registry = Registry::default();
    let metrics = Metrics::new(&mut registry);
    forwarding.register(&mut registry);
    let store = || {
        let opened = Store::open(&config, &hasher, metrics.clone(), lead);
        Ok(Arc::new(opened.map_err(StartError::Store)?))
    };
    let sink = match cluster {
        None => (Sink::Store(store()?), None),
        Some((Role::Collector, link)) => {
            let published = Published::new(&mut registry);
            let publisher = Publisher::new(link, hasher.check(), config.limits.waiting, published);
            (Sink::Stream(Arc::new(publisher)), None)
        }
        Some((Role::Writer, link)) => {
            let store = store()?;
            let consumed = Consumed::new(&mut registry);
            let consumer = Consumer::new(link, Arc::clone(&store), hasher.checks(), consumed);
            (Sink::Store(store), Some(Arc::new(consumer)))
        }
    };
    let app = App::new(config, hasher, sink, (registry, metrics), forwarding, stop, inspector);
    Ok(Arc::new(app.map_err(StartError::Config)?))
}

/// Checks the database's files, or opens the stream, until `stop`.
async fn tend(app: Arc<App>, stop: CancellationToken) {
    match &app.sink {
        Sink::Stream(publisher) => publisher.tend(&stop).await,
        Sink::Store(store) => loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Limits::TEND_PAUSE) => store.tend(),
            }
        },
    }
}
