//! Who may read events: whoever has the admin token, and whoever sits at the machine itself.
//!
//! The second is easily claimed by others, so all of this must be true:
//! * the connection comes from a loopback address,
//! * no proxy of the same machine stands between (it would lend its own address to the world),
//! * the request is for a loopback name: a foreign name that was pointed at 127.0.0.1 makes any
//!   page of that name the same origin (DNS rebinding),
//! * a browser sends it for a page of this very origin, or for no page.

use super::{App, Peer};
use crate::error::Refusal;
use crate::secret::Secret;
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use std::net::IpAddr;

const FORWARDED: [HeaderName; 6] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("via"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses whoever may not read.
pub fn check(app: &App, peer: Peer, headers: &HeaderMap) -> Result<(), Refusal> {
    let token = app.config.admin_token.as_deref();
    match (headers.get(AUTHORIZATION), token) {
        (Some(given), Some(token)) if is_token(given.as_bytes(), token) => return Ok(()),
        (Some(_), _) => return Err(Refusal::Unauthorized),
        (None, _) => {}
    }
    local(peer, headers).map_err(|why| match token {
        Some(_) => Refusal::Unauthorized,
        None => Refusal::Forbidden(why),
    })
}

fn local(peer: Peer, headers: &HeaderMap) -> Result<(), &'static str> {
    if !peer.0.ip().to_canonical().is_loopback() {
        return Err("events are read on the machine itself only");
    }
    if FORWARDED.iter().any(|name| headers.contains_key(name)) {
        return Err("events are not read through a proxy");
    }
    let host = text(headers, HOST).and_then(|host| host.parse::<Authority>().ok());
    let Some(host) = host.filter(|host| is_loopback_name(host.host())) else {
        return Err("events are read under a loopback name only");
    };
    let same_site =
        text(headers, SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let same_origin = !headers.contains_key(ORIGIN)
        || text(headers, ORIGIN)
            .and_then(|origin| origin.parse::<Uri>().ok())
            .is_some_and(|origin| origin.authority() == Some(&host));
    if same_site && same_origin { Ok(()) } else { Err("events are not read by other sites' pages") }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_loopback_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        // RFC 6761 §6.3: browsers never look these up.
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn is_token(given: &[u8], token: &str) -> bool {
    let Some((scheme, given)) = given.split_at_checked(b"Bearer ".len()) else { return false };
    scheme.eq_ignore_ascii_case(b"Bearer ") && Secret::new(token).is(given)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_loopback_addresses_are_the_machine_itself() {
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost:8787"))]);
        for (peer, is_local) in [
            ("127.0.0.1:5", true),
            ("127.9.9.9:5", true),
            ("[::1]:5", true),
            ("[::ffff:127.0.0.1]:5", true),
            ("192.168.1.2:5", false),
            ("10.0.0.1:5", false),
            ("[::ffff:192.168.1.2]:5", false),
            ("[fe80::1]:5", false),
        ] {
            assert_eq!(local(Peer(peer.parse().unwrap()), &headers).is_ok(), is_local, "{peer}");
        }
    }
}
