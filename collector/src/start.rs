//! The start of a collector or writer: first its addresses, then the database or the stream.

use crate::answers::unseen;
use crate::cluster::stream::Link;
use crate::config::Config;
use crate::error::ConfigError;
use crate::http::serve::Listener;
use crate::http::waiting::Waiting;
use crate::http::{self, Side};
use crate::limits::Limits;
use crate::store::{Lead, StoreError};
use crate::{Collector, Role, StartError, feeds, open, tend};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A collector or writer that has its addresses, and neither a database nor a stream yet.
#[derive(Debug)]
pub struct Bound {
    role: Role,
    config: Config,
    link: Option<Link>,
    events: Option<(TcpListener, SocketAddr)>,
    admin: (TcpListener, SocketAddr),
    stop: CancellationToken,
}

impl Bound {
    /// Takes the addresses.
    ///
    /// # Errors
    /// One sentence that says what to change.
    pub async fn new(role: Role, config: Config) -> Result<Self, StartError> {
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
        let admin = listen("admin_listen", config.admin_listen).await?;
        Ok(Self { role, config, link, events, admin, stop: CancellationToken::new() })
    }

    /// The address of the admin listener, if the start may wait for the end of another writer.
    pub fn may_wait(&self) -> Option<SocketAddr> {
        let may_wait = self.role == Role::Writer && self.config.database.file().is_none();
        may_wait.then_some(self.admin.1)
    }

    /// Ends the start while it waits.
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Opens the database or the stream, and serves.
    ///
    /// # Errors
    /// One sentence that says what to change.
    pub async fn start(self) -> Result<Collector, StartError> {
        let may_wait = self.may_wait().is_some();
        let Self { role, config, link, events, admin: (mut admin, admin_address), stop } = self;
        let limits = config.limits.clone();
        let waiting = CancellationToken::new();
        let _waiting = waiting.clone().drop_guard();
        if may_wait {
            let failed = |error| StartError::Listen("admin_listen", admin_address, error);
            let (own, other) = copy(admin).map_err(failed)?;
            admin = own;
            let wait = Waiting::new(config.clone());
            let (other, router) = (admin_side(other, &limits), wait.router());
            tokio::spawn(http::serve::serve(other, wait, router, waiting.clone()));
        }
        let inspector = config.inspector.then_some(admin_address);
        let cluster = link.map(|link| (role, link));
        let lost = CancellationToken::new();
        let lead = Lead { waits: may_wait, stop: stop.clone(), lost: lost.clone() };
        let (of_app, runs) = (stop.clone(), tokio::runtime::Handle::current());
        // The client of PostgreSQL must not be called on a thread of the runtime.
        let opening = tokio::task::spawn_blocking(move || {
            let _entered = runs.enter();
            open(config, of_app, inspector, cluster, &lead)
        });
        let app = opening.await.map_err(|_| StartError::Store(StoreError::NotStored))??;
        waiting.cancel();
        // Before the first request, because it notes what was lost earlier.
        let patience = Duration::from_secs(limits.stop_seconds);
        let forwarding = match app.sink.store() {
            Some(store) => app.forwarding.start(store, &stop, patience).await,
            None => Vec::new(),
        };
        let serve = |listener, router| {
            tokio::spawn(http::serve::serve(listener, Arc::clone(&app), router, stop.clone()))
        };
        let mut served = vec![
            serve(admin_side(admin, &limits), http::admin_router(Arc::clone(&app))),
            tokio::spawn(tend(Arc::clone(&app), stop.clone())),
        ];
        let address = events.as_ref().map(|(_, address)| *address);
        if let Some((listener, _)) = events {
            let router = http::events_router(Arc::clone(&app));
            let most = limits.connections;
            served.push(serve(Listener { side: Side::Events, listener, most }, router));
        }
        if let Some(consumer) = &app.consumer {
            served.push(tokio::spawn(Arc::clone(consumer).run(stop.clone())));
        }
        served.extend(forwarding);
        if let Some(store) = app.sink.store() {
            let (plans, store) = (app.plans().clone(), Arc::clone(store));
            served.push(tokio::spawn(unseen::tell(plans, store, stop.clone())));
        }
        if let Some(feeds) = &app.feeds {
            served.push(tokio::spawn(feeds::follow(Arc::clone(feeds), stop.clone())));
        }
        Ok(Collector { address, admin_address, stop, served, app, lost })
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

/// The admin listener with its bound.
fn admin_side(listener: TcpListener, limits: &Limits) -> Listener {
    let most = limits.streams.saturating_add(Limits::ADMIN_CONNECTIONS);
    Listener { side: Side::Admin, listener, most }
}

/// The same listener twice.
fn copy(listener: TcpListener) -> std::io::Result<(TcpListener, TcpListener)> {
    let listener = listener.into_std()?;
    let other = listener.try_clone()?;
    Ok((TcpListener::from_std(listener)?, TcpListener::from_std(other)?))
}
