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
use http::{App, Side};
use limits::Limits;
use metrics::{Consumed, Metrics, Published};
use prometheus_client::registry::Registry;
use pseudonym::Hasher;
use sink::Sink;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError};
use tokio::net::TcpListener;
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
}

/// The part of a process in a cluster. Without a cluster there are only collectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
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
        Self::start_as(Role::Collector, config).await
    }

    /// Opens the database and starts to store what the stream of the cluster has. There is no event
    /// listener.
    ///
    /// # Errors
    /// One sentence that says what to change.
    pub async fn start_writer(config: Config) -> Result<Self, StartError> {
        Self::start_as(Role::Writer, config).await
    }

    async fn start_as(role: Role, config: Config) -> Result<Self, StartError> {
        let link = match (&config.cluster, role) {
            (Some(cluster), _) => Some(Link::connect(cluster).await.map_err(StartError::Config)?),
            (None, Role::Writer) => {
                let sentence = "write: the configuration has no [cluster], so there is no stream to \
                                read. Start the collector without a command";
                return Err(StartError::Config(ConfigError::new(sentence)));
            }
            (None, Role::Collector) => None,
        };
        let events = match role {
            Role::Collector => Some(listen("listen", config.listen).await?),
            Role::Writer => None,
        };
        let (admin, admin_address) = listen("admin_listen", config.admin_listen).await?;

        let limits = config.limits.clone();
        let stop = CancellationToken::new();
        let inspector = config.inspector.then_some(admin_address);
        let cluster = link.map(|link| (role, link));
        let (of_app, runs) = (stop.clone(), tokio::runtime::Handle::current());
        // The client of PostgreSQL must not be called on a thread of the runtime.
        let opening = tokio::task::spawn_blocking(move || {
            let _entered = runs.enter();
            open(config, of_app, inspector, cluster)
        });
        let app = opening.await.map_err(|_| StartError::Store(StoreError::NotStored))??;
        // Before the first request, because it notes what was lost earlier.
        let patience = Duration::from_secs(limits.stop_seconds);
        let forwarding = match app.sink.store() {
            Some(store) => app.forwarding.start(store, &stop, patience).await,
            None => Vec::new(),
        };
        let serve = |side, listener, router, most| {
            let listener = http::serve::Listener { side, listener, most };
            tokio::spawn(http::serve::serve(listener, Arc::clone(&app), router, stop.clone()))
        };
        let readers = limits.streams.saturating_add(Limits::ADMIN_CONNECTIONS);
        let mut served = vec![
            serve(Side::Admin, admin, http::admin_router(Arc::clone(&app)), readers),
            tokio::spawn(tend(Arc::clone(&app), stop.clone())),
        ];
        let address = events.as_ref().map(|(_, address)| *address);
        if let Some((listener, _)) = events {
            let router = http::events_router(Arc::clone(&app));
            served.push(serve(Side::Events, listener, router, limits.connections));
        }
        if let Some(consumer) = &app.consumer {
            served.push(tokio::spawn(Arc::clone(consumer).run(stop.clone())));
        }
        served.extend(forwarding);
        if let Some(store) = app.sink.store() {
            let (plans, store) = (app.plans().clone(), Arc::clone(store));
            served.push(tokio::spawn(answers::unseen::tell(plans, store, stop.clone())));
        }
        if let (Some(store), Some(feeds)) = (app.sink.store(), &app.feeds) {
            let (feeds, store) = (Arc::clone(feeds), Arc::clone(store));
            served.push(tokio::spawn(feeds::follow(feeds, store, stop.clone())));
        }
        Ok(Self { address, admin_address, stop, served, app })
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
) -> Result<Arc<App>, StartError> {
    let hasher = Hasher::new(&config.keys, config.database.beside()).map_err(StartError::Config)?;
    let seals = Seals::new(&config.keys, config.database.beside()).map_err(StartError::Config)?;
    let forwarding = Forwarding::new(&config.forward, seals);
    let mut registry = Registry::default();
    let metrics = Metrics::new(&mut registry);
    forwarding.register(&mut registry);
    let store = || {
        let store = Store::open(&config, &hasher, metrics.clone()).map_err(StartError::Store)?;
        Ok(Arc::new(store))
    };
    let sink = match cluster {
        None => (Sink::Store(store()?), None),
        Some((Role::Collector, link)) => {
            let published = Published::new(&mut registry);
            let publisher = Publisher::new(link, config.limits.waiting, published);
            (Sink::Stream(Arc::new(publisher)), None)
        }
        Some((Role::Writer, link)) => {
            let store = store()?;
            let consumed = Consumed::new(&mut registry);
            let consumer = Consumer::new(link, Arc::clone(&store), consumed);
            (Sink::Store(store), Some(Arc::new(consumer)))
        }
    };
    let app = App::new(config, hasher, sink, (registry, metrics), forwarding, stop, inspector);
    Ok(Arc::new(app.map_err(StartError::Config)?))
}

async fn listen(
    setting: &'static str,
    wanted: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(setting, wanted, error);
    let listener = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
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
