//! The limit for requests in flight, and the circuit breaker.

use crate::common::test;
use crate::common::{Page, answered, batch, ibexa, json, retry_after, with};
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

fn to(endpoints: &[&str], transport: &str) -> Json {
    let one = |endpoint: &&str| json!({ "protocol": "batch", "endpoint": endpoint, "transport": transport });
    let destinations: Vec<Json> = endpoints.iter().map(one).collect();
    json!({ "destinations": destinations, "batch": { "maxEvents": 1 } })
}

/// A page whose requests are never answered.
fn hanging(config: Json) -> Page {
    let mut page = Page::open(config);
    page.timing.set(None);
    page.network(|send| (send.via == Via::Beacon).then_some(Outcome::Taken));
    page
}

fn clicks(page: &mut Page, count: u32) {
    for n in 0..count {
        page.click(n);
    }
}

#[test]
fn a_visible_page_has_four_requests_in_flight() {
    for transport in ["beacon", "auto", "fetch"] {
        let mut page = hanging(to(&["/a"], transport));
        clicks(&mut page, 20);
        page.advance(5_000);
        assert_eq!(page.sends.len(), 4, "{transport}");
        page.call("flush", json!([]));
        page.advance(4_000);
        assert_eq!((page.sends.len(), page.engine.is_flushing()), (4, true), "{transport}");
        // A request has ended, so the next one may start.
        if transport == "beacon" {
            let name = page.urls()[0].split_once("b=").unwrap().1.to_owned();
            page.feed(Input::RequestFinished(name, 0));
        } else {
            page.settle(page.sends[0].send.id, answered(204));
        }
        assert_eq!(page.sends.len(), 5, "{transport}");
        // The end of the others is never reported. After ten seconds they no longer count.
        page.advance(1_000);
        assert_eq!(page.sends.len(), 8, "{transport}");
    }
}

#[test]
fn the_places_in_flight_are_shared_and_each_destination_gets_one() {
    let mut page = hanging(to(&["/a", "/b", "/c"], "fetch"));
    clicks(&mut page, 20);
    page.advance(5_000);
    let count =
        |page: &Page, at: &str| page.urls().iter().filter(|url| url.starts_with(at)).count();
    assert_eq!(page.sends.len(), 4);
    for at in ["/a", "/b", "/c"] {
        assert!(count(&page, at) >= 1, "{at}");
    }
    // A destination without responses delays no other destination.
    page.network(|send| if send.request.url.starts_with("/a") { None } else { answered(204) });
    for sent in page.sends.clone() {
        if !sent.send.request.url.starts_with("/a") {
            page.settle(sent.send.id, answered(204));
        }
    }
    page.advance(1);
    assert_eq!((count(&page, "/b"), count(&page, "/c")), (20, 20));
    assert!(count(&page, "/a") <= 2);
}

#[test]
fn a_visible_page_has_48_kib_in_flight() {
    let options = json!({ "batch": { "maxEvents": 1_000, "maxBytes": 20_000 }, "queue": { "maxEvents": 10_000 } });
    let mut page = hanging(with(to(&["/a"], "fetch"), options));
    clicks(&mut page, 1_000);
    page.advance(5_000);
    let bytes = |page: &Page| -> usize {
        page.sends.iter().map(|sent| sent.send.request.body.as_ref().unwrap().len()).sum()
    };
    assert_eq!(page.sends.len(), 2, "a third request would exceed the limit: {}", bytes(&page));
    assert!(bytes(&page) <= 48 * 1024);
    // A single request may be larger.
    let large = json!({ "batch": { "maxEvents": 1_000, "maxBytes": 60_000 }, "queue": { "maxEvents": 10_000 } });
    let mut page = hanging(with(to(&["/a"], "fetch"), large));
    clicks(&mut page, 1_000);
    page.advance(5_000);
    assert_eq!(page.sends.len(), 1);
    assert!(bytes(&page) > 48 * 1024, "{}", bytes(&page));
}

#[test]
fn a_page_that_is_left_sends_everything_the_browser_takes() {
    let mut page = hanging(to(&["/a", "/b"], "beacon"));
    clicks(&mut page, 50);
    page.feed(Input::Hidden);
    assert_eq!(page.sends.len(), 100);
    // A visible page keeps to the limit again.
    page.shown();
    clicks(&mut page, 50);
    page.advance(9_000);
    assert_eq!(page.sends.len(), 100);
    let mut page = hanging(to(&["/a"], "fetch"));
    clicks(&mut page, 50);
    page.call("dispose", json!([]));
    assert_eq!(page.sends.len(), 50, "a page that is left sends everything");
}

#[test]
fn beacons_whose_end_cannot_be_known_do_not_count() {
    let mut page = Page::open(ibexa());
    clicks(&mut page, 48);
    page.advance(4_000);
    assert_eq!(page.count("sent"), 48);
}

#[test]
fn after_five_failures_a_destination_is_paused_for_ten_minutes() {
    for outcome in [Some(Outcome::Failed), answered(500), answered(503)] {
        let mut page =
            Page::open(with(batch(), json!({ "destinations": { "transport": "fetch" } })));
        page.network(move |_| outcome);
        page.click(1);
        page.advance(60_000);
        assert_eq!(page.sends.len(), 5, "{outcome:?}");
        for _ in 0..10 {
            page.click(2);
            page.call("flush", json!([]));
            assert!(!page.engine.is_flushing(), "the flush is finished");
            page.feed(Input::Hidden);
            page.shown();
            page.advance(10_000);
        }
        assert_eq!(page.sends.len(), 5, "no request while the circuit is open");
        page.advance(750_000);
        assert!(page.sends.len() > 5);
        // A new network and a response both allow an attempt.
        let tried = page.sends.len();
        page.network(|_| answered(204));
        page.feed(Input::Online(true));
        assert!(page.sends.len() > tried);
        assert_eq!(page.count("queued"), 0);
        page.click(3);
        page.advance(2_000);
        assert_eq!(page.count("queued"), 0);
    }
}

#[test]
fn the_failures_of_one_burst_count_once() {
    let mut page = Page::open(to(&["/a"], "beacon"));
    // Another script has used up the browser's quota.
    page.network(|send| match send.via {
        Via::Beacon => Some(Outcome::Refused),
        Via::Fetch => Some(Outcome::Failed),
    });
    clicks(&mut page, 30);
    page.feed(Input::Hidden);
    assert_eq!((page.sends.len(), page.count("queued")), (60, 30));
    page.shown();
    page.network(|_| answered(204));
    page.advance(2_000);
    assert_eq!((page.count("queued"), page.count("acknowledged")), (0, 30));
}

#[test]
fn retry_after_overrides_a_shorter_pause() {
    let mut page = Page::open(to(&["/a"], "fetch"));
    let mut answers = vec![retry_after(503, 60), answered(503)];
    page.network(move |_| answers.pop().unwrap_or(answered(204)));
    clicks(&mut page, 2);
    page.advance(50);
    assert_eq!(page.sends.len(), 2);
    page.advance(59_900);
    assert_eq!(page.sends.len(), 2);
    page.advance(200);
    assert_eq!(page.count("acknowledged"), 2);
}

#[test]
fn twenty_thousand_events_in_one_task_are_delivered_in_order() {
    let options = json!({ "queue": { "maxEvents": 20_001 } });
    let mut page = Page::open(with(batch(), options));
    page.checks = false;
    page.network(|send| if send.via == Via::Beacon { Some(Outcome::Taken) } else { answered(204) });
    clicks(&mut page, 20_000);
    assert_eq!((page.sends.len(), page.count("queued")), (0, 20_000));
    page.advance(3_600_000);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (20_000, 0));
    assert_eq!(page.outbox_keys().len(), 0);
    let ids: Vec<u32> = page.item_ids().iter().map(|id| id.parse().unwrap()).collect();
    assert!(ids.iter().copied().eq(0..20_000), "each event once and in order");
}
