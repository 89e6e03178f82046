//! `POST /v1/events`: batches of the tracker and raw batches of its stub.

use super::{App, Peer, body, cookies, cors, customers};
use crate::batch;
use crate::clock::now_ms;
use crate::early_calls::{self, Outcome};
use crate::envelope::{Content, Envelope, Raw};
use crate::error::Refusal;
use crate::event::{self, BatchHead, Delivery, Source};
use crate::forward::visitor::Visitor;
use crate::percent;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, DNT, HeaderName, HeaderValue, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

const SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// Takes a batch and answers when it is on disk. The response is 204 without a body, because
/// Chromium frees a beacon's quota only after the body was read.
pub async fn take(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut response = match store(&app, peer.ip(), &uri, &headers, body).await {
        Ok(cookies) => accepted(cookies),
        Err(refusal) => refusal.into_response(),
    };
    cors::allow_origin(&app, &headers, &mut response);
    response
}

/// Answers a preflight. Only a body of type application/json causes a preflight.
pub async fn preflight(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    cors::preflight(&app, &headers, "POST", "content-type")
}

/// Stores the batch and returns the cookies to set.
async fn store(
    app: &Arc<App>,
    peer: IpAddr,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<HeaderValue>, Refusal> {
    let customer = customers::of_batch(app, headers);
    if customer.is_ok() {
        body::check_type(headers)?;
    }
    let limits = &app.config.limits;
    // The body is read before a page is refused: see `Limits::DISCARDED_BODIES`.
    let body = body::read(headers, body, limits).await?;
    let customer = customer?;
    let received_at = now_ms();
    let envelope = Envelope::parse(&body, limits)?;
    let name = envelope.name();
    if named(uri).is_some_and(|named| named != name) {
        return Err(Refusal::invalid("b: is not the stream and seq of the body"));
    }
    let Envelope { head, ack, content } = envelope;
    let head = BatchHead { customer, ..head };
    let (head, events, ack) = match content {
        Content::Events(events) => {
            let (events, left_out) = batch::read(events, &app.hasher)?;
            app.status.left_out("batch", left_out.unknown);
            app.status.no_pseudonym(left_out.addresses);
            (head, events, ack)
        }
        Content::Raw(raw) => {
            let (head, made) = read_raw(app, headers, raw, head, received_at).await?;
            (head, made.events, ack && made.may_store)
        }
    };
    let visitor = if app.forwarding.wants_visitor() {
        Visitor::read(headers, peer, &app.config.trusted_proxies)
    } else {
        Visitor::default()
    };
    let entries = app.forwarding.entries(&head.stream, &events, &visitor, received_at);
    let source = Source::Batch(head);
    let delivery = Delivery { source, received_at, key: app.hasher.key(), events, entries };
    // Raw calls may give no event. Then the batch is not stored either.
    if !delivery.events.is_empty() {
        let customer = delivery.source.customer().unwrap_or_default();
        customers::admit(app, event::BATCH, customer, delivery.events.len()).await?;
        app.sink.append(delivery).await?;
    }
    // Without `ack` the visitor has not agreed to storage on the device.
    let cookies =
        ack.then(|| cookies::set(&name, app.config.cookie.as_ref(), headers, received_at));
    Ok(cookies.unwrap_or_default())
}

/// Turns raw calls into events, for the visitor that the cookies and headers name. The engine runs
/// on a blocking thread and for a few requests at the same time, because it may take long.
async fn read_raw(
    app: &Arc<App>,
    headers: &HeaderMap,
    raw: Raw,
    head: BatchHead,
    received_at: u64,
) -> Result<(BatchHead, Outcome), Refusal> {
    let (shared, headers) = (Arc::clone(app), headers.clone());
    let read = move || {
        let app = shared;
        let is_one = |name| headers.get(name).is_some_and(|value| value == "1");
        let visitor = early_calls::Visitor {
            cookie: &|name| percent::decode(cookies::sent(&headers, name)?),
            cookie_name: cookies::name(app.config.cookie.as_ref()),
            gpc: is_one(SEC_GPC),
            dnt: is_one(DNT),
        };
        let limits = &app.config.limits;
        let made = early_calls::read(raw, &head, &visitor, received_at, &app.hasher, limits)?;
        Ok((head, made))
    };
    let read = app.raw.run(read).await;
    read.ok_or(Refusal::Unavailable("the calls could not be read"))?
}

/// The batch's name in the query. Its characters need no decoding.
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
