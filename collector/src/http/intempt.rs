//! Intempt's interface: `POST /v1/{organization}/projects/{project}/sources/{source}/track`, and
//! the same without a source.

use super::{App, body, cors, customers, typed, vendor_events};
use crate::api_key::Secret;
use crate::customer;
use crate::error::Refusal;
use crate::event::Vendor;
use crate::intempt;
use crate::query;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use recobeacon_engine::json::Object;
use std::sync::Arc;

/// Takes events of any types. Reads the body before it refuses: see
/// [`Limits::DISCARDED_BODIES`](crate::limits::Limits::DISCARDED_BODIES).
pub async fn take(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let taken = async {
        let limits = &app.config.limits;
        let body = body::read(&headers, body, limits).await?;
        customers::check_any(&app, &headers)?;
        check_key(&app, &uri, &headers)?;
        let parts: Vec<&str> = uri.path().split('/').collect();
        let names = match parts.as_slice() {
            [_, _, organization, _, project, _] => {
                vec![("organization", organization), ("project", project)]
            }
            [_, _, organization, _, project, _, source, _] => {
                vec![("organization", organization), ("project", project), ("source", source)]
            }
            _ => return Err(Refusal::NotFound("there is nothing here")),
        };
        let names = names.into_iter().map(|(what, raw)| customer::read(what, raw));
        let source = names.collect::<Result<Vec<_>, _>>()?.join("/");
        let page = customers::page_or_referrer(&headers);
        customers::check_page(&app, Vendor::Intempt.name(), &source, page)?;
        body::check_type(&headers)?;
        let own = &app.config.vendors.intempt.names;
        let (events, unknown) = intempt::read(&body, &source, limits.batch_events, own)?;
        vendor_events::store(&app, Vendor::Intempt, source, events).await?;
        app.status.left_out("intempt", unknown);
        Ok(typed("application/json", "{}".to_owned()))
    };
    cors::answer(&app, &method, &headers, cors::POST, refused, taken).await
}

/// The key is in the `Authorization` header or in the query. The header takes precedence.
fn check_key(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let intempt = &app.config.vendors.intempt;
    if intempt.keys.is_empty() {
        return Ok(());
    }
    let right = match headers.get(AUTHORIZATION) {
        Some(header) => {
            let parts = header.as_bytes().split_at_checked(b"Basic ".len());
            parts.is_some_and(|(scheme, given)| {
                scheme.eq_ignore_ascii_case(b"Basic ") && Secret::is_one_of(&intempt.basic, given)
            })
        }
        None => {
            let pairs = query::pairs(uri.query().unwrap_or_default())?;
            let given = pairs.iter().find(|(name, _)| name == "apiKey");
            given.is_some_and(|(_, given)| Secret::is_one_of(&intempt.keys, given.as_bytes()))
        }
    };
    if right {
        return Ok(());
    }
    Err(Refusal::Key("a known API key must be sent, as Basic authorization or as apiKey"))
}

/// Intempt documents no format for refusals. This one is common.
fn refused(refusal: &Refusal) -> Response {
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    object.text("error", refusal.status().canonical_reason().unwrap_or_default());
    object.text("message", &refusal.sentence());
    object.end();
    refusal.in_form("application/json", json)
}
