//! The cost of a call does not depend on the length of the queue, and remembered data is limited.

use crate::common::test;
use crate::common::{DAY_MS, Page, batch, json, with};
use recobeacon_engine::input::Input;

fn offline(most: u32) -> Page {
    let mut page = Page::open(with(batch(), json!({ "queue": { "maxEvents": most } })));
    page.checks = false;
    page.feed(Input::Online(false));
    page
}

#[test]
fn a_consume_is_merged_with_a_pending_one_in_a_queue_of_any_length() {
    let mut page = offline(100_000);
    let consume = |page: &mut Page, item: u32, percentage: u32| {
        page.call("consume", json!({ "itemId": item, "percentage": percentage }));
    };
    for item in 0..20_000 {
        consume(&mut page, item, 10);
    }
    assert_eq!((page.count("queued"), page.count("merged")), (20_000, 0));
    // The first and the last item, and items whose hash slot was taken by others.
    for item in (0..20_000).step_by(7) {
        consume(&mut page, item, 50);
    }
    assert_eq!((page.count("queued"), page.count("merged")), (20_000, 2_858));
    // New events are not merged with events that were sent.
    page.feed(Input::Online(true));
    page.advance(DAY_MS / 24);
    assert_eq!(page.count("queued"), 0);
    page.feed(Input::Online(false));
    consume(&mut page, 0, 60);
    consume(&mut page, 0, 70);
    assert_eq!((page.count("queued"), page.count("merged")), (1, 2_859));
    let percentages: Vec<_> = page
        .events()
        .iter()
        .filter(|event| event["itemId"] == "7")
        .map(|event| event["percentage"].clone())
        .collect();
    assert_eq!(percentages, [50]);
}

#[test]
fn a_call_costs_at_most_one_write_even_with_a_full_queue() {
    let mut page = offline(500);
    for item in 0..500 {
        page.call("consume", json!({ "itemId": item, "percentage": 10 }));
    }
    let writes = page.stored_writes;
    for _ in 0..100 {
        page.call("consume", json!({ "itemId": 499, "percentage": 10 }));
    }
    assert_eq!(page.stored_writes, writes, "nothing has changed");
    for item in 500..600 {
        page.click(item);
    }
    assert_eq!(page.stored_writes - writes, 100);
}

#[test]
fn dropping_expired_events_costs_one_write() {
    let mut page = offline(1_000);
    for item in 0..500 {
        page.click(item);
    }
    page.sleep(8 * DAY_MS);
    page.click("fresh");
    let writes = page.stored_writes;
    page.feed(Input::Hidden);
    assert_eq!((page.count("dropped"), page.count("queued")), (500, 1));
    assert!(page.stored_writes - writes <= 1, "{} writes", page.stored_writes - writes);
    assert_eq!(page.outbox_keys().len(), 1);
}

#[test]
fn the_number_of_orders_remembered_by_one_page_is_limited() {
    let mut page = Page::open(batch());
    page.checks = false;
    for order in 0..2_000 {
        page.call("buy", json!({ "itemId": 1, "orderId": order }));
        page.call("buy", json!({ "itemId": 2, "orderId": order }));
        page.call("buy", json!({ "itemId": 2, "orderId": order }));
        page.advance(10);
    }
    page.advance(DAY_MS / 24);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (4_000, 2_000));
    // The last orders are remembered: a new line is sent, a repeated one is not.
    for item in [1, 3] {
        page.call("buy", json!({ "itemId": item, "orderId": 1_950 }));
    }
    page.advance(DAY_MS / 24);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (4_001, 2_001));
    // An older order was forgotten, so its line is sent again.
    page.call("buy", json!({ "itemId": 1, "orderId": 1_000 }));
    page.advance(DAY_MS / 24);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (4_002, 2_001));
}
