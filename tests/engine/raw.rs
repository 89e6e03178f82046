//! Raw batches of earlier pages: they are sent like other batches, and their keys are deleted when
//! they are finished.

use crate::common::test;
use crate::common::{Page, answered, batch, ibexa, json, retry_after};
use recobeacon_engine::effect::Via;
use recobeacon_engine::input::Input;

const BODY: &str = "{\"v\":1,\"raw\":[]}";

/// Hands over raw batches that were sent 20 seconds ago, so that their acknowledgement is overdue.
fn with_raw(count: usize, mut page: Page) -> Page {
    for n in 0..count {
        let key = format!("reco_raw_s{n}");
        page.kept.insert(key.clone(), "[...]".to_owned());
        tell(&mut page, &key, 20_000);
    }
    page
}

fn tell(page: &mut Page, key: &str, age: u64) {
    let args = [json!(key), json!("https://c.example/v1/events?b=s0.0"), json!(BODY)];
    let args = args.into_iter().map(crate::common::value).collect();
    let at = page.wall - age;
    page.feed(Input::from_call("rawBatch", args, at));
    page.advance(0);
}

fn left(page: &Page) -> usize {
    page.kept.keys().filter(|key| key.starts_with("reco_raw_")).count()
}

#[test]
fn a_raw_batch_is_repeated_unchanged_and_its_key_deleted_on_success() {
    let mut page = Page::open(batch());
    page.network(|_| answered(204));
    let page = with_raw(1, page);
    assert_eq!(page.urls(), ["https://c.example/v1/events?b=s0.0"]);
    assert_eq!(page.sends[0].send.via, Via::Fetch);
    assert_eq!(page.sends[0].send.request.body.as_deref(), Some(BODY));
    assert_eq!(left(&page), 0);
    // Its events are counted by the page that made the calls.
    assert_eq!((page.count("accepted"), page.notices.len()), (0, 0));
}

#[test]
fn a_recent_raw_batch_waits_for_its_acknowledgement() {
    let mut page = Page::open(batch());
    page.kept.insert("reco_raw_s0".to_owned(), "[...]".to_owned());
    tell(&mut page, "reco_raw_s0", 5_000);
    page.advance(9_000);
    assert_eq!(page.sends.len(), 0);
    page.feed(Input::Acknowledged(vec!["s0.0".to_owned()]));
    assert_eq!(left(&page), 0);
    page.advance(60_000);
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn a_raw_batch_that_is_handed_over_again_is_sent_once() {
    let mut page = Page::open(batch());
    page.network(|_| answered(503));
    let mut page = with_raw(1, page);
    for _ in 0..3 {
        tell(&mut page, "reco_raw_s0", 20_000);
    }
    page.network(|_| answered(204));
    let tries = page.sends.len();
    page.advance(600_000);
    assert_eq!((tries, page.sends.len(), left(&page)), (1, 2, 0));
}

#[test]
fn a_raw_batch_expires_like_other_events() {
    let mut page = Page::open(batch());
    page.network(|_| None);
    page.feed(Input::Online(false));
    let mut page = with_raw(1, page);
    page.sleep(8 * crate::common::DAY_MS);
    page.feed(Input::Online(true));
    page.advance(1_000);
    assert_eq!((page.sends.len(), left(&page)), (0, 0));
}

#[test]
fn raw_batches_respect_the_flight_limit() {
    let mut page = Page::open(batch());
    page.network(|_| None);
    let page = with_raw(100, page);
    assert_eq!(page.sends.len(), 4);
}

#[test]
fn a_failed_raw_batch_is_retried_with_back_off_and_circuit_breaker() {
    for (answer, least) in [(answered(500), 1), (retry_after(503, 60), 1), (answered(404), 1)] {
        let mut page = Page::open(batch());
        page.network(move |_| answer);
        let mut page = with_raw(20, page);
        let sent = page.sends.len();
        assert!((least..=4).contains(&sent), "{answer:?}: {sent}");
        page.advance(400);
        assert_eq!(page.sends.len(), sent, "{answer:?}");
        assert_eq!(left(&page), 20);
        page.network(|_| answered(204));
        page.advance(20 * 60_000);
        assert_eq!(left(&page), 0, "{answer:?}");
    }
}

#[test]
fn a_raw_batch_refused_by_the_collector_is_dropped() {
    for status in [400, 413, 422] {
        let mut page = Page::open(batch());
        page.network(move |_| answered(status));
        assert_eq!(left(&with_raw(1, page)), 0, "{status}");
    }
}

#[test]
fn a_full_queue_drops_no_raw_batch() {
    let mut config = batch();
    config["queue"] = json!({ "maxEvents": 20 });
    let mut page = Page::open(config);
    page.network(|_| None);
    let mut page = with_raw(10, page);
    for n in 0..200 {
        page.click(n);
    }
    assert_eq!(left(&page), 10);
}

#[test]
fn without_a_collector_a_raw_batch_stays_for_another_page() {
    let page = with_raw(1, Page::open(ibexa()));
    assert_eq!((page.sends.len(), left(&page)), (0, 1));
}

#[test]
fn after_denied_consent_a_raw_batch_is_not_sent() {
    let mut page = Page::open(batch());
    page.kept.insert("reco_raw_s0".to_owned(), "[...]".to_owned());
    tell(&mut page, "reco_raw_s0", 5_000);
    page.call("consent", json!("denied"));
    page.advance(60_000);
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn a_page_cannot_call_raw_batch() {
    for args in [json!([]), json!([1, 2, 3]), json!(["reco_", "https://c.example/", "{}"])] {
        let mut page = Page::open(batch());
        page.call("rawBatch", args);
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.count("rejected")), (0, 1));
    }
}
