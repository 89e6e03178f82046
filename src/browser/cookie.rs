//! First-party cookies on the registrable domain, which is found by trying.

use super::host::{DOCUMENT, LOCATION};
use crate::engine::number::push_whole;
use std::cell::RefCell;

/// Acknowledgements of the collector: `reco_ack_<stream>.<seq>=1`.
const ACK_PREFIX: &str = "reco_ack_";
const PROBE: &str = "reco_probe";
const DAY_S: u64 = 86_400;

/// The page's cookies.
#[derive(Debug)]
pub struct Cookies {
    /// The configured domain, or the one that probing found; empty for a host-only cookie.
    domain: RefCell<Option<String>>,
}

impl Cookies {
    /// For this domain; where it is not given it is found when the first cookie is written.
    pub fn new(domain: Option<String>) -> Self {
        Self { domain: RefCell::new(domain) }
    }

    /// A cookie's value. None also where cookies are blocked.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut found = None;
        each(|key, value| {
            if key == name {
                found = Some(value.to_owned());
            }
        });
        found
    }

    /// Writes a cookie. A browser that refuses cookies ignores it.
    pub fn set(&self, name: &str, value: &str, days: u64) {
        let mut domain = self.domain.borrow_mut();
        let domain = domain.get_or_insert_with(|| self.registrable_domain());
        write(name, value, days * DAY_S, domain);
    }

    /// Deletes a cookie, whichever domain of ours it was written for.
    pub fn delete(&self, name: &str) {
        if self.get(name).is_some() {
            write(name, "", 0, "");
            for domain in candidates() {
                write(name, "", 0, &domain);
            }
        }
    }

    /// Deletes the collector's acknowledgements, so that they do not pile up in every request.
    pub fn clear_acknowledgements(&self) {
        let mut names = Vec::new();
        each(|name, _| {
            if name.starts_with(ACK_PREFIX) {
                names.push(name.to_owned());
            }
        });
        for name in names {
            self.delete(&name);
        }
    }

    /// The shortest domain that the browser accepts a cookie for: it knows the public suffixes.
    fn registrable_domain(&self) -> String {
        for domain in candidates() {
            write(PROBE, "1", DAY_S, &domain);
            let accepted = self.get(PROBE).is_some();
            write(PROBE, "", 0, &domain);
            if accepted {
                return domain;
            }
        }
        String::new()
    }
}

/// Shows all cookies that a script can see. None where they are blocked: the getter throws there.
fn each(mut show: impl FnMut(&str, &str)) {
    let cookies = DOCUMENT.with(|document| document.cookie()).unwrap_or_default();
    for pair in cookies.split(';') {
        if let Some((name, value)) = pair.trim_ascii_start().split_once('=') {
            show(name, value);
        }
    }
}

fn write(name: &str, value: &str, max_age_s: u64, domain: &str) {
    let mut cookie = name.to_owned();
    cookie.push('=');
    cookie.push_str(value);
    cookie.push_str("; Path=/; SameSite=Lax; Max-Age=");
    push_whole(&mut cookie, max_age_s);
    if !domain.is_empty() {
        cookie.push_str("; Domain=");
        cookie.push_str(domain);
    }
    if LOCATION.with(|location| location.protocol()).is_ok_and(|protocol| protocol == "https:") {
        cookie.push_str("; Secure");
    }
    let _ = DOCUMENT.with(|document| document.set_cookie(&cookie));
}

/// The host's domains of two labels and more, shortest first. None for an address or `localhost`.
fn candidates() -> Vec<String> {
    let host = LOCATION.with(|location| location.hostname()).unwrap_or_default();
    let mut domains = Vec::new();
    let address = host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if address {
        return domains;
    }
    let mut domain = host.as_str();
    while let Some((_, rest)) = domain.split_once('.') {
        domains.insert(0, domain.to_owned());
        domain = rest;
    }
    domains
}
