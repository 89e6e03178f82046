//! The guard of the admin listener, before everything that is read out.
//!
//! If a token is configured, only the token decides. Without one the listener has a loopback
//! address (`Config` checks that), so the connection comes from this machine. That alone proves
//! little: a browser on this machine sends requests for any page, and a reverse proxy sends them
//! for any client. No header proves that a request is local. These headers only refuse:
//! * `Host` must be a loopback name. A page under a foreign name that resolves to 127.0.0.1 would
//!   have the same origin (DNS rebinding).
//! * A browser's request must come from a page of this origin, from the inspector's page, or from
//!   no page.
//! * A proxy's header shows that the listener is behind a proxy without a token. A proxy that adds
//!   no header cannot be detected. Therefore reading is not on the event listener, which is the one
//!   behind proxies.

use super::inspector::{is_loopback_name, is_origin};
use super::session::{self, Guest};
use super::{App, header, host, report, site};
use crate::api_key::Secret;
use crate::config::Config;
use crate::error::Refusal;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, HeaderName, HeaderValue, ORIGIN, VARY,
};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

const FORWARDED: [HeaderName; 6] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("via"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// A client that may read.
pub enum Reader {
    /// A program with the token or on this machine.
    Program,
    /// The inspector's page, with its origin.
    Inspector(HeaderValue),
}

/// Middleware before every route of the admin listener.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let reader = match check(&app.config, app.inspector.is_some(), request.headers()) {
        Ok(reader) => reader,
        Err(refusal) => match guest(&app, &request) {
            Guest::Admitted => Reader::Program,
            Guest::SignIn => return report::sign_in(false),
            Guest::Refused => return refusal.into_response(),
        },
    };
    if matches!(reader, Reader::Inspector(_)) && !request.method().is_safe() {
        return Refusal::Forbidden("the inspector's page may only read").into_response();
    }
    let mut response = next.run(request).await;
    if let Reader::Inspector(origin) = reader {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// A request with an `Authorization` is a program's, and its token decides alone.
fn guest(app: &App, request: &Request) -> Guest {
    let headers = request.headers();
    if headers.contains_key(AUTHORIZATION) {
        return Guest::Refused;
    }
    session::guest(app, request.method(), request.uri(), headers)
}

/// The client that sends a request with these headers. `inspector`: the inspector's page may read.
///
/// # Errors
/// 401 or 403: nobody who may read.
pub fn check(config: &Config, inspector: bool, headers: &HeaderMap) -> Result<Reader, Refusal> {
    let Some(token) = config.admin_token.as_ref() else {
        return without_token(inspector, headers).map_err(Refusal::Forbidden);
    };
    let mut given = headers.get_all(AUTHORIZATION).into_iter();
    match (given.next(), given.next()) {
        (Some(given), None) if is_token(given.as_bytes(), token) => Ok(Reader::Program),
        _ => Err(Refusal::Unauthorized),
    }
}

fn without_token(inspector: bool, headers: &HeaderMap) -> Result<Reader, &'static str> {
    if headers.contains_key(AUTHORIZATION) {
        return Err("no admin_token is configured");
    }
    if FORWARDED.iter().any(|name| headers.contains_key(name)) {
        return Err("without an admin_token nothing is read through a proxy");
    }
    let Some(host) = host::named(headers).filter(|host| is_loopback_name(host.host())) else {
        return Err("without an admin_token the Host must be a loopback name");
    };
    let one = |name| header::one(headers, name).map_err(|()| OTHER_PAGE);
    let sender = one(site::SEC_FETCH_SITE)?;
    let Some(origin) = one(ORIGIN)? else {
        let page = sender.is_none_or(|sender| site::is_own(sender.as_bytes()));
        return if page { Ok(Reader::Program) } else { Err(OTHER_PAGE) };
    };
    let address: Uri = origin.parse().map_err(|_| OTHER_PAGE)?;
    if inspector && is_origin(&address) {
        return HeaderValue::from_str(origin).map(Reader::Inspector).map_err(|_| OTHER_PAGE);
    }
    let own =
        sender.is_none_or(|sender| sender == "same-origin") && address.authority() == Some(&host);
    if own { Ok(Reader::Program) } else { Err(OTHER_PAGE) }
}

const OTHER_PAGE: &str = "without an admin_token nothing is read by other sites' pages";

fn is_token(given: &[u8], token: &Secret) -> bool {
    let Some((scheme, given)) = given.split_at_checked(b"Bearer ".len()) else { return false };
    scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(given)
}
