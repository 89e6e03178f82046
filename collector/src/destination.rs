//! A configured destination of forwarded events.

use crate::limits::Limits;
use recobeacon_engine::event::Kind;
use recobeacon_engine::protocol::{Envelope, Protocol, RetryPolicy};
use recobeacon_engine::request::Method;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::ServerName;

/// A destination.
pub struct Destination {
    /// The name that the operator gave it. Entries of the queue have it, so it must not change.
    pub name: Arc<str>,
    /// The vendor's protocol, with its options.
    pub protocol: Protocol,
    /// The server that all requests go to.
    pub server: Server,
    /// Most requests a second.
    pub rate: u32,
    /// Most requests at the same time.
    pub connections: usize,
    /// Time until the answer must be complete.
    pub timeout: Duration,
    /// Age at which an event is not sent any more and its ids are deleted, in milliseconds.
    pub max_age_ms: u64,
    /// Most entries that wait.
    pub max_events: u64,
    /// Send the visitor's address in `X-Forwarded-For`.
    pub visitor_address: bool,
    /// Send the visitor's `User-Agent`.
    pub visitor_agent: bool,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The protocol has the key.
        f.debug_struct("Destination").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The server of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The host's name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name for TLS. `None`: plain HTTP.
    pub tls: Option<ServerName<'static>>,
    /// The header `Host`.
    pub authority: String,
}

impl Server {
    /// Reads an absolute address.
    pub fn read(url: &str) -> Option<Self> {
        let uri: hyper::Uri = url.parse().ok()?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let is_tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let tls = is_tls.then(|| ServerName::try_from(host.clone())).transpose().ok()?;
        let authority = authority.as_str().to_owned();
        (!host.is_empty()).then_some(Self { host, port, tls, authority })
    }
}

impl Destination {
    /// The longest time for which its ids are kept, in milliseconds. A vendor without event times
    /// would count an older event as one of today.
    pub fn longest_age_ms(protocol: &Protocol) -> u64 {
        match protocol.retry_policy(Kind::Buy) {
            RetryPolicy::Idempotent => Limits::TRACKER_AGE_MS,
            RetryPolicy::OnceMore | RetryPolicy::AtMostOnce => Limits::UNDATED_AGE_MS,
        }
    }

    /// The value of the header with its key.
    pub fn key(&self) -> Option<String> {
        let envelope = Envelope { stream: "", seq: 0, sent_at: 0, ack: false };
        self.protocol.request(Kind::Click, &[], &envelope).key.map(|(_, key)| key)
    }

    /// Logs that its key can be read on the way.
    pub fn warn_of_plain_key(&self) {
        let is_own = self.server.host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
        if self.server.tls.is_none() && !is_own && self.key().is_some() {
            let name = &self.name;
            tracing::warn!("forward {name}: its key is sent without encryption; use https");
        }
    }

    /// The retry policy for events of the kind with this name.
    pub fn policy(&self, kind: &str) -> RetryPolicy {
        // An unknown kind is of a newer version. It is not sent, see `content`.
        let kind = Kind::from_name(kind).unwrap_or(Kind::Buy);
        self.protocol.retry_policy(kind)
    }
}

/// The method's name.
pub fn method(method: Method) -> hyper::Method {
    match method {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
    }
}
