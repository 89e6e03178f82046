//! Admits a request for its customer: the page's origin, the rate of events, the stored rows.

use super::App;
use super::header::one;
use crate::config::customers::{NotAllowed, Page};
use crate::config::origin;
use crate::error::Refusal;
use crate::limits::Limits;
use axum::http::HeaderMap;
use axum::http::header::{ORIGIN, REFERER};
use std::time::Instant;

/// The page that sent the request, by its `Origin`. Browsers send it with every POST and with every
/// request that a script can read the response of
/// (<https://fetch.spec.whatwg.org/#append-a-request-origin-header>).
pub fn page(headers: &HeaderMap) -> Page<'_> {
    match one(headers, ORIGIN) {
        Ok(None) => Page::None,
        Ok(Some(text)) if origin::is_origin(text) => Page::Of(text),
        Ok(Some(_)) | Err(()) => Page::Unclear,
    }
}

/// Like [`page`], and without `Origin` by the `Referer`. A GET whose response no script reads, such
/// as an image, has no `Origin`. A `Referer` that is no address of a page tells nothing.
pub fn page_or_referrer(headers: &HeaderMap) -> Page<'_> {
    match (page(headers), one(headers, REFERER)) {
        (Page::None, Ok(Some(address))) => origin::of_address(address).map_or(Page::None, Page::Of),
        (Page::None, Err(())) => Page::Unclear,
        (page, _) => page,
    }
}

fn refused(page: Page<'_>) -> Refusal {
    Refusal::Origin(match page {
        Page::Of(origin) => origin.to_owned(),
        Page::None | Page::Unclear => "an unclear origin".to_owned(),
    })
}

/// Whether pages of this origin may send to any customer. Others may not read an answer.
pub fn may_read(app: &App, headers: &HeaderMap) -> bool {
    app.config.customers.any(page(headers))
}

/// Refuses pages that may send to no customer.
pub fn check_any(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    let page = page(headers);
    if app.config.customers.any(page) { Ok(()) } else { Err(refused(page)) }
}

/// The customer of a batch, told by its page.
pub fn of_batch(app: &App, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let page = page(headers);
    let customer = app.config.customers.of_batch(page).map_err(|NotAllowed| refused(page))?;
    Ok(customer.map(str::to_owned))
}

/// Refuses pages that may not send to this customer of a vendor's interface.
pub fn check_page(
    app: &App,
    interface: &str,
    customer: &str,
    page: Page<'_>,
) -> Result<(), Refusal> {
    let checked = app.config.customers.check_page(interface, customer, page);
    checked.map_err(|NotAllowed| refused(page))
}

/// The customer of a request for recommendations: the given one, or that of batches of the page. A
/// page of the same host sends a GET without `Origin`.
pub fn of_feed(app: &App, headers: &HeaderMap, given: Option<&str>) -> Result<String, Refusal> {
    let page = page_or_referrer(headers);
    let customers = &app.config.customers;
    let customer = match given {
        Some(name) => customers.check_reader(name, page).map(|()| Some(name)),
        None => customers.of_batch(page),
    };
    let customer = customer.map_err(|NotAllowed| refused(page))?;
    Ok(customer.unwrap_or_default().to_owned())
}

/// Refuses events above the customer's bounds. Called once for each request, when its events are
/// known to be valid.
pub async fn admit(
    app: &App,
    interface: &'static str,
    customer: &str,
    events: usize,
) -> Result<(), Refusal> {
    let bounds = app.config.customers.bounds(interface, customer);
    if bounds.rows > 0 && app.store()?.rows_of(interface, customer).await? >= bounds.rows {
        return Err(Refusal::CustomerRows);
    }
    if bounds.events > 0 {
        let key = (interface, customer.to_owned());
        let taken = app.customers.take(key, events as f64, bounds.events as f64, Instant::now());
        return taken.map_err(|wait| {
            let seconds = wait.as_secs().saturating_add(1).min(Limits::ROWS_RETRY_SECONDS.into());
            Refusal::CustomerRate(seconds as u32)
        });
    }
    Ok(())
}
