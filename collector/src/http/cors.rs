//! CORS: lets pages of other origins send events and read the status.

use super::{App, customers};
use crate::error::Refusal;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    CACHE_CONTROL, HeaderValue, ORIGIN, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// How long a browser may cache the preflight's result, in seconds. This is Chromium's maximum.
const PREFLIGHT_SECONDS: u32 = 7200;
/// Headers that the vendors' clients send.
const VENDORS_HEADERS: &str = "content-type, authorization, x-ff-api-key";

/// Lets the request's page read the response, if pages of its origin may send to any customer. The
/// responses hold no private data, except recommendations for an id that the page itself has sent. The value cannot be `*`, because beacons are sent with
/// credentials.
pub fn allow_origin(app: &App, request: &HeaderMap, response: &mut Response) {
    let is_refused = response.extensions().get::<Unreadable>().is_some();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if is_refused || !customers::may_read(app, request) {
        return;
    }
    if let Some(origin) = request.get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
}

/// Marks the refusal of a page that may not send to the customer of its request.
#[derive(Clone, Copy, Debug)]
pub struct Unreadable;

/// The response to a preflight: 204 with the allowed methods and headers. It does not depend on the
/// customer, which may stand in the body of the request that follows.
pub fn preflight(
    app: &App,
    request: &HeaderMap,
    methods: &'static str,
    headers: &'static str,
) -> Response {
    if let Err(refusal) = customers::check_any(app, request) {
        let mut response = refusal.in_text();
        allow_origin(app, request, &mut response);
        return response;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow_origin(app, request, &mut response);
    let more = response.headers_mut();
    more.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    more.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers));
    more.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(PREFLIGHT_SECONDS));
    more.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The value of `Allow` for addresses with GET and POST.
pub const GET_AND_POST: &str = "GET, POST, OPTIONS";
/// The value of `Allow` where the body is the event.
pub const POST: &str = "POST, OPTIONS";

/// Answers a request to a vendor's interface: preflights directly, refusals in the vendor's format.
/// HEAD is refused, because it must not change anything and so cannot be an event.
pub async fn answer(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    methods: &'static str,
    refused: fn(&Refusal) -> Response,
    taken: impl Future<Output = Result<Response, Refusal>>,
) -> Response {
    if method == Method::OPTIONS {
        return preflight(app, headers, methods, VENDORS_HEADERS);
    }
    let mut response = if methods.split(", ").any(|allowed| allowed == method.as_str()) {
        taken.await.unwrap_or_else(|refusal| refused(&refusal))
    } else {
        refused(&Refusal::Method(methods))
    };
    allow_origin(app, headers, &mut response);
    response
}
