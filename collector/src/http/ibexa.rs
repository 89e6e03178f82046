//! `GET|POST /api/{customerid}/{event}/...`, Ibexa's interface at its own addresses, and
//! `/{solutionid}/{customerid}/{event}/...`, its older form.

use super::{App, cors, files, vendors};
use crate::error::Refusal;
use crate::event::Vendor;
use crate::ibexa::{self, Dialect};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
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
    answer(&app, Dialect::Ibexa, &method, &uri, &headers).await
}

/// Takes an event, or gives what the site has there: a solution's name (`news`) is a folder's as
/// well.
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
    answer(&app, Dialect::Yoochoose, &method, &uri, &headers).await
}

async fn answer(
    app: &App,
    dialect: Dialect,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    let taken = async {
        let (vendor, customers) = match dialect {
            Dialect::Ibexa => (Vendor::Ibexa, &app.config.vendors.customers),
            Dialect::Yoochoose => (Vendor::Yoochoose, &app.config.vendors.yoochoose.customers),
        };
        let (path, query) = (behind_first(uri), uri.query());
        let (customer, event) = ibexa::read(dialect, path, query, customers.as_deref())?;
        vendors::store(app, vendor, customer, vec![event]).await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    };
    let refused = |refusal: &Refusal| refusal.in_text();
    cors::answer(method, headers, cors::GET_AND_POST, refused, taken).await
}

/// What follows `/api/` or `/ebl/`, undecoded: axum's own extractor would make `%2F` a slash.
fn behind_first(uri: &Uri) -> &str {
    let behind = uri.path().strip_prefix('/').and_then(|path| path.split_once('/'));
    behind.map_or("", |(_, rest)| rest)
}
