//! The outbox: which page takes it over, that each event arrives once, and the effect of consent.

use crate::common::test;
use crate::common::{Collector, DAY_MS, Page, answered, batch, ibexa, json, with};
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

/// A page whose requests are never acknowledged.
fn silent(config: Json) -> Page {
    let mut page = Page::open(config);
    mute(&mut page);
    page
}

/// Beacons are taken and lost, and a fetch gets no response.
fn mute(page: &mut Page) {
    page.timing.set(None);
    page.network(|send| (send.via == Via::Beacon).then_some(Outcome::Taken));
}

fn listen(page: &mut Page, collector: &Collector) {
    let collector = collector.clone();
    page.network(move |send| {
        collector.take(send);
        if send.via == Via::Beacon { Some(Outcome::Taken) } else { answered(204) }
    });
}

/// Opens the browser's next page, which sends to this collector.
fn next(page: &Page, config: Json, collector: &Collector) -> Page {
    let mut next = page.tab(config);
    listen(&mut next, collector);
    next.take_over_outboxes();
    next
}

#[test]
fn pending_events_are_sent_by_the_next_page_with_their_time_and_identity() {
    let mut page = Page::open(batch());
    page.call("login", json!("johndoe"));
    page.advance(50);
    page.feed(Input::Online(false));
    page.click(1);
    page.advance(1_000);
    page.click(2);
    assert_eq!(page.outbox_keys().len(), 2, "{:?}", page.kept);
    let anonymous = page.engine.anonymous_id().unwrap().to_owned();

    let mut next = page.tab(batch());
    next.feed(Input::OutboxFound(page.owned[0].clone(), page.outbox(&page.owned[0])));
    assert_eq!((next.count("accepted"), next.count("queued"), next.sends.len()), (2, 2, 0));
    assert_eq!(
        next.outbox(next.owned.last().unwrap()).len(),
        2,
        "the entries are under the new page's name"
    );
    next.advance(0);
    let events = next.events();
    assert_eq!(next.item_ids(), ["1", "2"]);
    for (event, at) in events.iter().zip([50, 1_050]) {
        assert_eq!((&event["user"], &event["anonymous"]), (&json!("johndoe"), &json!(anonymous)));
        assert_eq!(event["at"], crate::common::START + at);
    }
    assert_eq!(next.batches()[0]["stream"], page.batches()[0]["stream"], "the stream continues");
    assert_eq!(next.batches()[0]["seq"], 1, "with the next number");
    assert_eq!((next.count("acknowledged"), next.outbox_keys().len()), (2, 0));
}

#[test]
fn an_acknowledged_batch_leaves_no_entry() {
    for transport in ["beacon", "fetch"] {
        let mut page =
            Page::open(with(batch(), json!({ "destinations": { "transport": transport } })));
        for n in 0..50 {
            page.click(n);
        }
        assert_eq!(page.outbox_keys().len(), 50);
        page.advance(5_000);
        assert_eq!((page.count("acknowledged"), page.outbox_keys().len()), (50, 0));
    }
}

#[test]
fn a_batch_of_any_size_costs_one_entry() {
    let mut page = silent(batch());
    for n in 0..20 {
        page.click(n);
    }
    page.advance(50);
    assert_eq!((page.sends.len(), page.outbox_keys().len()), (1, 1));
    // Of the rest only the first entry is written again, because it has the next batch number.
    let mut page = silent(with(batch(), json!({ "batch": { "maxEvents": 5 } })));
    for n in 0..20 {
        page.click(n);
    }
    let before = page.stored_writes;
    page.feed(Input::Hidden);
    assert_eq!((page.sends.len(), page.stored_writes - before), (4, 4 + 3));
}

#[test]
fn an_unacknowledged_batch_is_repeated_unchanged() {
    let mut page = silent(batch());
    page.click(1);
    page.advance(2_000);
    assert_eq!(page.sends.len(), 1);
    page.feed(Input::Hidden);
    let mut next = page.next(batch());
    assert_eq!((next.count("accepted"), next.count("queued")), (1, 1));
    next.advance(14_900);
    assert_eq!(next.sends.len(), 0, "its cookie may still arrive");
    next.advance(200);
    assert_eq!(next.sends.len(), 1);
    assert_eq!(next.sends[0].send.via, Via::Fetch);
    assert_eq!(
        next.sends[0].send.request, page.sends[0].send.request,
        "same stream, number and bytes"
    );
    assert_eq!((next.count("acknowledged"), next.outbox_keys().len()), (1, 0));
}

#[test]
fn a_batch_left_long_ago_is_sent_at_once() {
    let mut page = silent(batch());
    page.click(1);
    page.advance(2_000);
    page.wall += DAY_MS;
    let mut next = page.tab(batch());
    next.feed(Input::OutboxFound(page.owned[0].clone(), page.outbox(&page.owned[0])));
    assert_eq!(next.sends.len(), 0, "the cookies are read first");
    next.advance(0);
    assert_eq!(next.sends.len(), 1);
}

#[test]
fn a_clock_set_back_delays_by_at_most_the_acknowledgement_timeout() {
    let mut page = silent(batch());
    page.click(1);
    page.advance(2_000);
    page.click(2);
    page.wall -= 3_600_000;
    page.click(3);
    let mut next = page.next(batch());
    next.advance(15_000);
    assert_eq!(next.item_ids(), ["2", "3", "1"]);
    assert_eq!((next.count("acknowledged"), next.outbox_keys().len()), (3, 0));
}

#[test]
fn two_tabs_take_over_the_outbox_of_a_third_and_send_nothing_twice() {
    let collector = Collector::default();
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    for n in 0..3 {
        page.click(n);
    }
    // The first tab takes it over. The entries are then in its own outbox, whose lock it holds.
    let mut first = page.tab(batch());
    listen(&mut first, &collector);
    first.feed(Input::OutboxFound(page.owned[0].clone(), page.outbox(&page.owned[0])));
    let mut second = first.tab(batch());
    second.owned.extend(first.owned.clone());
    second.take_over_outboxes();
    assert_eq!((first.count("queued"), second.count("queued")), (3, 0));
    first.advance(2_000);
    second.advance(60_000);
    assert_eq!((collector.items().len(), collector.copies()), (3, 0));
}

#[test]
fn two_pages_that_take_over_the_same_outbox_send_nothing_that_counts_twice() {
    // Without locks, or after a lock was lost.
    let collector = Collector::default();
    let mut page = silent(batch());
    for n in 0..30 {
        page.click(n);
    }
    page.advance(50);
    let mut pages = [page.next(batch()), page.next(batch())];
    for page in &mut pages {
        listen(page, &collector);
        page.advance(60_000);
    }
    assert_eq!((collector.items().len(), collector.copies()), (30, 30));
    let places = collector.by_place();
    let items: Vec<u32> = places.iter().map(|event| event.item.parse().unwrap()).collect();
    assert_eq!(items, (0..30).collect::<Vec<_>>());
}

#[test]
fn events_of_an_unknown_destination_stay_for_a_page_that_has_it() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.click(1);
    let other = with(batch(), json!({ "destinations": { "endpoint": "/other" } }));
    let mut next = page.next(other.clone());
    next.advance(DAY_MS / 2);
    assert_eq!((next.count("accepted"), next.outbox_keys().len()), (0, 1));
    let mut third = next.next(batch());
    third.advance(2_000);
    assert_eq!((third.item_ids(), third.outbox_keys().len()), (vec!["1".to_owned()], 0));
    // They are deleted after the maximum age.
    page.wall += 8 * DAY_MS;
    assert_eq!(page.next(other).outbox_keys().len(), 0);
}

#[test]
fn events_that_are_too_old_are_dropped_and_counted() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.click(1);
    page.wall += 8 * DAY_MS;
    let mut next = page.next(batch());
    next.advance(2_000);
    assert_eq!((next.count("accepted"), next.count("dropped"), next.sends.len()), (1, 1, 0));
    assert_eq!(next.told(), [("expired", "batch /v1/events")]);
    assert_eq!(next.outbox_keys().len(), 0);
}

#[test]
fn a_vendors_event_that_no_browser_took_is_sent_once() {
    let mut page = Page::open(ibexa());
    page.click(1);
    page.advance(2_000);
    page.feed(Input::Online(false));
    page.click(2);
    assert_eq!(page.outbox_keys().len(), 1, "a taken request is not stored");
    let mut next = page.next(ibexa());
    next.advance(2_000);
    assert_eq!(next.urls().len(), 1);
    assert!(next.urls()[0].contains("/1/2?"), "{:?}", next.urls());
    assert_eq!((next.count("sent"), next.outbox_keys().len()), (1, 0));
}

#[test]
fn a_started_fetch_is_not_repeated_by_another_page() {
    let get = json!({ "destinations": { "method": "GET" } });
    let mut page = Page::open(with(ibexa(), get.clone()));
    page.network(|_| None);
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(50);
    assert_eq!((page.sends.len(), page.count("queued"), page.outbox_keys().len()), (1, 1, 0));
    // The vendor answers that it did not accept the event, so it is stored again.
    page.settle(page.sends[0].send.id, answered(503));
    assert_eq!(page.outbox_keys().len(), 1);
    let mut next = page.next(with(ibexa(), get));
    next.advance(2_000);
    assert_eq!((next.sends.len(), next.count("sent")), (1, 1));
}

#[test]
fn the_order_of_a_pages_events_stays_if_other_pages_send_them() {
    let collector = Collector::default();
    let few = with(batch(), json!({ "batch": { "maxEvents": 3 } }));
    let mut page = Page::open(few.clone());
    listen(&mut page, &collector);
    for n in 0..7 {
        page.click(n);
    }
    page.advance(50);
    mute(&mut page);
    for n in 7..20 {
        page.click(n);
    }
    page.feed(Input::Hidden);
    page.feed(Input::Online(false));
    page.call("consume", json!({ "itemId": 20, "percentage": 10 }));
    page.call("click", json!({ "itemId": 21, "categoryPath": "A" }));
    page.call("consume", json!({ "itemId": 20, "percentage": 20 }));
    let mut between = page.tab(few.clone());
    mute(&mut between);
    between.take_over_outboxes();
    between.advance(60_000);
    let mut last = next(&between, few, &collector);
    last.advance(600_000);
    let items: Vec<u32> =
        collector.by_place().iter().map(|event| event.item.parse().unwrap()).collect();
    assert_eq!(items, (0..22).collect::<Vec<_>>());
    assert_eq!(collector.items().len(), 22);
    assert_eq!(last.outbox_keys().len(), 0);
}

#[test]
fn a_returning_page_gives_up_entries_that_another_page_took_over() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.click(1);
    page.feed(Input::Hidden);
    let mut next = page.next(batch());
    next.advance(2_000);
    assert_eq!(next.item_ids(), ["1"]);
    // Both pages share the browser's storage.
    page.kept = next.kept.clone();
    page.back(true);
    page.feed(Input::Online(true));
    page.click(2);
    page.advance(2_000);
    assert_eq!(page.item_ids(), ["2"], "the first event was the other page's to send");
    assert_eq!((page.count("accepted"), page.count("acknowledged")), (1, 1));
    assert_eq!(page.owned.len(), 2, "it has a new outbox of its own");
    assert_ne!(page.batches()[0]["stream"], next.batches()[0]["stream"]);
    assert_eq!(page.outbox_keys().len(), 0);
}

#[test]
fn a_returning_page_without_its_lock_starts_a_new_outbox() {
    let mut page = silent(batch());
    page.click(1);
    page.advance(2_000);
    page.click(2);
    page.back(false);
    assert_eq!((page.count("accepted"), page.count("queued")), (0, 0));
    page.click(3);
    let own = page.owned.last().unwrap().clone();
    assert_eq!((page.owned.len(), page.outbox(&own).len()), (2, 1));
    assert_eq!(page.outbox_keys().len(), 3, "the other entries belong to the other page");
}

#[test]
fn a_returning_page_with_its_outbox_continues() {
    let mut page = silent(batch());
    page.click(1);
    page.advance(2_000);
    page.click(2);
    page.feed(Input::Hidden);
    let sent = page.sends.len();
    page.back(true);
    assert_eq!((page.count("queued"), page.outbox(page.owned.last().unwrap()).len()), (2, 2));
    page.timing.set(Some(204));
    page.network(|_| answered(204));
    page.advance(20_000);
    assert_eq!(page.sends.len() - sent, 2, "each is repeated once after its wait");
    assert_eq!((page.count("acknowledged"), page.outbox_keys().len()), (2, 0));
}

#[test]
fn a_returning_page_keeps_its_remaining_entries_under_a_new_name() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.click(1);
    page.click(2);
    let first = page.outbox_keys()[0].clone();
    page.kept.remove(&first);
    page.back(true);
    let own = page.owned.last().unwrap().clone();
    assert_eq!((page.count("accepted"), page.outbox(&own).len()), (1, 1));
    assert_eq!(page.outbox_keys().len(), 1);
    let mut next = page.next(batch());
    next.advance(50);
    assert_eq!(next.item_ids(), ["2"]);
}

#[test]
fn a_killed_browser_loses_unwritten_entries_and_sends_nothing_that_counts_twice() {
    for killed_after in [0, 500, 1_500, 3_000, 6_000] {
        let collector = Collector::default();
        let mut page = Page::open(with(batch(), json!({ "batch": { "maxEvents": 3 } })));
        listen(&mut page, &collector);
        page.timing.set(None);
        for n in 0..40 {
            page.click(n);
            page.advance(200);
        }
        page.advance(killed_after);
        // Chromium writes localStorage to the disk every few seconds.
        page.crash(1_000);
        let mut next = next(&page, batch(), &collector);
        next.advance(60_000);
        assert_eq!(next.count("queued"), 0);
        let items: Vec<u32> = collector.items().iter().map(|id| id.parse().unwrap()).collect();
        let least = if killed_after < 1_000 { 35 } else { 40 };
        assert!(items.len() >= least, "{killed_after}: {items:?}");
        assert_eq!(items, (0..items.len() as u32).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_number_of_another_page_is_not_used_again() {
    // Batch 1 was delivered. Batch 0 was not, and it is too large. If a half of it were named 1,
    // the cookie of the other batch 1 would acknowledge it.
    let mut page = silent(batch());
    page.click(1);
    page.click(2);
    page.advance(2_000);
    let collector = Collector::default();
    listen(&mut page, &collector);
    page.timing.set(Some(204));
    page.click(3);
    page.advance(2_000);
    assert_eq!((page.count("acknowledged"), page.outbox_keys().len()), (1, 1));
    let mut next = page.next(batch());
    let mut answers = vec![answered(204), answered(204), answered(413)];
    next.network(move |_| answers.pop().unwrap());
    next.advance(60_000);
    let names: Vec<&str> = next.urls().iter().map(|url| url.split_once("b=").unwrap().1).collect();
    let (theirs, ours) = (&page.owned[0], &next.owned[0]);
    assert_eq!(names, [format!("{theirs}.0"), format!("{ours}.0"), format!("{ours}.1")]);
    assert_eq!((next.count("acknowledged"), next.outbox_keys().len()), (2, 0));
}
