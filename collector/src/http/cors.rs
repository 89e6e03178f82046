//! What lets pages of other origins send events here, and read how that went.

use crate::error::Refusal;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    CACHE_CONTROL, HeaderValue, ORIGIN, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// How long a browser may remember that it may post here, in seconds. Chromium's own maximum.
const PREFLIGHT_SECONDS: u32 = 7200;
/// Headers that the vendors' clients send.
const VENDORS_HEADERS: &str = "content-type, authorization, x-ff-api-key";

/// Any shop's page may post here and read the answer; there is nothing else to be read. Not `*`:
/// a beacon brings the page's cookies along, and with these a browser wants the origin.
pub fn allow_origin(request: &HeaderMap, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request.get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
}

/// 204 for a preflight: these methods and these headers may be sent.
pub fn preflight(request: &HeaderMap, methods: &'static str, headers: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow_origin(request, &mut response);
    let more = response.headers_mut();
    more.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    more.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers));
    more.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(PREFLIGHT_SECONDS));
    more.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The methods of an address, as they stand in `Allow`.
pub const GET_AND_POST: &str = "GET, POST, OPTIONS";
/// The same where the body is the event.
pub const POST: &str = "POST, OPTIONS";

/// Answers a request to a vendor's interface: preflights here, refusals in the vendor's form. A
/// HEAD is refused: it must change nothing, so it cannot be an event.
pub async fn answer(
    method: &Method,
    headers: &HeaderMap,
    methods: &'static str,
    refused: fn(&Refusal) -> Response,
    taken: impl Future<Output = Result<Response, Refusal>>,
) -> Response {
    if method == Method::OPTIONS {
        return preflight(headers, methods, VENDORS_HEADERS);
    }
    let mut response = if methods.split(", ").any(|allowed| allowed == method.as_str()) {
        taken.await.unwrap_or_else(|refusal| refused(&refusal))
    } else {
        refused(&Refusal::Method(methods))
    };
    allow_origin(headers, &mut response);
    response
}
