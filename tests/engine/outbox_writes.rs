//! The outbox after the page's process ended within a series of writes.

use crate::common::test;
use crate::common::{Page, answered, batch, json, with};
use recobeacon_engine::effect::Outcome;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// WebKit's localStorage is in another process, so the page's process may end after a part of its
/// writes. For every such point, the next page must have all nine events, and no number may name
/// two batches. A batch may be sent twice only if duplicates are allowed, because the collector
/// drops one.
fn may_end_anywhere_in(writes: impl Fn() -> (Page, usize), at_least: usize, copies: bool) {
    let (_, count) = writes();
    assert!(count >= at_least, "{count}");
    for unwritten in 0..=count {
        let (mut page, _) = writes();
        page.cut(unwritten);
        let mut next = page.next(batch());
        assert!(copies || next.count("accepted") == 9, "{unwritten}: {}", next.stats());
        next.advance(60_000);
        let mut items = next.item_ids();
        items.sort();
        if copies {
            items.dedup();
        }
        assert_eq!(items, ["0", "1", "2", "3", "4", "5", "6", "7", "8"], "{unwritten}");
        let ids = |batch: &Json| batch["events"].as_array().unwrap().clone();
        let mut numbers: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for batch in next.batches() {
            let same = numbers.entry(batch["seq"].to_string()).or_insert_with(|| ids(&batch));
            assert_eq!(*same, ids(&batch), "{unwritten}: a number names one batch");
        }
        assert!(
            copies || numbers.len() == next.batches().len(),
            "{unwritten}: each batch is sent once"
        );
        assert!(next.outbox_keys().is_empty(), "{unwritten}");
    }
}

/// A page with nine events whose requests never end, and the number of writes of the action.
fn nine_clicks(act: impl Fn(Page) -> Page) -> (Page, usize) {
    let mut page = Page::open(with(batch(), json!({ "batch": { "maxEvents": 6 } })));
    page.timing.set(None);
    page.network(|_| Some(Outcome::Taken));
    for n in 0..9 {
        page.click(n);
    }
    let before = page.writes();
    let page = act(page);
    let writes = page.writes() - before;
    (page, writes)
}

#[test]
fn a_process_that_ends_between_two_writes_loses_no_event() {
    let hide = |mut page: Page| {
        page.feed(Input::Hidden);
        page
    };
    may_end_anywhere_in(|| nine_clicks(hide), 10, false);
    // The next page's process may end while it takes the entries over,
    for waits in [true, false] {
        let take_over = || {
            let (page, _) = nine_clicks(|page| if waits { page } else { hide(page) });
            let mut next = page.tab(batch());
            next.network(|_| None);
            next.take_over_outboxes();
            let writes = next.writes();
            (next, writes)
        };
        may_end_anywhere_in(take_over, 4, true);
    }
    // or while it halves a batch that is too large, with one event pending.
    let halve = |mut page: Page| {
        page.network(|_| None);
        page.advance(2_000);
        page.settle(1, answered(413));
        page
    };
    may_end_anywhere_in(|| nine_clicks(halve), 12, true);
}

#[test]
fn halves_do_not_use_the_number_of_pending_events() {
    let two = with(batch(), json!({ "batch": { "maxEvents": 2 } }));
    let mut page = Page::open(two.clone());
    page.network(|_| None);
    page.click(0);
    page.click(1);
    page.advance(2_000);
    page.click(2);
    page.settle(1, answered(413));
    let mut next = page.next(two);
    next.advance(60_000);
    let mut numbers: Vec<(Json, Json)> = next
        .batches()
        .iter()
        .map(|sent| (sent["seq"].clone(), sent["events"][0]["itemId"].clone()))
        .collect();
    numbers.sort_by_key(|(_, item)| item.to_string());
    assert_eq!(numbers, [(json!(1), json!("0")), (json!(2), json!("1")), (json!(3), json!("2"))]);
}
