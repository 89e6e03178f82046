//! `GET /v1/events/stream`: stored events, and then new ones, as server-sent events.
//!
//! Rows are always read from the database, a few at a time, after the client has taken the last
//! ones. The writer's notification about new rows only wakes the stream. Therefore no row is lost
//! or sent twice, and a slow client delays no other client.

use super::{App, read};
use crate::error::Refusal;
use crate::limits::Limits;
use crate::store::Store;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// The query parameters.
pub const PARAMETERS: [&str; 1] = ["after"];

/// The query: the row after which to begin.
#[derive(Debug, Deserialize)]
pub struct Begin {
    #[serde(default)]
    after: u64,
}

struct Reader {
    app: Arc<App>,
    store: Arc<Store>,
    after: i64,
    rows: VecDeque<(i64, String)>,
    last: watch::Receiver<i64>,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream.
pub async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    begin: Result<Query<Begin>, QueryRejection>,
) -> Result<Response, Refusal> {
    let after = after(&headers, begin)?;
    let place = Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| Refusal::Unavailable("too many streams are open"))?;
    let store = Arc::clone(app.store()?);
    let last = store.last();
    let reader = Reader { app, store, after, rows: VecDeque::new(), last, _place: place };
    let alive = KeepAlive::new().interval(Limits::KEEP_ALIVE).text("keep-alive");
    let events = Sse::new(stream::unfold(reader, next)).keep_alive(alive);
    let mut response = read::private(events.into_response());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would buffer the rows.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// A browser that reconnects repeats the original address and adds the last row as `Last-Event-ID`.
fn after(headers: &HeaderMap, begin: Result<Query<Begin>, QueryRejection>) -> Result<i64, Refusal> {
    let seen = headers.get("last-event-id").map(|seen| seen.to_str().ok()?.parse().ok());
    match (seen, begin) {
        (Some(Some(row)), _) | (None, Ok(Query(Begin { after: row }))) => Ok(read::row(row)),
        (Some(None), _) | (None, Err(_)) => {
            Err(Refusal::invalid("after and Last-Event-ID must be a row's number"))
        }
    }
}

async fn next(mut reader: Reader) -> Option<(Result<Event, Infallible>, Reader)> {
    let stop = reader.app.stop.clone();
    loop {
        if stop.is_cancelled() {
            return None;
        }
        if let Some((row, json)) = reader.rows.pop_front() {
            reader.after = row;
            let event = Event::default().id(row.to_string()).event("event").data(json);
            return Some((Ok(event), reader));
        }
        match reader.store.events(reader.after, Limits::STREAM_ROWS).await {
            Ok(page) => reader.rows = page.rows.into(),
            Err(error) => {
                tracing::debug!("a stream ended: {error}");
                return None;
            }
        }
        if reader.rows.is_empty() {
            // A notification about a row that was already read only causes one more query.
            tokio::select! {
                () = stop.cancelled() => return None,
                changed = reader.last.changed() => changed.ok()?,
            }
        }
    }
}
