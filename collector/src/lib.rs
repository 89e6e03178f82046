//! The receiving end of recobeacon: a service that takes tracking events over HTTP and stores each
//! of them once.
//!
//! Dependencies go one way: `http` knows the readers of the wire forms ([`envelope`] and in it
//! [`batch`] or [`early_calls`], and of the vendors [`ibexa`], [`factfinder`], [`intempt`]) and the
//! [`store`]; these know [`event`] and [`vendor_event`], and nothing of each other, save that [`early_calls`]
//! makes calls a [`batch`]. What makes an event valid stands in the tracker's own
//! engine, `recobeacon_engine::event`.
//!
//! Promises that must not drift:
//! * What was answered with success is on disk, whole.
//! * An event id is stored once, however often it arrives and on however many connections.
//! * No id of a user is stored or logged but as a keyed hash ([`pseudonym`]).
//! * Events are read on the admin listener only: with the token, or, where none is configured, by
//!   programs of this machine.
#![forbid(unsafe_code)]
#![deny(clippy::too_many_lines)]

pub mod api_key;
pub mod batch;
mod blocking;
pub mod clock;
pub mod config;
mod customer;
pub mod early_calls;
pub mod envelope;
pub mod error;
pub mod event;
pub mod factfinder;
mod http;
pub mod ibexa;
pub mod import;
pub mod intempt;
pub mod limits;
mod minutely;
mod percent;
mod private;
pub mod pseudonym;
mod query;
pub mod store;
pub mod user;
pub mod vendor_event;

use config::{Config, ConfigError};
use http::App;
use limits::Limits;
use pseudonym::Hasher;
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
    admin_address: SocketAddr,
    stop: CancellationToken,
    served: [JoinHandle<()>; 3],
    app: Arc<App>,
}

/// Why a collector did not start.
#[derive(Debug)]
pub enum StartError {
    /// Something is wrong with the configuration.
    Config(ConfigError),
    /// The database cannot be used.
    Store(StoreError),
    /// The address of this setting cannot be listened on.
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
    /// Opens the database and listens. When this returns, connections are taken.
    ///
    /// # Errors
    /// One sentence about what has to be changed.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let (listener, address) = listen("listen", config.listen).await?;
        let (admin, admin_address) = listen("admin_listen", config.admin_listen).await?;

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
        let inspector = config.inspector.then_some(admin_address);
        let app = App::new(config, hasher, store, stop.clone(), inspector);
        let app = Arc::new(app.map_err(StartError::Config)?);
        let serve = |listener, router, most| {
            tokio::spawn(http::serve::serve(listener, Arc::clone(&app), router, most, stop.clone()))
        };
        let readers = limits.streams.saturating_add(Limits::ADMIN_CONNECTIONS);
        let served = [
            serve(listener, http::events_router(Arc::clone(&app)), limits.connections),
            serve(admin, http::admin_router(Arc::clone(&app)), readers),
            tokio::spawn(tend(Arc::clone(&app), stop.clone())),
        ];
        Ok(Self { address, admin_address, stop, served, app })
    }

    /// Where events are taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where stored events are read.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Takes no more connections, finishes open requests within their time, ends the streams, and
    /// closes the database.
    pub async fn stop(self) {
        self.stop.cancel();
        for served in self.served {
            if let Err(error) = served.await {
                tracing::error!("the server did not end in order: {error}");
            }
        }
        self.app.store.close().await;
    }
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

/// Looks after the database's files now and then, until `stop`.
async fn tend(app: Arc<App>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Limits::TEND_PAUSE) => app.store.tend(),
        }
    }
}
