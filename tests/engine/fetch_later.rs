//! `fetchLater`: the request that the browser sends by itself when the page's process ends.

use crate::common::test;
use crate::common::{Collector, Page, batch, calm, ibexa, json, with};
use recobeacon_engine::Signals;
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

fn modern(config: Json) -> Page {
    Page::start(&config, &Stored::default(), Signals { later: true, ..calm() })
}

/// The body of the one request that the browser has.
fn later_body(page: &Page) -> Json {
    assert_eq!(page.later_requests.len(), 1);
    let request = page.later_requests.values().next().unwrap();
    serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
}

fn items(batch: &Json) -> Vec<&str> {
    batch["events"].as_array().unwrap().iter().map(|e| e["itemId"].as_str().unwrap()).collect()
}

#[test]
fn the_browser_gets_a_copy_of_the_pending_events() {
    let mut page = modern(batch());
    page.click(1);
    page.click(2);
    page.advance(199);
    assert_eq!(page.later_requests.len(), 0, "one copy for a burst");
    page.advance(1);
    let held = later_body(&page);
    assert_eq!(
        (items(&held), &held["seq"], &held["ack"]),
        (vec!["1", "2"], &json!(0), &Json::Null)
    );
    assert_eq!((page.sends.len(), page.count("queued")), (0, 2), "the events are still pending");

    page.click(3);
    page.advance(200);
    assert_eq!(items(&later_body(&page)), ["1", "2", "3"]);

    page.advance(2_000);
    assert_eq!(
        (page.sends.len(), page.later_requests.len()),
        (1, 0),
        "the batch is sent and the copy cancelled"
    );
    let sent: Json =
        serde_json::from_str(page.sends[0].send.request.body.as_deref().unwrap()).unwrap();
    assert_eq!((&sent["stream"], &sent["seq"]), (&held["stream"], &held["seq"]));
}

#[test]
fn without_storage_no_event_is_lost_when_the_process_ends() {
    let collector = Collector::default();
    let mut page = modern(with(batch(), json!({ "queue": { "persist": false } })));
    page.click(1);
    page.advance(200);
    assert_eq!(page.outbox_keys(), Vec::<&String>::new());
    collector.take_later_requests(&page);
    assert_eq!(collector.items(), ["1"]);
}

#[test]
fn an_event_in_the_copy_and_in_the_batch_counts_once() {
    let collector = Collector::default();
    let mut page = modern(batch());
    let witness = collector.clone();
    page.network(move |send| {
        witness.take(send);
        Some(Outcome::Taken)
    });
    page.click(1);
    page.advance(200);
    collector.take_later_requests(&page);
    page.advance(2_000);
    assert_eq!((collector.items(), collector.copies()), (vec!["1".to_owned()], 1));
}

#[test]
fn events_that_are_sent_at_once_need_no_copy() {
    let mut page = modern(batch());
    page.call("buy", json!({ "itemId": 1 }));
    page.advance(5_000);
    assert_eq!((page.sends.len(), page.later_requests.len()), (1, 0));
}

#[test]
fn the_copy_is_cancelled_when_the_page_is_hidden_offline_or_disposed() {
    let ends: [fn(&mut Page); 4] = [
        |page| page.feed(Input::Hidden),
        |page| page.feed(Input::Online(false)),
        |page| page.call("flush", json!([])),
        |page| page.call("dispose", json!([])),
    ];
    for end in ends {
        let mut page = modern(batch());
        page.click(1);
        page.advance(200);
        assert_eq!(page.later_requests.len(), 1);
        end(&mut page);
        assert_eq!(page.later_requests.len(), 0);
    }
}

#[test]
fn withdrawn_consent_cancels_the_copy_within_the_call() {
    let mut page = modern(batch());
    page.click(1);
    page.advance(200);
    assert!(later_body(&page)["events"][0]["anonymous"].is_string());
    page.call("consent", json!("anonymous"));
    assert_eq!(page.later_requests.len(), 0);
    page.advance(200);
    assert_eq!(
        later_body(&page)["events"][0]["anonymous"],
        Json::Null,
        "the pending event has no id"
    );
    page.call("consent", json!("denied"));
    page.advance(10_000);
    assert_eq!((page.later_requests.len(), page.sends.len()), (0, 0));
}

#[test]
fn before_consent_there_is_no_copy() {
    let mut page = modern(with(batch(), json!({ "consent": "pending" })));
    page.click(1);
    page.advance(10_000);
    assert_eq!(page.later_requests.len(), 0);
}

#[test]
fn a_vendor_that_counts_every_arrival_gets_no_copy() {
    let mut page = modern(ibexa());
    page.call("rate", json!({ "itemId": 1, "rating": 50 }));
    assert_eq!(page.wake, Some(page.mono + 2_000), "no wake-up for a copy");
    page.advance(1_000);
    assert_eq!(page.later_requests.len(), 0);
}

#[test]
fn a_browser_without_fetch_later_gets_no_copy() {
    let mut page = Page::open(batch());
    page.click(1);
    assert_eq!(page.wake, Some(page.mono + 2_000));
    page.advance(1_000);
    assert_eq!(page.later_requests.len(), 0);
}

#[test]
fn the_copy_is_not_larger_than_a_batch() {
    let mut page = modern(with(batch(), json!({ "batch": { "maxEvents": 4 } })));
    // The flight is full, and no end of a request is reported.
    page.timing.set(None);
    page.network(|send| (send.via == Via::Beacon).then_some(Outcome::Taken));
    for n in 0..16 {
        page.click(n);
    }
    page.advance(100);
    for n in 16..30 {
        page.click(n);
        page.advance(10);
    }
    page.advance(200);
    assert_eq!(page.sends.len(), 4);
    assert_eq!(items(&later_body(&page)), ["16", "17", "18", "19"]);
}
