//! The collector's state: `/healthz` for every client, `GET /v1/status` on the admin listener.

use super::refusals::Refusals;
use super::{App, plain, typed};
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::minutely::Minutely;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use recobeacon_engine::json::{Object, push_list};
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
    /// Counts events of unknown names, which were left out of an accepted request. The names are
    /// not logged, because a page can put anything into them.
    pub fn left_out(&self, source: &'static str, events: u64) {
        if events > 0 {
            self.unknown_events.fetch_add(events, Ordering::Relaxed);
            tracing::debug!(source, events, "events of unknown names were left out");
        }
    }

    /// Counts a connection that was refused because its address has the most allowed, all of them
    /// busy.
    pub fn no_place(&self) {
        self.without_place.fetch_add(1, Ordering::Relaxed);
        if let Some(times) = self.crowds.due() {
            tracing::warn!(
                "refused: {times} connections of an address at its limit (limits.address_connections)"
            );
        }
    }

    /// Logs that the system could not accept a connection.
    pub fn no_connection(&self, error: &io::Error) {
        if self.failed.due().is_some() {
            tracing::warn!("a connection could not be accepted: {error}");
        }
    }
}

/// 200 as long as events can be stored and read.
pub async fn health(State(app): State<Arc<App>>) -> Response {
    if app.store.is_well().await {
        plain("ok\n".to_owned())
    } else {
        Refusal::NotStored("the database does not answer").into_response()
    }
}

/// Writes the counters as JSON.
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
    let figures = app.forwarding.figures(&app.store, now_ms()).await;
    push_list(object.key("forward"), &figures, |out, figures| figures.write(out));
    object.end();
    typed("application/json", json)
}
