//! Origins of pages that may send events: `https://www.shop.example`, or `https://*.shop.example`
//! for all of its subdomains.
//!
//! Browsers serialise an origin in one way (<https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin>):
//! lower case, without the scheme's default port, without a path. So the patterns are brought into
//! this form at the start, and a request's origin is compared as it is.

/// The origin of pages that have none, for example in a sandboxed frame.
const OPAQUE: &str = "null";
/// The default ports. Browsers leave them out.
const DEFAULT_PORTS: [(&str, &str); 2] = [("http", "80"), ("https", "443")];
/// Longest origin. A host has at most 253 bytes.
const ORIGIN_BYTES: usize = 300;

/// An origin, or all subdomains of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The part before the host, with `://`, or the whole origin of an opaque one.
    scheme: String,
    /// The host and the port. For subdomains it begins with a dot.
    host: String,
}

impl Origin {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence about the fault, without the setting's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text == OPAQUE {
            return Ok(Self { scheme: text.to_owned(), host: String::new() });
        }
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| is_scheme(scheme))
            .ok_or("must be like https://www.shop.example")?;
        if rest.contains(['/', '?', '#', '@']) {
            return Err("must end after the host or the port, without a path and a slash");
        }
        if !rest.is_ascii() {
            return Err("must have the ASCII form of its host (xn--...)");
        }
        let (host, port) = split_port(rest);
        if port
            .is_some_and(|port| !port.parse::<u16>().is_ok_and(|number| number.to_string() == port))
        {
            return Err("must have a port from 0 to 65535, or none");
        }
        let subdomains = host.strip_prefix("*.");
        let named = subdomains.unwrap_or(host);
        if !is_host(named) {
            return Err("must have a host of letters, digits, dots and hyphens, or an IP address");
        }
        if subdomains.is_some_and(|domain| !(domain.contains('.') || domain == "localhost")) {
            return Err("must have a domain of at least two parts after `*.`");
        }
        let dot = if subdomains.is_some() { "." } else { "" };
        let port = port.filter(|port| !DEFAULT_PORTS.contains(&(scheme, port)));
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { scheme: format!("{scheme}://"), host: format!("{dot}{named}{port}") })
    }

    /// Whether a page of this origin is meant.
    pub fn is(&self, origin: &str) -> bool {
        let Some(host) = origin.strip_prefix(&self.scheme) else { return false };
        if self.host.starts_with('.') {
            // Something must stand before the dot.
            host.len() > self.host.len() && host.ends_with(&self.host)
        } else {
            host == self.host
        }
    }
}

/// Whether this text can be the origin of a page, as a browser writes it.
pub fn is_origin(text: &str) -> bool {
    text.len() <= ORIGIN_BYTES && !text.contains('*') && Origin::parse(text).is_ok()
}

/// The origin of an address, for example of a `Referer`.
pub fn of_address(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.find(['/', '?', '#']).and_then(|end| rest.get(..end)).unwrap_or(rest);
    let origin = address.get(..scheme.len() + "://".len() + host.len())?;
    is_origin(origin).then_some(origin)
}

/// RFC 3986 §3.1, in lower case. Apps have schemes of their own, such as `capacitor`.
fn is_scheme(scheme: &str) -> bool {
    let rest =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_lowercase()) && scheme.bytes().all(rest)
}

/// The host and the port. The colons of an IPv6 address are in brackets.
fn split_port(rest: &str) -> (&str, Option<&str>) {
    match rest.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']');
        // Browsers write an IPv6 address in its one canonical form.
        let canonical = |text: &str| {
            text.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.to_string() == text)
        };
        return address.is_some_and(canonical);
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    host.split('.').all(|label| !label.is_empty() && label.bytes().all(plain))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_as_browsers_write_it() {
        for (pattern, origin, is) in [
            ("https://shop.example", "https://shop.example", true),
            ("https://Shop.Example:443", "https://shop.example", true),
            ("http://shop.example:80", "http://shop.example", true),
            ("https://shop.example:8443", "https://shop.example:8443", true),
            ("https://shop.example", "http://shop.example", false),
            ("https://shop.example", "https://shop.example:8443", false),
            ("https://shop.example", "https://shop.example.attacker.example", false),
            ("https://shop.example", "https://www.shop.example", false),
            ("https://shop.example", "null", false),
            ("https://*.shop.example", "https://www.shop.example", true),
            ("https://*.shop.example", "https://a.b.shop.example", true),
            ("https://*.shop.example", "https://shop.example", false),
            ("https://*.shop.example", "https://.shop.example", false),
            ("https://*.shop.example", "https://attackershop.example", false),
            ("https://*.shop.example", "https://www.shop.example:8443", false),
            ("https://*.shop.example:8443", "https://www.shop.example:8443", true),
            ("http://*.localhost:3000", "http://a.localhost:3000", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("http://127.0.0.1", "http://127.0.0.1", true),
            ("capacitor://localhost", "capacitor://localhost", true),
            ("null", "null", true),
            ("null", "nullx", false),
        ] {
            assert_eq!(Origin::parse(pattern).unwrap().is(origin), is, "{pattern} {origin}");
        }
    }

    #[test]
    fn a_malformed_origin_is_refused() {
        for wrong in [
            "",
            "*",
            "shop.example",
            "https://",
            "https://*",
            "https://*.example",
            "https://shop.example/",
            "https://shop.example/a",
            "https://user@shop.example",
            "https://shop.example?a",
            "https://shop.example#a",
            "https://a b.example",
            "https://shop..example",
            "https://shop.example:",
            "https://shop.example:x",
            "https://shop.example:65536",
            "https://shop.example:080",
            "https://w*.shop.example",
            "https://shöp.example",
            "https://[::1",
            "https://[0::1]",
            "https://::1",
            "://shop.example",
            "1https://shop.example",
            "https://a.*.shop.example",
        ] {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_origin_of_an_address_ends_at_its_path() {
        for (address, origin) in [
            ("https://shop.example/a?b=https://c/d#e", Some("https://shop.example")),
            ("https://shop.example", Some("https://shop.example")),
            ("https://shop.example?a", Some("https://shop.example")),
            ("http://localhost:3000/", Some("http://localhost:3000")),
            ("https://*.shop.example/", None),
            ("https://user@shop.example/", None),
            ("about:blank", None),
            ("", None),
        ] {
            assert_eq!(of_address(address), origin, "{address}");
        }
    }
}
