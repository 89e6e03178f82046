//! The cookies that the response to a batch sets: its acknowledgement, and the renewed identity
//! cookie.

use crate::config::CookieConfig;
use crate::limits::Limits;
use axum::http::header::{COOKIE, HOST, HeaderValue, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use recobeacon_engine::identity::ID_COOKIE;

const SECONDS_A_DAY: u64 = 86_400;

/// The name of the identity cookie.
pub fn name(cookie: Option<&CookieConfig>) -> &str {
    cookie.map_or(ID_COOKIE, |cookie| &cookie.name)
}

/// The `Set-Cookie` values for the batch of this name (`<stream>.<seq>`).
pub fn set(
    batch: &str,
    cookie: Option<&CookieConfig>,
    headers: &HeaderMap,
    now_ms: u64,
) -> Vec<HeaderValue> {
    let page = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()?.parse::<Uri>().ok());
    // `null` is the origin of a page without a host.
    let page = page.filter(|page| page.scheme().is_some());
    let acknowledged = acknowledgement(batch, cookie, headers, page.as_ref());
    let renewed = cookie.and_then(|cookie| renewal(cookie, headers, page.as_ref(), now_ms / 1000));
    let all = [acknowledged].into_iter().chain(renewed.into_iter().flatten());
    all.filter_map(|cookie| HeaderValue::try_from(cookie).ok()).collect()
}

/// Each batch has its own cookie. If the page is gone when the response arrives, the site's next
/// page reads the cookie. It is not HttpOnly because the tracker reads and deletes it.
fn acknowledgement(
    batch: &str,
    cookie: Option<&CookieConfig>,
    headers: &HeaderMap,
    page: Option<&Uri>,
) -> String {
    let seconds = Limits::ACK_SECONDS;
    let mut set = format!("reco_ack_{batch}=1; Path=/; Max-Age={seconds}; SameSite=Lax");
    // A page of another host does not see a cookie of the collector's host, so the cookie needs a
    // common domain.
    let elsewhere = match (page.and_then(Uri::host), host(headers)) {
        (Some(page), Some(own)) => !page.eq_ignore_ascii_case(own.host()),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if let Some(domain) = cookie.and_then(|cookie| cookie.domain.as_ref()).filter(|_| elsewhere) {
        set.push_str("; Domain=");
        set.push_str(domain);
    }
    set
}

/// The identity cookie and its companion cookie with a new lifetime, if they are at least a day
/// old. A cookie set by a server is not subject to Safari's limit of seven days for cookies written
/// by scripts.
fn renewal(
    cookie: &CookieConfig,
    headers: &HeaderMap,
    page: Option<&Uri>,
    now_s: u64,
) -> Option<[String; 2]> {
    let written_at = format!("{}_at", cookie.name);
    let id = plain(headers, &cookie.name)?;
    // `<unix seconds>.<c|s>`: the time of the last write, and whether the client or the server
    // wrote it.
    let (seconds, by) = plain(headers, &written_at)?.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    // A time in the future comes from a wrong clock and would prevent renewal until then.
    let fresh = seconds.abs_diff(now_s) < Limits::RENEW_SECONDS;
    if !matches!(by, "c" | "s") || fresh {
        return None;
    }
    let mut attributes = String::new();
    if let Some(domain) = &cookie.domain {
        attributes.push_str("; Domain=");
        attributes.push_str(domain);
    }
    let life = u64::from(cookie.days).saturating_mul(SECONDS_A_DAY);
    attributes.push_str(&format!("; Path=/; Max-Age={life}; SameSite=Lax"));
    if page.and_then(Uri::scheme_str) == Some("https") {
        attributes.push_str("; Secure");
    }
    Some([
        format!("{}={id}{attributes}", cookie.name),
        format!("{written_at}={now_s}.s{attributes}"),
    ])
}

/// A cookie's value, if it can be sent back without encoding.
fn plain<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    sent(headers, name).filter(|value| !value.is_empty() && value.bytes().all(plain))
}

/// A cookie's value as sent.
pub fn sent<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    pairs
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(HOST)?.to_str().ok()?.parse().ok()
}
