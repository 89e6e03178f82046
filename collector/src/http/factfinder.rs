//! FACT-Finder's interfaces: `POST /rest/{version}/track/{channel}/{event}` and
//! `GET|POST /Tracking.ff`.

use super::{App, body, cors, customers, plain, vendor_events};
use crate::api_key::Secret;
use crate::customer;
use crate::error::Refusal;
use crate::event::Vendor;
use crate::factfinder::tracking_ff;
use crate::factfinder::{Version, rest};
use crate::limits::Limits;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use recobeacon_engine::json::Object;
use std::sync::Arc;

const KEY: HeaderName = HeaderName::from_static("x-ff-api-key");
/// FACT-Finder's own response text.
const TRACKED: &str = "The event was successfully tracked";

/// Takes an array of events and answers 200 without a body. Reads the body before it refuses: see
/// [`Limits::DISCARDED_BODIES`].
pub async fn rest(
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
        check_key(&app, &headers)?;
        let path = uri.path().strip_prefix(app.config.vendors.factfinder.base_path.as_str());
        let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
        let [_, _, version, _, channel, event] = parts.as_slice() else {
            return Err(Refusal::NotFound("there is nothing here"));
        };
        let version =
            Version::named(version).ok_or(Refusal::NotFound("the version is not known"))?;
        let channel = customer::read("channel", channel)?;
        let page = customers::page_or_referrer(&headers);
        customers::check_page(&app, Vendor::FactFinder.name(), &channel, page)?;
        let currency = app.config.vendors.factfinder.channels.currency(&channel)?;
        body::check_type(&headers)?;
        let events = rest::read(version, event, &body, currency, limits.batch_events)?;
        vendor_events::store(&app, Vendor::FactFinder, channel, events).await?;
        let mut response = StatusCode::OK.into_response();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    };
    cors::answer(&app, &method, &headers, cors::POST, refused, taken).await
}

/// Takes the events of a query or a form.
pub async fn tracking_ff(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let taken = async {
        let limits = &app.config.limits;
        let mut query = uri.query().unwrap_or_default().to_owned();
        if method == Method::POST && is_form(&headers) {
            body::check_coding(&headers)?;
            // A form has the same limit as an address.
            let limits = Limits { body_bytes: limits.url_bytes, ..limits.clone() };
            let form = body::read(&headers, body, &limits).await?;
            let form = String::from_utf8(form)
                .map_err(|_| Refusal::invalid("the form must be percent-encoded UTF-8"))?;
            query = format!("{query}&{form}");
        }
        customers::check_any(&app, &headers)?;
        check_key(&app, &headers)?;
        let channels = &app.config.vendors.factfinder.channels;
        let (channel, events) = tracking_ff::read(&query, channels, limits.batch_events)?;
        let page = customers::page_or_referrer(&headers);
        customers::check_page(&app, Vendor::FactFinder.name(), &channel, page)?;
        vendor_events::store(&app, Vendor::FactFinder, channel, events).await?;
        Ok(plain(TRACKED.to_owned()))
    };
    let refused = |refusal: &Refusal| refusal.in_text();
    cors::answer(&app, &method, &headers, cors::GET_AND_POST, refused, taken).await
}

/// Both interfaces ask for the key. One open interface would make the key useless.
fn check_key(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    let keys = &app.config.vendors.factfinder.keys;
    let given = headers.get(KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if keys.is_empty() || Secret::is_one_of(keys, given) {
        return Ok(());
    }
    Err(Refusal::Key("the header X-FF-API-Key must have a known key"))
}

fn is_form(headers: &HeaderMap) -> bool {
    let full = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = full.and_then(|full| full.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A refusal in FACT-Finder's format.
fn refused(refusal: &Refusal) -> Response {
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    object.text("error", refusal.status().canonical_reason().unwrap_or_default());
    object.text("errorDescription", &refusal.sentence()).raw("stacktrace", "[]");
    object.end();
    refusal.in_form("application/json", json)
}
