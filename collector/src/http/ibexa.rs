//! `GET|POST /api/{customerid}/{event}/...`: Ibexa's interface, at its own addresses.

use super::App;
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::event::{Delivery, Source};
use crate::ibexa;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

const PREFIX: &str = "/api/";

/// Takes an event. A HEAD is refused: it must change nothing, so it cannot be an event.
pub async fn take(State(app): State<Arc<App>>, method: Method, uri: Uri) -> Response {
    if !matches!(method, Method::GET | Method::POST) {
        return Refusal::Method("GET, POST").into_response();
    }
    match store(&app, &uri).await {
        Ok(()) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn store(app: &App, uri: &Uri) -> Result<(), Refusal> {
    // The undecoded path: axum's own extractor would make `%2F` a slash.
    let path = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let customers = app.config.customers.as_deref();
    let tracked = ibexa::read(path, uri.query(), customers, &app.hasher)?;
    let received_at = now_ms();
    let id = app.ids.next(received_at).ok_or(Refusal::Unavailable("there are no random bits"))?;
    let (customer, event) = tracked.stamped(id, received_at);
    let source = Source::Ibexa { customer };
    let delivery = Delivery { source, received_at, key: app.hasher.key(), events: vec![event] };
    Ok(app.store.append(delivery).await?)
}
