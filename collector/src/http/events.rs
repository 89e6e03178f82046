//! `POST /v1/events`: batches of the tracker.

use super::{App, body, cookies, cors};
use crate::batch::Batch;
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::event::{Delivery, Source};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Takes a batch. Answered when it is on disk: 204 with no body, because Chromium gives a beacon's
/// quota back only when the body has been read.
pub async fn take(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut response = match store(&app, &uri, &headers, body).await {
        Ok(cookies) => accepted(cookies),
        Err(refusal) => refusal.into_response(),
    };
    cors::allow_origin(&headers, &mut response);
    response
}

/// 204 for every preflight. Only a body of type application/json causes one.
pub async fn preflight(headers: HeaderMap) -> Response {
    cors::preflight(&headers, "POST", "content-type")
}

/// Stores the batch; the cookies to set for it.
async fn store(
    app: &App,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<HeaderValue>, Refusal> {
    body::check_type(headers)?;
    let limits = &app.config.limits;
    let body = body::read(headers, body, limits).await?;
    let received_at = now_ms();
    let batch = Batch::parse(&body, &app.hasher, limits)?;
    let name = batch.name();
    if named(uri).is_some_and(|named| named != name) {
        return Err(Refusal::invalid("b: is not the stream and seq of the body"));
    }
    let Batch { head, ack, events } = batch;
    let source = Source::Batch(head);
    let delivery = Delivery { source, received_at, key: app.hasher.key(), events };
    app.store.append(delivery).await?;
    // Without `ack` the visitor has not agreed to anything being stored on the device.
    let cookies =
        ack.then(|| cookies::set(&name, app.config.cookie.as_ref(), headers, received_at));
    Ok(cookies.unwrap_or_default())
}

/// The batch as the query names it. Its letters need no decoding.
fn named(uri: &Uri) -> Option<&str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("b="))
}

fn accepted(cookies: Vec<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
