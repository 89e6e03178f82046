//! The header with which a browser says whose page sends a request.
//! <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>

use axum::http::HeaderMap;
use axum::http::header::HeaderName;

/// Its name. Browsers send it on encrypted and local connections.
pub const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the value names no page of another origin.
pub fn is_own(site: &[u8]) -> bool {
    matches!(site, b"same-origin" | b"none")
}

/// Whether the request names no page of another origin.
pub fn is_own_page(headers: &HeaderMap) -> bool {
    headers.get_all(SEC_FETCH_SITE).into_iter().all(|site| is_own(site.as_bytes()))
}
