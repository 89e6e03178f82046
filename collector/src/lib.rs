//! The receiving end of recobeacon: a service that takes tracking events over HTTP and stores each
//! of them once.
//!
//! Dependencies go one way: `http` knows the readers of the wire forms ([`envelope`] and in it
//! [`batch`] or [`raw`], and of the vendors [`ibexa`], [`factfinder`], [`intempt`]) and the
//! [`store`]; these know [`event`] and [`tracked`], and nothing of each other, save that [`raw`]
//! makes calls a [`batch`]. What makes an event valid stands in the tracker's own
//! engine, `recobeacon::engine::event`.
//!
//! Promises that must not drift:
//! * What was answered with success is on disk, whole.
//! * An event id is stored once, however often it arrives and on however many connections.
//! * No id of a user is stored or logged but as a keyed hash ([`hashing`]).
//! * Events are read on the machine itself or with the admin token, by nobody else.
#![forbid(unsafe_code)]

pub mod batch;
pub mod clock;
pub mod config;
pub mod counters;
pub mod envelope;
pub mod error;
pub mod event;
pub mod factfinder;
pub mod hashing;
mod http;
pub mod ibexa;
pub mod import;
pub mod intempt;
pub mod limits;
mod percent;
mod query;
pub mod raw;
pub mod secret;
mod segment;
pub mod store;
pub mod tracked;
pub mod user;

use config::{Config, ConfigError};
use hashing::Hasher;
use http::App;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    app: Arc<App>,
}

/// Why a collector did not start.
#[derive(Debug)]
pub enum StartError {
    /// Something is wrong with the configuration.
    Config(ConfigError),
    /// The database cannot be used.
    Store(StoreError),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Collector {
    /// Opens the database and listens. When this returns, connections are taken.
    ///
    /// # Errors
    /// One sentence about what has to be changed.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let wanted = config.listen;
        let failed = |error| StartError::Listen(wanted, error);
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        // The folder first: the key lies there too.
        if let Some(folder) = config.database.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                let sentence = format!("the folder {} cannot be made: {error}", folder.display());
                StartError::Config(ConfigError::new(sentence))
            })?;
        }
        let hasher = Hasher::new(&config.keys, &config.database).map_err(StartError::Config)?;
        let limits = config.limits.clone();
        let store = Store::open(&config.database, &hasher, &limits).map_err(StartError::Store)?;
        let stop = CancellationToken::new();
        let app = App::new(config, hasher, store, stop.clone()).map_err(StartError::Config)?;
        let app = Arc::new(app);
        let router = http::router(Arc::clone(&app));
        let until = stop.clone();
        let served = tokio::spawn(async move {
            http::serve::serve(listener, router, &limits, until).await;
        });
        Ok(Self { address, stop, served, app })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, finishes open requests within their time, ends the streams, and
    /// closes the database.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.served.await {
            tracing::error!("the server did not end in order: {error}");
        }
        self.app.store.close().await;
    }
}
