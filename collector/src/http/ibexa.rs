//! Ibexa's interface: `GET|POST /api/{customerid}/{event}/...`, ready-made links without the part
//! before the event, and the older form `/{solutionid}/{customerid}/{event}/...`.

use super::{App, cors, customers, files, vendor_events};
use crate::error::Refusal;
use crate::event::Vendor;
use crate::ibexa::{self, Dialect, Known};
use crate::import::Sender;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Takes an event.
pub async fn take(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    answer(&app, Form::Whole(Dialect::Ibexa), &method, &uri, &headers).await
}

/// Takes a ready-made link without a customer, as some of Ibexa's responses have them.
pub async fn take_link(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    answer(&app, Form::Link, &method, &uri, &headers).await
}

/// Takes an event, or serves the site's file: a solution id (`news`) may also be a folder's name.
pub async fn take_yoochoose(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let read = matches!(method, Method::GET | Method::HEAD);
    if read && !ibexa::knows(Dialect::Yoochoose, behind_first(&uri)) {
        let file = files::site(State(Arc::clone(&app)), uri.clone(), headers.clone()).await;
        if file.status() != StatusCode::NOT_FOUND {
            return file;
        }
    }
    answer(&app, Form::Whole(Dialect::Yoochoose), &method, &uri, &headers).await
}

/// The path segments before the event's name.
#[derive(Clone, Copy)]
enum Form {
    /// A prefix and the customer.
    Whole(Dialect),
    /// No segment.
    Link,
}

async fn answer(
    app: &App,
    form: Form,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let taken = async {
        customers::check_any(app, headers)?;
        let vendors = &app.config.vendors;
        let (vendor, customers) = match form {
            Form::Whole(Dialect::Ibexa) | Form::Link => (Vendor::Ibexa, &vendors.customers),
            Form::Whole(Dialect::Yoochoose) => (Vendor::Yoochoose, &vendors.yoochoose.customers),
        };
        let sender = Sender { is_trusted: has_token(app, headers), keys: &vendors.license_keys };
        let known = Known { customers: customers.as_deref(), sender };
        let (customer, event) = match form {
            Form::Whole(dialect) => ibexa::read(dialect, behind_first(uri), uri.query(), known)?,
            Form::Link => ibexa::read_link(uri.path().trim_start_matches('/'), uri.query(), known)?,
        };
        // Links of messages are opened from webmail, and their images are loaded there.
        let page = if ibexa::is_link(&event) {
            customers::page(headers)
        } else {
            customers::page_or_referrer(headers)
        };
        customers::check_page(app, vendor.name(), &customer, page)?;
        vendor_events::store(app, vendor, customer, vec![event]).await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    };
    let refused = |refusal: &Refusal| refusal.in_text();
    cors::answer(app, method, headers, cors::GET_AND_POST, refused, taken).await
}

/// Whether the request has the admin token. Its sender may set the time of events.
fn has_token(app: &App, headers: &HeaderMap) -> bool {
    let given =
        headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let token = app.config.admin_token.as_ref();
    given.zip(token).is_some_and(|(given, token)| token.is(given))
}

/// The part after `/api/` or `/ebl/`, not decoded. axum's extractor would turn `%2F` into a slash.
fn behind_first(uri: &Uri) -> &str {
    let behind = uri.path().strip_prefix('/').and_then(|path| path.split_once('/'));
    behind.map_or("", |(_, rest)| rest)
}
