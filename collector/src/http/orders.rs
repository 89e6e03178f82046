//! `POST /v1/orders` takes a shop's confirmed orders, and `GET /v1/orders` lists all orders. Both
//! are on the admin listener.

use super::read::{self, Wanted};
use super::{App, body, typed};
use crate::clock::now_ms;
use crate::config;
use crate::error::Refusal;
use crate::event::{Delivery, Source};
use crate::orders;
use crate::store::{Reported, history};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use recobeacon_engine::json::Object;
use serde::Deserialize;
use std::sync::Arc;

/// Stores the orders, and answers when they are on disk.
pub async fn take(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    body::check_type(&headers)?;
    let limits = &app.config.limits;
    let body = body::read(&headers, body, limits).await?;
    let received_at = now_ms();
    let confirmed = orders::read(&body, received_at, &app.hasher, limits)?;
    check_customer(&app, &confirmed.customer).await?;
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    object.some_whole("orders", Some(confirmed.orders as u64));
    object.some_whole("lines", Some(confirmed.events.len() as u64));
    object.end();
    let source = Source::Shop(confirmed.customer);
    let (key, events) = (app.hasher.key(), confirmed.events);
    // The vendors get an order from the page that reports it.
    let entries = Vec::new();
    app.sink.append(Delivery { source, received_at, key, events, entries }).await?;
    Ok(typed("application/json", json))
}

/// Refuses an unknown customer, because its orders would be stored beside those of the right one.
async fn check_customer(app: &App, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Ok(());
    }
    let stored = match app.sink.store() {
        Some(store) if !app.config.has_customer(name) => {
            let name = name.to_owned();
            store.query(move |connection| history::is_customer(connection, &name)).await?
        }
        // A collector of a cluster has the configuration only.
        _ => false,
    };
    if app.config.knows_customer(name, || Ok::<_, Refusal>(stored))? {
        return Ok(());
    }
    Err(Refusal::invalid(format!("customer: {}", config::UNKNOWN_CUSTOMER)))
}

/// The query parameters of `GET /v1/orders`.
pub const PARAMETERS: [&str; 3] = ["after", "limit", "reported"];

/// The part of the query that [`Wanted`] does not have.
#[derive(Debug, Deserialize)]
pub struct Which {
    reported: Option<String>,
}

/// Orders in the order of their first report.
pub async fn list(
    State(app): State<Arc<App>>,
    question: Result<Query<Wanted>, QueryRejection>,
    Query(Which { reported }): Query<Which>,
) -> Result<Response, Refusal> {
    let (after, limit) = read::wanted(question)?;
    let reported = match reported.as_deref() {
        None => None,
        Some("page") => Some(Reported::Page),
        Some("shop") => Some(Reported::Shop),
        Some("both") => Some(Reported::Both),
        Some(_) => return Err(Refusal::invalid("reported: must be page, shop or both")),
    };
    Ok(read::answer("orders", after, &app.store()?.orders(reported, after, limit).await?))
}
