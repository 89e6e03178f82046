//! The queue: its order, its limits, and what it keeps of a visitor.

use super::three;
use super::vendor::{Reply, Vendor, status};
use super::{click, empty, figures, ibexa, item, now, until};
use crate::common::database::{self, place};
use crate::common::{PATIENCE, SECRET, Server, batch, changed, send};
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// All bytes of the database and its log.
fn files(server: &Server) -> Vec<u8> {
    let mut all = Vec::new();
    for ending in ["", "-wal"] {
        let path = format!("{}{ending}", server.database().display());
        all.extend(std::fs::read(path).unwrap_or_default());
    }
    all
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A vendor that never answers in time.
async fn silent() -> Vendor {
    Vendor::start(|_, _| Reply::After(Duration::from_secs(60), Box::new(status(200)))).await
}

#[tokio::test]
async fn the_ids_are_on_disk_only_encrypted_and_not_in_other_answers() {
    let vendor = silent().await;
    let server = Server::with(&ibexa("a", &vendor, "visitor_agent = true")).await;
    let event = changed(
        click(1, "anonymous-visitor-77"),
        json!({ "user": "customer-4711-x", "session": "0123456789abcdefghij0123456789",
                "account": "company-9000-x", "purchaser": "purchaser-5-x" }),
    );
    let body = batch("s1", 0, &[event]).to_string();
    let agent = "User-Agent: Rare-Browser/7\r\n";
    assert_eq!(server.send("POST", "/v1/events", agent, body.as_bytes()).await.status, 204);
    vendor.until(1).await;
    assert_eq!(vendor.targets(), ["/api/00000/click/customer-4711-x/1/1"]);
    assert_eq!(vendor.seen()[0].header("user-agent"), Some("Rare-Browser/7"));
    let bytes = files(&server);
    let rows = server.events().await[0].to_string();
    let status = figures(&server, "a").await.to_string();
    for id in [
        "anonymous-visitor-77",
        "customer-4711-x",
        "0123456789abcdefghij0123456789",
        "company-9000-x",
        "purchaser-5-x",
        "Rare-Browser",
    ] {
        assert!(!has(&bytes, id), "{id} is in the database");
        assert!(!rows.contains(id) && !status.contains(id), "{id}");
    }
    assert!(has(&bytes, "s1"), "the test reads the right files");
}

#[tokio::test]
async fn the_visitors_address_and_browser_are_forwarded_only_if_configured() {
    let (plain, told) = (Vendor::willing().await, Vendor::willing().await);
    let more = "visitor_address = true\nvisitor_agent = true";
    let toml = format!("{}{}", ibexa("plain", &plain, ""), ibexa("told", &told, more));
    let server = Server::with(&toml).await;
    let headers = "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nUser-Agent: Browser/1\r\n";
    let body = batch("s1", 0, &[click(1, "v")]).to_string();
    assert_eq!(server.send("POST", "/v1/events", headers, body.as_bytes()).await.status, 204);
    empty(&server, "plain").await;
    empty(&server, "told").await;
    let seen = &told.seen()[0];
    assert_eq!(seen.header("x-forwarded-for"), Some("198.51.100.7"));
    assert_eq!(seen.header("user-agent"), Some("Browser/1"));
    let seen = &plain.seen()[0];
    assert_eq!(seen.header("x-forwarded-for"), None);
    assert!(seen.header("user-agent").unwrap().starts_with("recobeacon-collector/"));
}

#[tokio::test]
async fn a_copy_of_an_event_is_forwarded_once() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let body = batch("s1", 0, &[click(1, "v"), click(2, "v"), click(1, "v")]);
    for _ in 0..3 {
        assert_eq!(server.post(&body).await.status, 204);
    }
    assert_eq!(server.post(batch("s2", 0, &[click(2, "v"), click(3, "v")])).await.status, 204);
    assert_eq!(empty(&server, "a").await["delivered"], 3);
    assert_eq!(vendor.seen().len(), 3);
}

#[tokio::test]
async fn each_visitors_events_arrive_in_order_while_visitors_are_sent_at_the_same_time() {
    let vendor = Vendor::start(move |seen, number| match (item(&seen.target), number) {
        // Few failures, because five in a row would stop the destination for ten minutes.
        (_, 15 | 70) => status(503),
        (n, _) if n % 7 == 0 => Reply::After(Duration::from_millis(30), Box::new(status(200))),
        (_, _) => Reply::After(Duration::from_millis(2), Box::new(status(200))),
    })
    .await;
    let more = "requests_per_second = 10000\nconnections = 8";
    let server = Server::with(&ibexa("a", &vendor, more)).await;
    for seq in 0..10 {
        let events: Vec<Value> = (0..20)
            .map(|place| seq * 20 + place + 1)
            .map(|n| click(n, &format!("visitor-{}", n % 5)))
            .collect();
        assert_eq!(server.post(batch("s1", seq, &events)).await.status, 204);
    }
    let figures = empty(&server, "a").await;
    assert_eq!((&figures["delivered"], &figures["deadLetters"]), (&json!(200), &json!(0)));
    assert_eq!(vendor.seen().len(), 202);
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for target in vendor.targets() {
        let n = item(&target);
        let before = last.insert(n % 5, n).unwrap_or_default();
        // A repeated request has the same item.
        assert!(before <= n, "{n} after {before}");
    }
}

#[tokio::test]
async fn requests_of_different_visitors_overlap_and_those_of_one_do_not() {
    for (visitors, expected) in [(1, 1), (4, 3)] {
        let vendor = silent().await;
        let server = Server::with(&ibexa("a", &vendor, "connections = 3")).await;
        let events: Vec<Value> =
            (1..=12).map(|n| click(n, &format!("visitor-{}", n % visitors))).collect();
        assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
        until(&server, "a", |figures| figures["inFlight"] == expected).await;
        vendor.until(expected as usize).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(vendor.seen().len(), expected as usize);
    }
}

#[tokio::test]
async fn the_queue_is_bounded_and_the_rest_is_counted() {
    let vendor = silent().await;
    let server = Server::with(&ibexa("a", &vendor, "max_events = 5")).await;
    let events: Vec<Value> = (1..=12).map(|n| click(n, "v")).collect();
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    let full = figures(&server, "a").await;
    assert_eq!((&full["waiting"], &full["dropped"]), (&json!(5), &json!(7)));
    // The events themselves are stored.
    assert_eq!(server.events().await.len(), 12);
}

#[tokio::test]
async fn requests_keep_to_the_configured_rate() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "requests_per_second = 4")).await;
    let events: Vec<Value> = (1..=100).map(|n| click(n, &format!("visitor-{n}"))).collect();
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    let begun = std::time::Instant::now();
    vendor.until(10).await;
    // A burst of one second, and then four a second. A slow machine sends fewer.
    let seconds = begun.elapsed().as_secs_f64();
    let most = 5.0 + 4.0 * (seconds + 1.0);
    assert!(vendor.seen().len() as f64 <= most, "{} in {seconds}", vendor.seen().len());
    assert!(seconds >= 1.0, "{seconds}");
}

#[tokio::test]
async fn expired_events_lose_their_ids_and_are_not_sent() {
    let vendor = silent().await;
    let server = Server::with(&ibexa("a", &vendor, "max_age_hours = 1")).await;
    let hours = |n: u64| now() - n * 3_600_000;
    let event = |n, at: u64| changed(click(n, "visitor-1"), json!({ "at": at }));
    let events = [event(1, hours(2)), event(2, hours(1) + 60_000), event(3, now())];
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    // The second one waits behind nothing and is sent at once; the test stops it from being
    // answered. The first one is too old already.
    vendor.until(1).await;
    let first = figures(&server, "a").await;
    assert_eq!((&first["waiting"], &first["deadLetters"]), (&json!(2), &json!(1)));
    let place = server.place();
    let sent = "SELECT count(*) FROM forward WHERE state = 'sent'";
    let begun = std::time::Instant::now();
    while database::number(&place, sent) == 0 {
        assert!(begun.elapsed() < PATIENCE, "the second one is not sent");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let left = || {
        let sql = "SELECT count(*) FROM forward WHERE state = 'dead' AND reason = 'expired'
                   AND sealed IS NULL AND visitor IS NULL AND key IS NULL";
        database::number(&place, sql)
    };
    assert_eq!(left(), 1);
    database::run(&place, "UPDATE forward SET expires_at = 1 WHERE state = 'waiting'");
    let waited = until(&server, "a", |figures| figures["deadLetters"] != 1).await;
    assert_eq!(waited["deadLetters"], 2, "{waited}");
    assert_eq!(left(), 2);
    assert_eq!(vendor.seen().len(), 1);
}

#[tokio::test]
async fn events_that_the_vendor_does_not_have_make_no_entry() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let events = [
        // Ibexa has no such event.
        changed(
            click(1, "v"),
            json!({ "type": "feedback", "itemId": null, "itemType": null, "query": "shoes",
                    "message": "x", "positive": true }),
        ),
        // The vendor's rules refuse this one.
        changed(click(2, "v"), json!({ "itemType": "shoe" })),
        click(3, "v"),
    ];
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    let figures = empty(&server, "a").await;
    assert_eq!((&figures["delivered"], &figures["deadLetters"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn events_of_a_vendors_interface_are_not_forwarded() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    assert_eq!(server.get("/api/00000/click/v/1/123").await.status, 204);
    let figures = figures(&server, "a").await;
    assert_eq!((&figures["waiting"], &figures["delivered"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn raw_calls_are_forwarded_with_the_ids_of_the_page() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let raw = json!({
        "v": 1, "stream": "raw1", "seq": 0, "sentAt": now(), "anonymous": "visitor-of-the-page",
        "raw": [["click", [{ "itemId": 123 }], now()], ["login", ["johndoe"], now()]],
    });
    assert_eq!(server.post(raw).await.status, 204);
    assert_eq!(empty(&server, "a").await["delivered"], 2);
    assert_eq!(
        vendor.targets(),
        [
            "/api/00000/click/visitor-of-the-page/1/123",
            "/api/00000/login/visitor-of-the-page/johndoe"
        ]
    );
}

#[tokio::test]
async fn a_stop_waits_for_answers_for_a_limited_time() {
    let folder = tempfile::tempdir().unwrap();
    let (vendor, quick) = (
        silent().await,
        Vendor::start(|_, _| Reply::After(Duration::from_millis(300), Box::new(status(200)))).await,
    );
    let toml = format!(
        "{}{}\n[limits]\nstop_seconds = 1\n[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n",
        ibexa("silent", &vendor, ""),
        ibexa("quick", &quick, "")
    );
    let start = || {
        let flags = Overrides {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            admin_listen: Some("127.0.0.1:0".parse().unwrap()),
            database: Some(place(folder.path())),
            ..Overrides::default()
        };
        Collector::start(Config::from_toml(&toml, flags).unwrap())
    };
    let collector = start().await.unwrap();
    let body = batch("s1", 0, &[click(1, "v")]).to_string();
    let address = collector.address().unwrap();
    assert_eq!(send(address, "POST", "/v1/events", "", body.as_bytes()).await.status, 204);
    vendor.until(1).await;
    quick.until(1).await;
    tokio::time::timeout(PATIENCE, collector.stop()).await.unwrap();
    let collector = start().await.unwrap();
    let state = || {
        let sql = "SELECT destination, state, reason FROM forward";
        let rows = database::rows(&place(folder.path()), 3, sql);
        rows.into_iter().map(three).collect::<Vec<_>>()
    };
    let begun = std::time::Instant::now();
    while state().first().is_some_and(|(_, state, _)| state == "sent") {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The quick one was answered in time. The vendor of the other one may have taken the event.
    assert_eq!(state(), [("silent".into(), "dead".into(), Some("unknown".into()))]);
    assert_eq!((vendor.seen().len(), quick.seen().len()), (1, 1));
    collector.stop().await;
}
