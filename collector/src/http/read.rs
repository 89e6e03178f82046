//! `GET /v1/events` and `GET /v1/batches`: stored rows in pages.

use super::{App, typed};
use crate::error::Refusal;
use crate::limits::Limits;
use crate::store::Page;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::Response;
use recobeacon_engine::json::push_list;
use serde::Deserialize;
use std::sync::Arc;

/// The query parameters.
pub const PARAMETERS: [&str; 3] = ["after", "limit", "order"];

/// The query of a request.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// Return the rows after this one.
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
    order: Option<String>,
}

pub(super) type Question = Result<Query<Wanted>, QueryRejection>;

/// Events in the order in which they were stored.
pub async fn events(State(app): State<Arc<App>>, question: Question) -> Result<Response, Refusal> {
    let (after, limit) = wanted(question)?;
    Ok(answer("events", after, &app.store()?.events(after, limit).await?))
}

/// Batches in the order in which they were first received.
pub async fn batches(State(app): State<Arc<App>>, question: Question) -> Result<Response, Refusal> {
    let (after, limit) = wanted(question)?;
    Ok(answer("batches", after, &app.store()?.batches(after, limit).await?))
}

pub(super) fn wanted(question: Question) -> Result<(i64, u32), Refusal> {
    let Query(wanted) = question
        .map_err(|_| Refusal::invalid("after and limit must be whole numbers, not negative"))?;
    let limit = wanted.limit.unwrap_or(Limits::PAGE_ROWS_DEFAULT);
    if !(1..=Limits::PAGE_ROWS).contains(&limit) {
        return Err(Refusal::invalid(format!("limit: must be 1 to {}", Limits::PAGE_ROWS)));
    }
    if wanted.order.is_some_and(|order| order != "row") {
        return Err(Refusal::invalid("order: must be row"));
    }
    Ok((row(wanted.after), limit))
}

pub(super) fn answer(name: &str, after: i64, page: &Page) -> Response {
    let mut json = format!("{{\"{name}\":");
    push_list(&mut json, &page.rows, |json, (_, row)| json.push_str(row));
    let last = page.rows.last().map_or(after, |(row, _)| *row);
    json.push_str(&format!(",\"last\":{last}}}"));
    private(typed("application/json", json))
}

/// The row number as SQLite counts, at most its largest integer.
pub fn row(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Forbids caching, and loading by pages of other origins.
pub fn private(mut response: Response) -> Response {
    let name = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(name, HeaderValue::from_static("same-origin"));
    response
}
