//! The collector's state: `/healthz` for every client, `/readyz` and `GET /v1/status` on the admin
//! listener.

use super::refusals::Refusals;
use super::{App, plain, typed};
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::event::INTERFACES;
use crate::limits::Limits;
use crate::metrics::{Metrics, Of};
use crate::minutely::Minutely;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use recobeacon_engine::json::{Object, push_list};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Counters since the start.
#[derive(Debug)]
pub struct Status {
    /// Refused requests.
    pub refusals: Refusals,
    metrics: Metrics,
    crowds: Minutely,
    failed: Minutely,
    addresses: Minutely,
    /// The interfaces whose unknown events the log has told of.
    told: Mutex<BTreeSet<&'static str>>,
}

impl Status {
    /// Starts with these figures.
    pub fn new(metrics: Metrics) -> Self {
        let [crowds, failed, addresses] = [(); 3].map(|()| Minutely::default());
        let (refusals, told) = (Refusals::default(), Mutex::default());
        Self { refusals, metrics, crowds, failed, addresses, told }
    }

    /// Counts events of unknown names, which were left out of an accepted request, and logs the first
    /// ones of an interface. The names are not logged, because a page can put anything into them.
    pub fn left_out(&self, interface: &'static str, events: u64) {
        if events > 0 {
            self.metrics.unknown_events.get_or_create(&Of { interface }).inc_by(events);
            if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(interface) {
                tracing::warn!(
                    "{interface}: events of unknown names are left out of accepted requests and counted \
                     (recobeacon_unknown_events_total); if the pages' tracker is newer than the \
                     collector, update the collector"
                );
            }
        }
    }

    /// Logs that ids of a batch were left out.
    pub fn no_pseudonym(&self, ids: u64) {
        if ids > 0
            && let Some(batches) = self.addresses.due()
        {
            tracing::warn!(
                "batches with e-mail addresses as ids, which were left out: {batches}. Send pseudonyms"
            );
        }
    }

    /// Counts a connection that was refused because its address has the most allowed, all of them
    /// busy.
    pub fn no_place(&self) {
        self.metrics.refused_connections.inc();
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
    if app.sink.is_well().await {
        plain("ok\n".to_owned())
    } else {
        Refusal::NotStored(app.sink.failure()).into_response()
    }
}

/// 200 as long as the last transaction succeeded and the writer works.
pub async fn ready(State(app): State<Arc<App>>) -> Response {
    match is_ready(&app).await {
        Ok(()) => plain("ok\n".to_owned()),
        Err(sentence) => Refusal::NotStored(sentence).into_response(),
    }
}

/// Whether the next request's events can be expected to be stored.
pub async fn is_ready(app: &App) -> Result<(), &'static str> {
    if app.stop.is_cancelled() {
        return Err("the collector is stopping");
    }
    if app.sink.busy().is_some_and(|busy| busy > Limits::STUCK) {
        return Err("the disk has not answered for a long time");
    }
    // After a failure a test write decides. A collector that is not ready may get no requests.
    if app.sink.has_stored().await {
        return Ok(());
    }
    Err(app.sink.failure())
}

/// Writes the counters as JSON.
pub async fn status(State(app): State<Arc<App>>) -> Response {
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    object.raw("healthy", if app.sink.is_well().await { "true" } else { "false" });
    let connections = app.metrics.refused_connections.get();
    object.some_whole("refusedConnections", Some(connections));
    let unknown = |interface| app.metrics.unknown_events.get_or_create(&Of { interface }).get();
    object.some_whole("unknownEvents", Some(INTERFACES.into_iter().map(unknown).sum()));
    let mut refused = String::new();
    app.status.refusals.write(&mut refused);
    object.raw("refused", &refused);
    if let Some(feeds) = &app.feeds {
        let (items, row) = feeds.state();
        let state = format!("{{\"items\":{items},\"row\":{row}}}");
        object.raw("feeds", &state);
    }
    let figures = match app.sink.store() {
        Some(store) => app.forwarding.figures(store, now_ms()).await,
        // The writer forwards.
        None => Vec::new(),
    };
    push_list(object.key("forward"), &figures, |out, figures| figures.write(out));
    object.end();
    typed("application/json", json)
}
