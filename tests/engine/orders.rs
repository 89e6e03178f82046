//! Orders: a reloaded confirmation page counts once, and nothing else is taken for a repeated
//! order.

use crate::common::test;
use crate::common::{DAY_MS, Page, batch, ibexa, json, with};
use serde_json::Value as Json;

fn buy(page: &mut Page, lines: Json) {
    page.call("buy", json!([lines]));
    page.advance(5_000);
}

fn line(order: &str, item: u32) -> Json {
    json!({ "itemId": item, "orderId": order })
}

/// A call with this number of lines.
fn lines(order: &str, count: u32) -> Json {
    (0..count).map(|item| line(order, item)).collect()
}

#[test]
fn a_reloaded_confirmation_page_counts_once() {
    let mut page = Page::open(batch());
    let order = json!([line("o-1", 1), line("o-1", 2)]);
    buy(&mut page, order.clone());
    assert_eq!(page.events().len(), 2);

    let mut page = page.next(batch());
    buy(&mut page, order);
    assert_eq!(page.sends.len(), 0);
    assert_eq!(page.told(), [("duplicate-order", "buy.orderId")]);
    assert_eq!((page.count("accepted"), page.count("dropped")), (2, 2));
    buy(&mut page, json!([line("o-2", 1)]));
    assert_eq!(page.events().len(), 1);
}

#[test]
fn a_repeated_order_is_counted_for_every_destination() {
    let mut config = ibexa();
    config["destinations"] =
        json!([config["destinations"], { "protocol": "batch", "endpoint": "/e" }]);
    let mut page = Page::open(config);
    buy(&mut page, json!([line("o-1", 1)]));
    buy(&mut page, json!([line("o-1", 1)]));
    assert_eq!(page.sends.len(), 2);
    assert_eq!(page.warnings.len(), 1);
    for name in ["ibexa 00000", "batch /e"] {
        assert_eq!(page.stats()["destinations"][name]["dropped"], 1, "{name}");
    }
}

#[test]
fn an_order_may_be_sent_in_several_calls() {
    let mut page = Page::open(batch());
    buy(&mut page, line("o-1", 1));
    buy(&mut page, line("o-1", 2));
    buy(&mut page, json!({ "itemId": 1, "itemType": 2, "orderId": "o-1" }));
    assert_eq!(page.item_ids(), ["1", "2", "1"]);
    buy(&mut page, json!([line("o-1", 2), line("o-1", 3)]));
    assert_eq!(page.item_ids(), ["1", "2", "1", "3"], "only the new lines");
}

#[test]
fn equal_lines_of_one_call_all_count() {
    let mut page = Page::open(batch());
    buy(&mut page, json!([line("o-1", 1), line("o-1", 1)]));
    assert_eq!(page.events().len(), 2);
    let mut page = page.next(batch());
    buy(&mut page, json!([line("o-1", 1), line("o-1", 1)]));
    assert_eq!((page.events().len(), page.count("dropped")), (0, 2));
}

#[test]
fn without_an_order_id_a_second_buy_is_a_second_purchase() {
    let mut page = Page::open(batch());
    for _ in 0..3 {
        buy(&mut page, json!({ "itemId": 1 }));
    }
    assert_eq!((page.events().len(), page.warnings.len()), (3, 0));
}

#[test]
fn only_a_buy_is_an_order() {
    let mut page = Page::open(batch());
    buy(&mut page, line("o-1", 1));
    page.call("click", json!({ "itemId": 1 }));
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(2_000);
    assert_eq!(page.events().len(), 3);
}

#[test]
fn an_order_is_remembered_for_thirty_days() {
    for (days, counted) in [(29, 0), (31, 1)] {
        let mut page = Page::open(batch());
        buy(&mut page, line("o-1", 1));
        page.wall += days * DAY_MS;
        let mut page = page.next(batch());
        buy(&mut page, line("o-1", 1));
        assert_eq!(page.events().len(), counted, "{days} days");
    }
}

#[test]
fn the_last_fifty_orders_are_remembered() {
    let mut page = Page::open(batch());
    for order in 0..51 {
        buy(&mut page, lines(&format!("o-{order}"), 5));
    }
    let mut page = page.next(batch());
    for order in 1..51 {
        buy(&mut page, lines(&format!("o-{order}"), 5));
    }
    assert_eq!(page.events().len(), 0, "all orders were sent before");
}

#[test]
fn all_lines_of_a_large_order_are_remembered() {
    let mut page = Page::open(batch());
    buy(&mut page, lines("o-1", 1_000));
    page.advance(600_000);
    assert_eq!(page.events().len(), 1_000);
    let mut page = page.next(batch());
    buy(&mut page, lines("o-1", 1_000));
    page.advance(600_000);
    assert_eq!(page.events().len(), 0, "all lines were sent before");
}

#[test]
fn the_stored_form_is_short_and_has_only_hashes() {
    let mut page = Page::open(batch());
    for order in 0..300 {
        buy(&mut page, json!({ "itemId": "secret-item", "orderId": format!("secret-{order}") }));
    }
    let kept = &page.kept["reco_orders"];
    assert!(kept.len() < 50_000, "{}", kept.len());
    assert!(!kept.contains("secret"));
}

#[test]
fn without_storage_an_order_is_remembered_for_the_page() {
    for options in
        [json!({ "identity": { "storage": "memory" } }), json!({ "consent": "anonymous" })]
    {
        let mut page = Page::open(with(batch(), options));
        buy(&mut page, line("o-1", 1));
        buy(&mut page, line("o-1", 1));
        assert_eq!((page.events().len(), page.stored_writes), (1, 0));
    }
}

#[test]
fn an_order_that_another_open_tab_has_sent_counts_once() {
    let mut here = Page::open(batch());
    let mut there = here.next(batch());
    buy(&mut here, line("o-1", 1));
    there.jar = here.jar.clone();
    there.kept = here.kept.clone();
    buy(&mut there, line("o-1", 1));
    assert_eq!(there.events().len(), 0);
    assert_eq!(there.told(), [("duplicate-order", "buy.orderId")]);
    // Its own order does not replace the other tab's.
    buy(&mut there, line("o-2", 1));
    let mut third = there.next(batch());
    buy(&mut third, line("o-1", 1));
    buy(&mut third, line("o-2", 1));
    assert_eq!(third.events().len(), 0);
}

#[test]
fn tabs_keep_each_others_orders() {
    let mut here = Page::open(batch());
    let mut there = here.next(batch());
    buy(&mut here, line("o-1", 1));
    // The visitor goes to another tab that was opened earlier, and buys there as well.
    there.jar = here.jar.clone();
    there.kept = here.kept.clone();
    there.shown();
    buy(&mut there, line("o-2", 1));
    let mut reloaded = there.next(batch());
    buy(&mut reloaded, line("o-1", 1));
    buy(&mut reloaded, line("o-2", 1));
    assert_eq!(reloaded.events().len(), 0);
}

#[test]
fn an_invalid_call_does_not_use_up_its_order() {
    let mut page = Page::open(batch());
    let wrong = json!([line("o-1", 1), { "itemId": "a\\b", "orderId": "o-1" }]);
    buy(&mut page, wrong);
    assert_eq!(page.events().len(), 0);
    buy(&mut page, json!([line("o-1", 1), line("o-1", 2)]));
    assert_eq!(page.events().len(), 2);
}
