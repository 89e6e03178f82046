//! Requests that fail, are refused or stay without a response.

use crate::common::test;
use crate::common::{Page, answered, batch, ibexa, json, retry_after, with};
use recobeacon_engine::effect::{DeliveryStatus, Outcome, Via};
use recobeacon_engine::input::Input;
use serde_json::Value as Json;
use std::cell::Cell;
use std::rc::Rc;

/// A collector whose responses can be read.
fn readable() -> Json {
    with(batch(), json!({ "destinations": { "transport": "fetch" } }))
}

/// The pauses between the attempts.
fn pauses(page: &Page) -> Vec<u64> {
    page.sends.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

#[test]
fn a_204_acknowledges() {
    let mut page = Page::open(readable());
    page.network(move |_| answered(204));
    page.click(1);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("acknowledged")), (1, 1));
    let DeliveryStatus::Acknowledged(receipt) = &page.notices[0].status else {
        panic!("{:?}", page.notices)
    };
    assert_eq!(receipt.request, page.sends[0].send.request);
    assert_eq!(receipt.via, Via::Fetch);
}

#[test]
fn a_vendors_event_is_delivered_by_any_success() {
    for status in [200, 202, 204] {
        let config = json!({ "destinations": { "protocol": "ibexa", "customerId": "1", "transport": "fetch" } });
        let mut page = Page::open(config);
        page.network(move |_| answered(status));
        page.click(1);
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.count("acknowledged")), (1, 1), "{status}");
    }
}

#[test]
fn an_order_answered_by_a_catch_all_page_is_kept_and_not_a_duplicate() {
    let mut page = Page::open(readable());
    page.network(|_| answered(200));
    page.call("buy", json!({ "itemId": 1, "orderId": "o1" }));
    page.advance(2_000);
    page.feed(Input::Hidden);
    let mut next = page.next(readable());
    next.network(|_| answered(204));
    next.advance(20_000);
    assert_eq!((next.count("acknowledged"), next.item_ids()), (1, vec!["1".to_owned()]));
}

#[test]
fn a_taken_beacon_counts_as_sent_if_no_acknowledgement_is_possible() {
    let mut page = Page::open(ibexa());
    page.click(1);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("sent")), (1, 1));
    assert!(matches!(page.notices[0].status, DeliveryStatus::Sent(_)));
    assert_eq!(&*page.notices[0].destination, "ibexa 00000");
}

#[test]
fn retries_after_server_errors_have_growing_pauses() {
    for status in [408, 429, 431, 500, 502, 503, 504] {
        let mut page = Page::open(readable());
        page.network(move |_| answered(status));
        page.click(1);
        page.advance(3_600_000);
        let pauses = pauses(&page);
        assert!(pauses.len() > 7, "{status}: {pauses:?}");
        for (attempt, pause) in pauses.iter().enumerate() {
            let longest = 1_000 << attempt;
            // After the fifth failure there is a pause of ten minutes.
            let range = if attempt < 4 { longest / 2..=longest } else { 600_000..=750_000 };
            assert!(range.contains(pause), "{status}, attempt {attempt}: {pause} in {range:?}");
        }
        // One warning when the circuit opens, and none while it stays open.
        assert_eq!(page.count("queued"), 1);
        assert_eq!(page.told(), [("unreachable", "batch /v1/events")], "{status}");
        page.network(|_| answered(204));
        page.advance(750_000);
        assert_eq!(page.count("acknowledged"), 1);
    }
}

#[test]
fn pauses_differ_from_page_to_page() {
    let first_pause = |bits: u8| {
        let mut page = Page::open(readable());
        page.entropy = Some([bits; 16]);
        page.network(|_| answered(503));
        page.click(1);
        page.advance(4_000);
        pauses(&page)[0]
    };
    assert_eq!((first_pause(0), first_pause(0xff)), (500, 1_000));
}

#[test]
fn a_success_resets_the_pauses() {
    let mut page = Page::open(readable());
    let mut answers =
        vec![answered(204), answered(503), answered(204), answered(503), answered(503)];
    page.network(move |_| answers.pop().unwrap());
    page.click(1);
    page.advance(60_000);
    page.click(2);
    page.advance(60_000);
    let last = *pauses(&page).last().unwrap();
    assert!(last <= 1_000, "{last}");
}

#[test]
fn retry_after_is_honoured() {
    for status in [429, 503] {
        let mut page = Page::open(readable());
        page.network(move |_| retry_after(status, 30));
        page.click(1);
        page.advance(2_000);
        page.click(2);
        page.advance(29_999);
        assert_eq!(page.sends.len(), 1, "later events wait as well");
        page.network(|_| answered(204));
        page.advance(10_000);
        assert_eq!(page.count("acknowledged"), 2);
    }
    // No response can pause the tracker for longer than five minutes.
    let mut page = Page::open(readable());
    page.network(|_| retry_after(503, 4_000_000_000));
    page.click(1);
    page.advance(2_000 + 300_000);
    assert_eq!(page.sends.len(), 2);
}

#[test]
fn pending_events_keep_their_order_after_a_failure() {
    let mut page = Page::open(with(readable(), json!({ "batch": { "maxEvents": 2 } })));
    page.network(|_| answered(503));
    for n in 0..6 {
        page.click(n);
    }
    page.advance(10);
    let before = page.sends.len();
    page.network(|_| answered(204));
    page.advance(60_000);
    let seqs: Vec<Json> =
        page.batches()[before..].iter().map(|batch| batch["seq"].clone()).collect();
    assert_eq!(seqs, [0, 1, 2]);
}

#[test]
fn a_batch_refused_as_too_large_is_halved_down_to_one_event() {
    let mut page = Page::open(readable());
    page.network(|send| {
        let body = send.request.body.as_deref().unwrap();
        let batch: Json = serde_json::from_str(body).unwrap();
        let events = batch["events"].as_array().unwrap();
        let too_large = events.len() > 2 || events.iter().any(|event| event["itemId"] == "5");
        answered(if too_large { 413 } else { 204 })
    });
    for n in 0..10 {
        page.click(n);
    }
    page.advance(600_000);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (9, 1));
    assert_eq!(page.told(), [("refused", "batch /v1/events")]);
    let mut seqs: Vec<u64> =
        page.batches().iter().map(|batch| batch["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(
        seqs,
        (0..page.sends.len() as u64).collect::<Vec<_>>(),
        "each number once and without gaps"
    );
    for (url, batch) in page.urls().iter().zip(page.batches()) {
        assert!(url.ends_with(&format!(".{}", batch["seq"])), "{url}");
    }
}

#[test]
fn responses_that_are_not_a_collectors_keep_events_with_one_warning() {
    // A wrong key, a deployment; a catch-all page, a login page, a service worker; a redirect (0);
    // a file server.
    for status in [401, 403, 404, 200, 201, 202, 205, 206, 299, 0, 301, 304, 405] {
        let mut page = Page::open(readable());
        page.network(move |_| answered(status));
        page.click(1);
        page.advance(2_000);
        page.click(2);
        page.advance(3 * 750_000);
        assert_eq!(page.count("queued"), 2, "{status}");
        assert_eq!(page.told(), [("refused", "batch /v1/events")]);
        let mut times: Vec<u64> = page.sends.iter().map(|sent| sent.at).collect();
        times.dedup();
        let ten_minutes = 600_000..=750_000;
        assert!(times.windows(2).all(|two| ten_minutes.contains(&(two[1] - two[0]))), "{times:?}");
        assert!(times.len() > 3);
        page.network(|_| answered(204));
        page.advance(750_000);
        assert_eq!(page.count("acknowledged"), 2);
    }
}

#[test]
fn any_other_error_status_drops_the_batch() {
    for status in [400, 406, 409, 410, 414, 418, 422] {
        let mut page = Page::open(readable());
        page.network(move |_| answered(status));
        page.click(1);
        page.advance(3_600_000);
        assert_eq!((page.sends.len(), page.count("dropped")), (1, 1), "{status}");
        assert_eq!(page.told(), [("refused", "batch /v1/events")]);
        page.network(|_| answered(204));
        page.click(2);
        page.advance(3_600_000);
        assert_eq!(page.count("acknowledged"), 1, "later events are not delayed");
    }
}

#[test]
fn a_network_failure_is_retried_for_idempotent_events() {
    let mut page = Page::open(readable());
    let mut answers = vec![answered(204), Some(Outcome::Failed), Some(Outcome::Failed)];
    page.network(move |_| answers.pop().unwrap());
    page.click(1);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("acknowledged")), (3, 1));
    assert_eq!(page.warnings, []);
}

#[test]
fn a_network_failure_is_not_retried_if_events_could_count_twice() {
    let get = json!({ "destinations": { "method": "GET" } });
    let mut page = Page::open(with(ibexa(), get));
    page.network(|_| Some(Outcome::Failed));
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(3_600_000);
    assert_eq!((page.sends.len(), page.count("dropped")), (1, 1));
    assert_eq!(page.told(), [("unreachable", "ibexa 00000")]);
}

#[test]
fn a_refused_beacon_is_sent_by_fetch() {
    for config in [batch(), ibexa()] {
        let mut page = Page::open(config);
        page.network(|send| match send.via {
            Via::Beacon => Some(Outcome::Refused),
            Via::Fetch if send.request.no_cors => Some(Outcome::Taken),
            Via::Fetch => answered(204),
        });
        page.click(1);
        page.feed(Input::Hidden);
        let via: Vec<Via> = page.sends.iter().map(|sent| sent.send.via).collect();
        assert_eq!(via, [Via::Beacon, Via::Fetch], "at once, because the page may be left");
        assert_eq!(page.sends[0].send.request, page.sends[1].send.request);
        assert_eq!(page.count("sent") + page.count("acknowledged"), 1);
    }
}

/// Refuses every beacon and fetch until the switch is set.
fn shut(page: &mut Page) -> Rc<Cell<bool>> {
    let shut = Rc::new(Cell::new(true));
    let seen = shut.clone();
    page.network(move |send| match (seen.get(), send.via) {
        (true, Via::Beacon) => Some(Outcome::Refused),
        (true, Via::Fetch) => Some(Outcome::Failed),
        (false, _) => Some(Outcome::Taken),
    });
    shut
}

#[test]
fn a_batch_refused_by_beacon_and_fetch_returns_to_the_queue() {
    for config in [batch(), ibexa()] {
        let mut page = Page::open(config);
        let shut = shut(&mut page);
        page.click(1);
        page.advance(2_000);
        assert_eq!((page.count("queued"), page.count("dropped")), (1, 0));
        shut.set(false);
        page.advance(60_000);
        assert_eq!((page.count("queued"), page.count("sent")), (0, 1));
        assert_eq!(page.warnings, []);
    }
}

#[test]
fn a_refused_beacon_of_a_hidden_page_returns_to_the_queue_with_auto() {
    let auto = json!({ "destinations": { "transport": "auto" } });
    let mut page = Page::open(with(ibexa(), auto));
    let shut = shut(&mut page);
    page.click(1);
    page.feed(Input::Hidden);
    assert_eq!(
        (page.count("queued"), page.count("dropped")),
        (1, 0),
        "neither beacon nor fetch took it"
    );
    shut.set(false);
    page.shown();
    page.advance(60_000);
    assert_eq!(page.count("sent"), 1);
}

#[test]
fn a_hidden_page_does_not_wait_for_a_pause() {
    let mut page = Page::open(readable());
    page.network(|_| answered(503));
    page.click(1);
    page.advance(2_000);
    page.network(|_| answered(204));
    page.feed(Input::Hidden);
    assert_eq!(page.count("acknowledged"), 1, "a hidden page sends at once");
}

#[test]
fn a_hidden_page_tries_once_and_then_keeps_the_pauses() {
    for outcome in [answered(503), answered(401), Some(Outcome::Failed)] {
        let mut page = Page::open(readable());
        page.network(move |_| outcome);
        page.click(1);
        page.feed(Input::Hidden);
        assert_eq!(
            page.sends.len(),
            1,
            "an outcome does not trigger an immediate repetition: {outcome:?}"
        );
        page.advance(60_000);
        assert!(page.sends.len() < 10, "{outcome:?}: {}", page.sends.len());
    }
}
