//! `/report`: the report as a page, as JSON and as CSV, and the form that begins a session.

use super::{App, body, read, session, typed};
use crate::answers::report::period::{PARAMETERS as QUESTION, Wanted};
use crate::answers::report::{self, Report, TableName, page};
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::query;
use crate::store::{StoreError, db};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, REFERRER_POLICY,
    SET_COOKIE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

const HTML: &str = "text/html; charset=utf-8";
/// The query parameters.
pub const PARAMETERS: [&str; 3] = QUESTION;

/// The page.
pub async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let now = now_ms();
    let report = read_report(&app, query, now).await?;
    let has_session = app.config.admin_token.is_some() && session::has_session(&app, &headers);
    let html = page::page(&report, has_session, now).map_err(|_| FAILED)?;
    Ok(secured(typed(HTML, html)))
}

const FAILED: Refusal = Refusal::Unavailable("the report could not be written");

/// `report.json`, or the table of this name as CSV.
pub async fn file(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let now = now_ms();
    if file == "report.json" {
        let report = read_report(&app, query, now).await?;
        return Ok(read::private(typed("application/json", report::json(&report))));
    }
    let name = file.strip_suffix(".csv").and_then(TableName::named);
    let name = name.ok_or(Refusal::NotFound("there is nothing here"))?;
    let (wanted, plans) = (wanted(query, now)?, app.config.variants.clone());
    let read = move |open: &db::Connection| report::read_table(open, &wanted, name, &plans, now);
    let table = app.store()?.answer(read).await?.ok_or(StoreError::Slow)?;
    let csv = report::csv(&table).ok_or(FAILED)?;
    let mut response = read::private(typed("text/csv; charset=utf-8; header=present", csv));
    // Opened in the browser, the file would be a page.
    let saved = format!("attachment; filename=\"{}.csv\"", name.text());
    if let Ok(saved) = HeaderValue::try_from(saved) {
        response.headers_mut().insert(CONTENT_DISPOSITION, saved);
    }
    Ok(response)
}

async fn read_report(app: &App, query: Option<String>, now: u64) -> Result<Report, Refusal> {
    let (wanted, plans) = (wanted(query, now)?, app.config.variants.clone());
    let read = move |open: &db::Connection| report::read(open, wanted, &plans, now);
    Ok(app.store()?.answer(read).await?)
}

fn wanted(query: Option<String>, now_ms: u64) -> Result<Wanted, Refusal> {
    Wanted::read(&query.unwrap_or_default(), now_ms).map_err(Refusal::invalid)
}

/// Takes the form: with the token it begins a session, with `end` it ends it. Then the browser asks
/// for the page.
pub async fn form(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, Refusal> {
    let Some(token) = app.config.admin_token.as_ref() else {
        return Err(Refusal::Forbidden("no admin_token is configured"));
    };
    if !session::is_own_form(&headers) {
        return Err(Refusal::Forbidden("the form must come from the report's page"));
    }
    let body = body::read(&headers, body, &app.config.limits).await?;
    let body = String::from_utf8(body).map_err(|_| Refusal::invalid("the form must be UTF-8"))?;
    let fields = query::pairs(&body)?;
    let cookie = match fields.as_slice() {
        [(name, given)] if name == "token" && token.is(given.as_bytes()) => {
            Some(session::begin(&app, &headers)?)
        }
        [(name, _)] if name == "end" => session::end(&app, &headers),
        _ => return Ok(sign_in(true)),
    };
    let place = match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{}?{query}", session::PATH),
        None => session::PATH.to_owned(),
    };
    let mut response = secured(typed(HTML, String::new()));
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location =
        HeaderValue::try_from(place).map_err(|_| Refusal::invalid("the query is wrong"))?;
    response.headers_mut().insert(LOCATION, location);
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The form, as the answer to a request without a session.
pub fn sign_in(is_wrong: bool) -> Response {
    match page::sign_in(is_wrong) {
        Ok(html) => secured(Refusal::Unauthorized.in_form(HTML, html)),
        Err(_) => FAILED.into_response(),
    }
}

/// Forbids everything that the page does not need.
fn secured(response: Response) -> Response {
    let mut response = read::private(response);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(page::POLICY.as_str()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
