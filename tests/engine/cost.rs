//! A call costs the same however much is queued, and what is remembered is bounded.

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
fn consume_is_joined_with_what_waits_however_much_that_is() {
    let mut page = offline(100_000);
    let consume = |page: &mut Page, item: u32, percentage: u32| {
        page.call("consume", json!({ "itemId": item, "percentage": percentage }));
    };
    for item in 0..20_000 {
        consume(&mut page, item, 10);
    }
    assert_eq!((page.count("queued"), page.count("merged")), (20_000, 0));
    // The first and the last, and those whose place in the table others have taken.
    for item in (0..20_000).step_by(7) {
        consume(&mut page, item, 50);
    }
    assert_eq!((page.count("queued"), page.count("merged")), (20_000, 2_858));
    // Those that have gone are not joined with any more.
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
fn a_call_costs_a_write_at_most_also_where_the_oldest_gives_way() {
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
fn what_expires_costs_one_write() {
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
fn a_cash_desk_that_is_never_left_remembers_a_bounded_number_of_orders() {
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
    // The last orders are known: a further line of one is new, the same line is not.
    for item in [1, 3] {
        page.call("buy", json!({ "itemId": item, "orderId": 1_950 }));
    }
    page.advance(DAY_MS / 24);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (4_001, 2_001));
    // An older one was forgotten: that is what the bound costs.
    page.call("buy", json!({ "itemId": 1, "orderId": 1_000 }));
    page.advance(DAY_MS / 24);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (4_002, 2_001));
}
