//! The demo shop's inspector: a page of the event listener that shows stored events. It is told
//! where the admin listener is, and the admin listener lets its origin read.

use super::{App, host, typed};
use axum::extract::State;
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where the page asks.
pub const PATH: &str = "/inspector.json";
const HTTP_PORT: u16 = 80;

/// The two ends, where `inspector` is switched on.
#[derive(Clone, Copy, Debug)]
pub struct Inspector {
    pages_port: u16,
    admin: SocketAddr,
}

impl Inspector {
    /// For pages of the listener with this port, which read from the other one.
    pub fn new(pages_port: u16, admin: SocketAddr) -> Self {
        Self { pages_port, admin }
    }

    /// Whether this is the origin of its page: a loopback name and the event listener's port.
    pub fn is_origin(&self, origin: &Uri) -> bool {
        origin.scheme() == Some(&Scheme::HTTP)
            && origin.authority().is_some_and(|authority| self.has(authority))
    }

    fn has(&self, authority: &Authority) -> bool {
        is_loopback_name(authority.host())
            && authority.port_u16().unwrap_or(HTTP_PORT) == self.pages_port
    }
}

/// Tells the page where to read. Pages under other names are told nothing: they could not read.
pub async fn address(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let found = app
        .inspector
        .filter(|inspector| host::named(&headers).is_some_and(|host| inspector.has(&host)));
    let json = found.map(|inspector| format!("{{\"url\":\"http://{}\"}}", inspector.admin));
    typed("application/json", json.unwrap_or_else(|| "{}".to_owned()))
}

/// Whether a name can only be this machine's.
pub fn is_loopback_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        // RFC 6761 §6.3: browsers never look these up.
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_event_listener_under_loopback_names_may_read() {
        let inspector = Inspector::new(8787, "127.0.0.1:8788".parse().unwrap());
        for (origin, may_read) in [
            ("http://127.0.0.1:8787", true),
            ("http://localhost:8787", true),
            ("http://[::1]:8787", true),
            ("http://shop.localhost:8787", true),
            ("http://127.0.0.1:8788", false),
            ("http://127.0.0.1", false),
            ("https://127.0.0.1:8787", false),
            ("http://attacker.example:8787", false),
            ("http://127.0.0.1.attacker.example:8787", false),
            ("http://192.168.1.2:8787", false),
            ("http://0.0.0.0:8787", false),
        ] {
            assert_eq!(inspector.is_origin(&origin.parse().unwrap()), may_read, "{origin}");
        }
    }
}
