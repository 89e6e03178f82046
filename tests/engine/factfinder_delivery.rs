//! The delivery of events to FACT-Finder: grouping, and the outcome of requests.

use crate::common::test;
use crate::common::{Page, answered, json, with};
use recobeacon_engine::effect::Outcome;
use serde_json::Value as Json;

const SID: &str = "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw";
const NAME: &str = "factfinder de";

fn factfinder() -> Json {
    json!({
        "destinations": { "protocol": "factfinder", "endpoint": "/ff", "channel": "de", "apiKey": "k" },
        "identity": { "sessionId": SID },
    })
}

/// The requests of one call: event and body.
fn sent(page: &Page) -> Vec<(String, Json)> {
    let one = |sent: &crate::common::Sent| {
        let request = &sent.send.request;
        let events = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        (request.url.rsplit('/').next().unwrap().to_owned(), events)
    };
    page.sends.iter().map(one).collect()
}

fn click(id: u32) -> Json {
    json!({ "itemId": id, "search": { "query": "q", "position": id } })
}

#[test]
fn one_request_has_events_of_one_kind_in_order() {
    let mut page = Page::open(factfinder());
    page.call("click", click(1));
    page.call("feedback", json!({ "query": "q", "positive": true }));
    page.call("click", click(2));
    page.call("feedback", json!({ "query": "r", "positive": false }));
    page.call("click", click(3));
    page.advance(2_000);
    let sent = sent(&page);
    let kinds: Vec<&str> = sent.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["click", "feedback"]);
    let ids: Vec<&str> =
        sent[0].1.as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(sent[1].1[1]["query"], "r");
    assert_eq!(page.count("acknowledged"), 5);
}

#[test]
fn a_request_has_at_most_max_events() {
    let mut page = Page::open(with(factfinder(), json!({ "batch": { "maxEvents": 2 } })));
    for n in 1..=5 {
        page.call("click", click(n));
    }
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(60_000);
    let sizes: Vec<usize> = sent(&page).iter().map(|(_, e)| e.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 2, 1, 1]);
}

#[test]
fn a_request_refused_as_too_large_is_halved() {
    let mut page = Page::open(factfinder());
    page.network(|send| {
        let events: Json = serde_json::from_str(send.request.body.as_deref().unwrap()).unwrap();
        let events = events.as_array().unwrap();
        let too_large = events.len() > 2 || events.iter().any(|event| event["id"] == "5");
        answered(if too_large { 413 } else { 200 })
    });
    for n in 1..=8 {
        page.call("click", click(n));
    }
    page.advance(60_000);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (7, 1));
    assert_eq!(page.told(), [("refused", NAME)]);
    assert!(page.urls().iter().all(|url| *url == "/ff/rest/v5/track/de/click"));
}

#[test]
fn refused_events_are_lost_with_one_warning() {
    for status in [0, 301, 400, 401, 403, 404, 414, 500, 502] {
        let mut page = Page::open(factfinder());
        page.network(move |_| answered(status));
        page.call("buy", json!([[{ "itemId": 1 }, { "itemId": 2 }]]));
        page.advance(3_600_000);
        assert_eq!((page.sends.len(), page.count("dropped")), (1, 2), "{status}");
        assert_eq!(page.told(), [("refused", NAME)], "{status}");
        page.network(|_| answered(200));
        page.call("buy", json!({ "itemId": 3 }));
        page.advance(10);
        assert_eq!(page.count("acknowledged"), 1, "later events are not delayed");
    }
    let mut page = Page::open(factfinder());
    page.network(|_| Some(Outcome::Failed));
    page.call("buy", json!({ "itemId": 1 }));
    page.advance(3_600_000);
    assert_eq!((page.sends.len(), page.told()), (1, vec![("unreachable", NAME)]));
}

#[test]
fn a_request_that_was_not_accepted_is_repeated() {
    for status in [408, 429, 503] {
        let mut page = Page::open(factfinder());
        let mut answers = vec![answered(200), answered(status)];
        page.network(move |_| answers.pop().unwrap());
        page.call("buy", json!({ "itemId": 1 }));
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.count("acknowledged")), (2, 1), "{status}");
        assert_eq!(page.sends[0].send.request, page.sends[1].send.request);
    }
}

#[test]
fn a_vendor_without_responses_delays_no_other_destination() {
    let batch = json!({ "protocol": "batch", "endpoint": "/e", "transport": "fetch" });
    let intempt = json!({ "protocol": "intempt", "organization": "o", "project": "p", "source": "s",
                          "apiKey": "a.b" });
    let mut config = factfinder();
    config["destinations"] = json!([config["destinations"], batch, intempt]);
    let dead = [None, answered(503), answered(400), Some(Outcome::Failed)];
    for dead in dead {
        let mut page = Page::open(config.clone());
        page.network(
            move |send| {
                if send.request.url.starts_with("/ff") { dead } else { answered(204) }
            },
        );
        for n in 0..50 {
            page.call("basket", json!({ "itemId": n }));
            page.advance(100);
            let stats = page.stats();
            for name in ["batch /e", "intempt s"] {
                assert_eq!(stats["destinations"][name]["acknowledged"], n + 1, "{dead:?}");
            }
        }
        assert_eq!(page.stats()["destinations"][NAME]["acknowledged"], 0);
    }
}
