//! The admin listener of a writer that waits for the end of another one: it is well, and not ready. The
//! rules for connections and clients are those of the admin listener.

use super::serve::{Parts, Server};
use super::status::Status;
use super::{host, nosniff, plain, read_access};
use crate::config::Config;
use crate::error::Refusal;
use crate::metrics::Metrics;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// The state. Its figures are not read out: the writer begins anew when it stores events.
#[derive(Debug)]
pub struct Waiting {
    config: Config,
    metrics: Metrics,
    status: Status,
}

impl Waiting {
    /// With the limits and the token of this configuration.
    pub fn new(config: Config) -> Arc<Self> {
        let metrics = Metrics::new(&mut Registry::default());
        let status = Status::new(metrics.clone());
        Arc::new(Self { config, metrics, status })
    }

    /// The routes.
    pub fn router(self: &Arc<Self>) -> Router {
        let not_ready = || std::future::ready(Refusal::Unavailable("another writer stores events"));
        Router::new()
            .route("/healthz", get(|| std::future::ready(plain("ok\n".to_owned()))))
            .fallback(not_ready)
            .layer(from_fn_with_state(Arc::clone(self), every))
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        host::check(request)?;
        read_access::check(&self.config, false, request.headers()).map(drop)
    }
}

impl Server for Waiting {
    fn parts(&self) -> Parts<'_> {
        Parts { config: &self.config, metrics: &self.metrics, status: &self.status }
    }
}

/// Middleware for every request and response.
async fn every(State(waiting): State<Arc<Waiting>>, request: Request, next: Next) -> Response {
    let mut response = match waiting.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    nosniff(&mut response);
    response
}
