//! First-party cookies on the registrable domain, which is found by trying.

use super::host::{document, window};
use std::cell::OnceCell;
use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

/// Acknowledgements of the collector: `reco_ack_<stream>.<seq>=1`.
const ACK_PREFIX: &str = "reco_ack_";
const PROBE: &str = "reco_probe";
const DAY_S: u32 = 86_400;

/// The page's cookies.
#[derive(Debug)]
pub struct Cookies {
    /// The configured domain, or the one that probing found; none for a host-only cookie.
    domain: OnceCell<Option<String>>,
}

impl Cookies {
    /// For this domain; where it is not given it is found when the first cookie is written.
    pub fn new(domain: Option<String>) -> Self {
        let known = OnceCell::new();
        if domain.is_some() {
            let _ = known.set(domain);
        }
        Self { domain: known }
    }

    /// A cookie's value.
    pub fn get(&self, name: &str) -> Option<String> {
        all().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Writes a cookie. A browser that refuses cookies ignores it.
    pub fn set(&self, name: &str, value: &str, days: u32) {
        let domain = self.domain.get_or_init(registrable_domain).as_deref();
        write(name, value, days * DAY_S, domain);
    }

    /// Deletes a cookie, whichever domain of ours it was written for.
    pub fn delete(&self, name: &str) {
        if self.get(name).is_some() {
            write(name, "", 0, None);
            for domain in candidates() {
                write(name, "", 0, Some(&domain));
            }
        }
    }

    /// Deletes the collector's acknowledgements, so that they do not pile up in every request.
    pub fn clear_acknowledgements(&self) {
        for (name, _) in all() {
            if name.starts_with(ACK_PREFIX) {
                self.delete(&name);
            }
        }
    }
}

/// All cookies that a script can see. None where they are blocked: the getter throws there.
fn all() -> Vec<(String, String)> {
    let cookies = jar().and_then(|jar| jar.cookie().ok()).unwrap_or_default();
    let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn jar() -> Option<HtmlDocument> {
    document()?.dyn_into().ok()
}

fn write(name: &str, value: &str, max_age_s: u32, domain: Option<&str>) {
    let Some(jar) = jar() else { return };
    let mut cookie = [name, "=", value, "; Path=/; SameSite=Lax; Max-Age="].concat();
    crate::engine::number::push_whole(&mut cookie, u64::from(max_age_s));
    if let Some(domain) = domain {
        cookie.push_str("; Domain=");
        cookie.push_str(domain);
    }
    if location(|location| location.protocol()).as_deref() == Some("https:") {
        cookie.push_str("; Secure");
    }
    let _ = jar.set_cookie(&cookie);
}

/// The shortest domain that the browser accepts a cookie for: it knows the public suffixes.
fn registrable_domain() -> Option<String> {
    candidates().into_iter().find(|domain| {
        write(PROBE, "1", DAY_S, Some(domain));
        let accepted = all().iter().any(|(name, _)| name == PROBE);
        write(PROBE, "", 0, Some(domain));
        accepted
    })
}

/// The host's domains of two labels and more, shortest first. None for an address or `localhost`.
fn candidates() -> Vec<String> {
    let host = location(|location| location.hostname()).unwrap_or_default();
    let address = host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if address {
        return Vec::new();
    }
    let dots = host.match_indices('.').map(|(at, _)| at);
    let mut starts: Vec<usize> = std::iter::once(0).chain(dots.map(|at| at + 1)).collect();
    // The last label alone is a top-level domain, or a name such as `localhost`.
    starts.pop();
    starts.reverse();
    starts.into_iter().filter_map(|start| host.get(start..)).map(str::to_owned).collect()
}

fn location(
    read: impl FnOnce(&web_sys::Location) -> Result<String, wasm_bindgen::JsValue>,
) -> Option<String> {
    read(&window()?.location()).ok()
}
