//! The visitor's address and browser. They are forwarded only if a destination is configured so.

use crate::config::network::Network;
use hyper::HeaderMap;
use hyper::header::{HeaderName, USER_AGENT};
use std::net::IpAddr;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Longest `User-Agent` that is forwarded.
const AGENT_BYTES: usize = 512;

/// The visitor's address and browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The IP address.
    pub address: Option<String>,
    /// The header `User-Agent`.
    pub agent: Option<String>,
}

impl Visitor {
    /// Reads the visitor from a request that came from `peer`.
    pub fn read(headers: &HeaderMap, peer: IpAddr, proxies: &[Network]) -> Self {
        let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.filter(|agent| agent.len() <= AGENT_BYTES).map(str::to_owned);
        Self { address: client(headers, peer, proxies).map(|client| client.to_string()), agent }
    }
}

/// The client's address. Each proxy appends the address that it got the request from. The last one
/// that is no trusted proxy is the client's: everything before it may be made up.
fn client(headers: &HeaderMap, peer: IpAddr, proxies: &[Network]) -> Option<IpAddr> {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(*address));
    if !is_proxy(&peer) {
        return Some(peer.to_canonical());
    }
    let mut lines = Vec::new();
    for line in headers.get_all(FORWARDED_FOR) {
        lines.push(line.to_str().ok()?);
    }
    let named = lines.join(",");
    for one in named.rsplit(',').map(str::trim).filter(|one| !one.is_empty()) {
        let address: IpAddr = one.parse().ok()?;
        if !is_proxy(&address) {
            return Some(address.to_canonical());
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        let proxies = ["127.0.0.1", "10.0.0.0/8"].map(|one| Network::parse(one).unwrap());
        for (peer, lines, expected) in [
            ("192.0.2.1", vec![], Some("192.0.2.1")),
            ("192.0.2.1", vec!["198.51.100.7"], Some("192.0.2.1")),
            ("127.0.0.1", vec![], None),
            ("127.0.0.1", vec!["198.51.100.7"], Some("198.51.100.7")),
            ("127.0.0.1", vec!["203.0.113.9, 198.51.100.7"], Some("198.51.100.7")),
            ("127.0.0.1", vec!["203.0.113.9", "198.51.100.7, 10.1.2.3"], Some("198.51.100.7")),
            ("127.0.0.1", vec!["198.51.100.7, unknown"], None),
            ("127.0.0.1", vec!["2001:db8::1"], Some("2001:db8::1")),
            ("::ffff:192.0.2.1", vec![], Some("192.0.2.1")),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let found = Visitor::read(&headers, peer.parse().unwrap(), &proxies).address;
            assert_eq!(found.as_deref(), expected, "{peer} {headers:?}");
        }
    }
}
