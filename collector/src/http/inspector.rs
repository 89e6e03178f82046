//! The demo shop's inspector, a page that shows stored events. This address tells the page where
//! the admin listener is. The admin listener lets pages under loopback names read on any port, as
//! the port may be a proxy's.

use super::{App, host, typed};
use axum::extract::State;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use std::net::IpAddr;
use std::sync::Arc;

/// The address that the page requests.
pub const PATH: &str = "/inspector.json";

/// Whether pages of this origin may read: its host is a loopback name.
pub fn is_origin(origin: &Uri) -> bool {
    origin.scheme() == Some(&Scheme::HTTP) && origin.host().is_some_and(is_loopback_name)
}

/// Tells the page where to read, and whether it may ask for recommendations. Pages under other names get an empty object, because they could
/// not read.
pub async fn address(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let may_read = host::named(&headers).is_some_and(|host| is_loopback_name(host.host()));
    let found = app.inspector.filter(|_| may_read);
    let feeds = if app.feeds.is_some() { ",\"feeds\":true" } else { "" };
    let json = found.map(|admin| format!("{{\"url\":\"http://{admin}\"{feeds}}}"));
    typed("application/json", json.unwrap_or_else(|| "{}".to_owned()))
}

/// Whether the name can only mean this machine.
pub fn is_loopback_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        // Browsers do not resolve these names by DNS (RFC 6761 §6.3).
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_under_loopback_names_may_read() {
        for (origin, may_read) in [
            ("http://127.0.0.1:8787", true),
            ("http://localhost:8787", true),
            ("http://[::1]:8787", true),
            ("http://shop.localhost", true),
            ("https://127.0.0.1:8787", false),
            ("http://attacker.example:8787", false),
            ("http://127.0.0.1.attacker.example:8787", false),
            ("http://localhost.attacker.example", false),
            ("http://192.168.1.2:8787", false),
            ("http://0.0.0.0:8787", false),
            ("null", false),
        ] {
            assert_eq!(is_origin(&origin.parse().unwrap()), may_read, "{origin}");
        }
    }
}
