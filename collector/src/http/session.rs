//! Sessions of the report's page. A browser cannot send the admin token by itself, so a form takes it
//! once, and a cookie with a random name of the session takes its place.
//!
//! The cookie is for the path of the report only, and opens nothing else. It is not sent by pages of
//! other sites (`SameSite=Strict`). Pages of other ports of the same host belong to the same site, so
//! `Sec-Fetch-Site` must not name them either; they could not read the answer anyway.

use super::{App, cookies, host, site};
use crate::api_key::Secret;
use crate::error::{ConfigError, Refusal};
use crate::limits::Limits;
use crate::pseudonym;
use axum::http::header::{HeaderValue, ORIGIN};
use axum::http::{HeaderMap, Method, Uri};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The path of the page, of its form and of the cookie.
pub const PATH: &str = "/report";
const COOKIE_NAME: &str = "reco_report";

/// The open sessions, the oldest first. They end with the process.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<VecDeque<(Instant, Secret)>>);

impl Sessions {
    /// Begins a session. Returns its name.
    fn begin(&self) -> Result<String, ConfigError> {
        let name = pseudonym::new_secret()?;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= Limits::SESSIONS {
            open.pop_front();
        }
        open.push_back((Instant::now(), Secret::new(&name)));
        Ok(name)
    }

    fn has(&self, name: &[u8]) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(begun, _)| begun.elapsed() < Limits::SESSION);
        open.iter().fold(false, |found, (_, secret)| found | secret.is(name))
    }

    fn end(&self, name: &[u8]) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, secret)| !secret.is(name));
    }
}

/// A request without the token, to a collector that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// It has a session, brings the form, or is led to the page.
    Admitted,
    /// It gets the form.
    SignIn,
    /// It is refused.
    Refused,
}

/// Decides about a request that has no `Authorization`.
pub fn guest(app: &App, method: &Method, uri: &Uri, headers: &HeaderMap) -> Guest {
    let path = uri.path();
    let of_report =
        path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !of_report || app.config.admin_token.is_none() {
        return Guest::Refused;
    }
    if *method == Method::POST && path == PATH {
        return Guest::Admitted;
    }
    // The path with a slash at its end only leads to the page.
    if path.strip_prefix(PATH) == Some("/") {
        return Guest::Admitted;
    }
    let reads = *method == Method::GET || *method == Method::HEAD;
    if reads && has_session(app, headers) {
        return Guest::Admitted;
    }
    if reads && path == PATH { Guest::SignIn } else { Guest::Refused }
}

/// Whether the request has the cookie of an open session, and no page of another origin made it.
pub fn has_session(app: &App, headers: &HeaderMap) -> bool {
    let own = site::is_own_page(headers) && !headers.contains_key(ORIGIN);
    own && cookies::sent(headers, COOKIE_NAME).is_some_and(|name| app.sessions.has(name.as_bytes()))
}

/// Whether the form comes from this page: `Sec-Fetch-Site` says so, or, where it is missing, `Origin`
/// has the name in `Host`. A proxy may replace `Host`, but not `Sec-Fetch-Site`.
pub fn is_own_form(headers: &HeaderMap) -> bool {
    if headers.contains_key(site::SEC_FETCH_SITE) {
        return site::is_own_page(headers);
    }
    let mut origins = headers.get_all(ORIGIN).into_iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return !headers.contains_key(ORIGIN);
    };
    let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    let named = host::named(headers);
    named.is_some() && origin.is_some_and(|origin| origin.authority() == named.as_ref())
}

/// Begins a session. Returns the cookie.
///
/// # Errors
/// The system has no random bits.
pub fn begin(app: &App, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let failed = Refusal::Unavailable("there are no random bits");
    let name = app.sessions.begin().map_err(|_| failed.clone())?;
    cookie(&name, Limits::SESSION.as_secs(), headers).ok_or(failed)
}

/// Ends the session. Returns the cookie that deletes the old one.
pub fn end(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    if let Some(name) = cookies::sent(headers, COOKIE_NAME) {
        app.sessions.end(name.as_bytes());
    }
    cookie("", 0, headers)
}

fn cookie(name: &str, seconds: u64, headers: &HeaderMap) -> Option<HeaderValue> {
    // Behind a proxy the page's own address says whether the connection is encrypted.
    let is_https =
        headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https:"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE_NAME}={name}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::try_from(cookie).ok()
}
