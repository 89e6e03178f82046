//! A page with a destination of each kind, for targets that run the whole engine.

use crate::rows::{check_vendor_event, hasher};
use crate::tracker::{Page, answered, retry_after};
use recobeacon_collector::factfinder::{Channels, Version, rest, tracking_ff};
use recobeacon_collector::ibexa::{self, Dialect, Known};
use recobeacon_collector::import::{LicenseKeys, Sender};
use recobeacon_collector::intempt::{self, Names};
use recobeacon_engine::effect::{Outcome, Send, Via};
use recobeacon_engine::input::Input;
use recobeacon_engine::request::Request;
use serde_json::{Value as Json, json};

/// Most events that wait for each destination.
pub const QUEUE: u64 = 8;
const MOST: usize = 1_000;

/// The configuration of the page.
pub fn config() -> Json {
    let batch = |endpoint, transport| json!({ "protocol": "batch", "endpoint": endpoint, "transport": transport });
    let shop = |version, key: Option<&str>| json!({ "protocol": "factfinder", "endpoint": "/ff", "channel": "de", "version": version, "apiKey": key, "currency": "EUR" });
    json!({
        "destinations": [
            batch("/a", "fetch"),
            batch("/b", "beacon"),
            { "protocol": "ibexa", "customerId": "1", "endpoint": "/ibexa", "transport": "auto" },
            { "protocol": "yoochoose", "customerId": "2", "endpoint": "/yoochoose", "method": "GET" },
            shop("v5", Some("a.b")),
            shop("v4", None),
            shop("7", None),
            { "protocol": "intempt", "endpoint": "/intempt", "organization": "o", "project": "p", "source": "s", "apiKey": "a.b" },
        ],
        "batch": { "maxEvents": 3 },
        "queue": { "maxEvents": QUEUE },
    })
}

/// The outcome that a byte of the input stands for.
pub fn outcome(send: &Send, byte: u8) -> Option<Outcome> {
    let answer = match byte % 12 {
        0..=3 => answered(204),
        4 => answered(200),
        5 => answered(400),
        6 => answered(413),
        7 => retry_after(503, u32::from(byte) * 1_000),
        8 => answered(429),
        9 => Some(Outcome::Failed),
        10 => Some(Outcome::Blocked),
        _ => None,
    };
    match (send.via, answer) {
        (Via::Beacon, Some(Outcome::Failed)) => Some(Outcome::Refused),
        (Via::Beacon, Some(Outcome::Answered { .. })) => Some(Outcome::Taken),
        (Via::Beacon | Via::Fetch, answer) => answer,
    }
}

/// Each accepted delivery is in one of the other counters, and no queue is too long.
pub fn check_counters(page: &Page) {
    for queue in page.engine.stats().queues {
        let counts = queue.counts();
        let ends =
            counts.queued + counts.sent + counts.acknowledged + counts.merged + counts.dropped;
        assert_eq!(counts.accepted, ends, "{}: {counts:?}", queue.name());
        assert!(u64::from(counts.queued) <= QUEUE, "{}: {counts:?}", queue.name());
    }
}

/// A day without faults: everything is delivered, and the page needs no further wake-up.
pub fn end_quietly(page: &mut Page) {
    // Requests without an outcome so far have failed.
    let open: Vec<u32> = page.sends.iter().map(|sent| sent.send.id).collect();
    page.network(|send| match send.via {
        Via::Beacon => Some(Outcome::Taken),
        Via::Fetch => answered(204),
    });
    for id in open {
        page.settle(id, Some(Outcome::Failed));
    }
    page.feed(Input::Online(true));
    page.call("consent", json!("granted"));
    page.shown();
    page.advance(24 * 3_600_000);
    // Events for an address that the page's policy forbids are kept for other pages.
    let forbidden = |name: &str| {
        page.warnings
            .iter()
            .any(|error| error.field == name && error.detail.contains("connect-src"))
    };
    check_counters(page);
    for queue in page.engine.stats().queues {
        let counts = queue.counts();
        assert!(counts.queued == 0 || forbidden(queue.name()), "{}: {counts:?}", queue.name());
    }
    assert_eq!(page.wake, None);
}

/// The collector's readers accept what the tracker sends to a vendor. With `links` the page has followed links of a
/// vendor, which are sent as they are.
pub fn check_readable(request: &Request, links: bool) {
    let url = request.url.as_str();
    let hasher = hasher();
    let body = request.body.as_deref().unwrap_or_default().as_bytes();
    let dialects = [("/ibexa/api/", Dialect::Ibexa), ("/yoochoose/ebl/", Dialect::Yoochoose)];
    for (prefix, dialect) in dialects {
        let Some(address) = url.strip_prefix(prefix) else { continue };
        let (path, query) =
            address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
        let keys = LicenseKeys::default();
        let sender = Sender { is_trusted: false, keys: &keys };
        let read = ibexa::read(dialect, path, query, Known { customers: None, sender });
        return match read {
            Ok((_, event)) => check_vendor_event(event, &hasher),
            Err(_) if links => {}
            Err(refusal) => panic!("{refusal:?}: {url}"),
        };
    }
    if let Some(query) = url.strip_prefix("/ff/Tracking.ff?") {
        let (_, events) = tracking_ff::read(query, &Channels::default(), MOST)
            .unwrap_or_else(|refusal| panic!("{refusal:?}: {url}"));
        events.into_iter().for_each(|event| check_vendor_event(event, &hasher));
    } else if let Some(path) = url.strip_prefix("/ff/rest/") {
        let [version, "track", "de", event] = path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{url}")
        };
        let version = Version::named(version).expect("a version");
        let events = rest::read(version, event, body, "EUR", MOST)
            .unwrap_or_else(|refusal| panic!("{refusal:?}: {url} {:?}", request.body));
        events.into_iter().for_each(|event| check_vendor_event(event, &hasher));
    } else if url.starts_with("/intempt") {
        let (events, unknown) = intempt::read(body, "s", MOST, &Names::default())
            .unwrap_or_else(|refusal| panic!("{refusal:?}: {:?}", request.body));
        assert_eq!(unknown, 0);
        events.into_iter().for_each(|event| check_vendor_event(event, &hasher));
    } else {
        assert!(
            url.starts_with("/a?") || url.starts_with("/b?") || url == "/a" || url == "/b",
            "{url}"
        );
    }
}
