//! The cookies that an answered batch sets: its acknowledgement, and the renewed identity.

use crate::config::CookieConfig;
use crate::limits::Limits;
use axum::http::header::{COOKIE, HOST, HeaderValue, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

const SECONDS_A_DAY: u64 = 86_400;

/// `Set-Cookie` values for the batch of that name (`<stream>.<seq>`).
pub fn set(
    batch: &str,
    cookie: Option<&CookieConfig>,
    headers: &HeaderMap,
    now_ms: u64,
) -> Vec<HeaderValue> {
    let page = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()?.parse::<Uri>().ok());
    // `null` is the origin of pages without one, not a host.
    let page = page.filter(|page| page.scheme().is_some());
    let acknowledged = acknowledgement(batch, cookie, headers, page.as_ref());
    let renewed = cookie.and_then(|cookie| renewal(cookie, headers, page.as_ref(), now_ms / 1000));
    let all = [acknowledged].into_iter().chain(renewed.into_iter().flatten());
    all.filter_map(|cookie| HeaderValue::try_from(cookie).ok()).collect()
}

/// A cookie of its own for each batch, so that an answer that comes after the page is gone is seen
/// by the next page. Not HttpOnly: the tracker reads and deletes it.
fn acknowledgement(
    batch: &str,
    cookie: Option<&CookieConfig>,
    headers: &HeaderMap,
    page: Option<&Uri>,
) -> String {
    let seconds = Limits::ACK_SECONDS;
    let mut set = format!("reco_ack_{batch}=1; Path=/; Max-Age={seconds}; SameSite=Lax");
    // Of the collector's own host the page would not see it.
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

/// The identity cookie and its companion, both with a new life, where they are a day old: a cookie
/// that a server sets outlives the seven days that Safari grants to one written by a script.
fn renewal(
    cookie: &CookieConfig,
    headers: &HeaderMap,
    page: Option<&Uri>,
    now_s: u64,
) -> Option<[String; 2]> {
    let written_at = format!("{}_at", cookie.name);
    let id = plain(headers, &cookie.name)?;
    // `<unix seconds>.<c|s>`: when and by whom it was last written.
    let (seconds, by) = plain(headers, &written_at)?.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    // A time to come was written by a wrong clock; nothing would be renewed before it.
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

/// A cookie's value, where it is one that can be sent back as it is.
fn plain<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    sent(headers, name).filter(|value| !value.is_empty() && value.bytes().all(plain))
}

/// A cookie's value, as it was sent.
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
