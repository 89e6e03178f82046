//! Checks the request's `Host`: exactly one, with a plain name.
//!
//! RFC 9112 §3.2 asks a server to refuse a request without `Host`, with more than one, or with an
//! invalid one. Absolute-form targets are for proxies, and they override the header (§3.2.2), so a
//! check of the header alone would check the wrong name.

use crate::error::Refusal;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;

/// Refuses a request without exactly one valid host.
pub fn check(request: &Request) -> Result<(), Refusal> {
    let uri = request.uri();
    if uri.scheme().is_some() || uri.authority().is_some() {
        return Err(Refusal::invalid("the request line must have a path, not a whole address"));
    }
    match named(request.headers()) {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid("there must be one Host header, with a host and no user")),
    }
}

/// The request's host.
pub fn named(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).into_iter();
    let (host, None) = (hosts.next()?.to_str().ok()?, hosts.next()) else { return None };
    let named: Authority = host.parse().ok()?;
    let port_is_right = named.port().is_some() || !host.ends_with(':') && named.host() == host;
    (!host.contains('@') && !named.host().is_empty() && port_is_right).then_some(named)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_host_is_a_single_name_with_an_optional_port() {
        let named = |host: &'static str| {
            named(&HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]))
        };
        for right in ["localhost", "shop.example:8787", "127.0.0.1:1", "[::1]", "[::1]:80", "a_b:1"]
        {
            assert_eq!(named(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            ":80",
            "user@localhost",
            "user:secret@localhost:80",
            "@localhost",
            "localhost@",
            "localhost:",
            "localhost:x",
            "localhost:65536",
            "localhost:80:80",
            "::1",
            "a b",
            "localhost/",
            "http://localhost",
            "localhost, other",
            "localhost?a",
            "localhost#a",
            "local\\host",
        ] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
