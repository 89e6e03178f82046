//! The collector's state: `/healthz` for every client, and `GET /v1/status` on the admin listener.

use super::refusals::Refusals;
use super::{App, plain, typed};
use crate::error::Refusal;
use crate::minutely::Minutely;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use recobeacon_engine::json::Object;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Status {
    /// Refused requests.
    pub refusals: Refusals,
    unknown_events: AtomicU64,
    without_place: AtomicU64,
    crowds: Minutely,
    failed: Minutely,
}

impl Status {
    /// Adds events whose name is not known, and which were left out of a request that was taken.
    /// The names are not logged: a page can put anything into them.
    pub fn left_out(&self, source: &'static str, events: u64) {
        if events > 0 {
            self.unknown_events.fetch_add(events, Ordering::Relaxed);
            tracing::debug!(source, events, "events of unknown names were left out");
        }
    }

    /// A connection was refused: its address has as many as it may have, and none is idle.
    pub fn no_place(&self) {
        self.without_place.fetch_add(1, Ordering::Relaxed);
        if let Some(times) = self.crowds.due() {
            tracing::warn!(
                "refused: {times} connections of an address with too many (limits.address_connections)"
            );
        }
    }

    /// The system gave no connection.
    pub fn no_connection(&self, error: &io::Error) {
        if self.failed.due().is_some() {
            tracing::warn!("no connection: {error}");
        }
    }
}

/// 200 while events can be stored and read.
pub async fn health(State(app): State<Arc<App>>) -> Response {
    if app.store.is_well().await {
        plain("ok\n".to_owned())
    } else {
        Refusal::NotStored("the database does not answer").into_response()
    }
}

/// The counters.
pub async fn status(State(app): State<Arc<App>>) -> Response {
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    object.raw("healthy", if app.store.is_well().await { "true" } else { "false" });
    let connections = app.status.without_place.load(Ordering::Relaxed);
    object.some_whole("refusedConnections", Some(connections));
    object.some_whole("unknownEvents", Some(app.status.unknown_events.load(Ordering::Relaxed)));
    let mut refused = String::new();
    app.status.refusals.write(&mut refused);
    object.raw("refused", &refused);
    object.end();
    typed("application/json", json)
}
