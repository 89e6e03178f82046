//! The parts that the fuzz targets (`fuzz/`) call without a socket. `cfg(fuzzing)` is set by cargo-fuzz only.

use crate::StartError;
use crate::config::Config;
use crate::http::{self, Peer};
use crate::store::Lead;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub use crate::http::cookies;

/// The routes of both listeners.
#[derive(Debug)]
pub struct Service {
    events: Router,
    admin: Router,
}

impl Service {
    /// Opens the database.
    ///
    /// # Errors
    /// As in [`crate::Collector::start`].
    pub fn open(config: Config) -> Result<Self, StartError> {
        let inspector = config.inspector.then_some(config.admin_listen);
        let app = crate::open(config, CancellationToken::new(), inspector, None, &Lead::default())?;
        Ok(Self { events: http::events_router(Arc::clone(&app)), admin: http::admin_router(app) })
    }

    /// Answers a request to the event listener or, with `admin`, to the admin listener.
    pub async fn answer(&self, admin: bool, mut request: Request) -> Response {
        request.extensions_mut().insert(Peer(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
        let router = if admin { &self.admin } else { &self.events };
        match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
