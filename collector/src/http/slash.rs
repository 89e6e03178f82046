//! Addresses with a slash at their end. They lead to the address without it, so that there is one
//! address for each answer.

use super::typed;
use crate::error::Refusal;
use axum::Router;
use axum::http::header::{HeaderValue, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, any};

/// The router with this route, and with a redirection to it from the path with a slash at its end.
pub fn also<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    path: &str,
    route: MethodRouter<S>,
) -> Router<S> {
    router.route(path, route).route(&format!("{path}/"), any(redirect))
}

/// 308: the client repeats the method and the body.
async fn redirect(uri: Uri) -> Result<Response, Refusal> {
    let place = HeaderValue::try_from(without_slash(&uri))
        .map_err(|_| Refusal::NotFound("there is nothing here"))?;
    let mut response = typed("text/plain; charset=utf-8", String::new());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, place);
    Ok(response)
}

/// The path and the query. The path begins with that of a route, so it names no other host.
fn without_slash(uri: &Uri) -> String {
    let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
    match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}
