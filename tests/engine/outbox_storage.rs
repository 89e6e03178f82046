//! The outbox with damaged, full or blocked storage, and without consent.

use crate::common::test;
use crate::common::{DAY_MS, Page, answered, batch, json, retry_after, with};
use recobeacon_engine::effect::Outcome;
use recobeacon_engine::hash::hash;
use recobeacon_engine::input::Input;

#[test]
fn damaged_texts_are_deleted_and_the_rest_is_sent() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    for n in 0..10 {
        page.click(n);
    }
    let keys: Vec<String> = page.outbox_keys().into_iter().cloned().collect();
    let text = page.kept[&keys[0]].clone();
    page.kept.insert(keys[0].clone(), text[..text.len() - 1].to_owned());
    page.kept.insert(keys[1].clone(), String::new());
    page.kept.insert(keys[2].clone(), text.replace("\"itemId\":\"0\"", "\"itemId\":0"));
    page.kept.insert(keys[3].clone(), "\u{0}\u{fffd}\n \n".to_owned());
    page.kept.insert("reco_o_".to_owned(), text.clone());
    page.kept.insert("reco_o__".to_owned(), "1 ".to_owned());
    page.kept.insert("reco_o_x_y_z".to_owned(), "99999999999999999999999 a".to_owned());
    let mut next = page.next(batch());
    next.advance(2_000);
    assert_eq!(
        next.item_ids(),
        ["0", "3", "4", "5", "6", "7", "8"],
        "the first entry is under a new key"
    );
    assert_eq!(next.outbox_keys().len(), 0);
    // Three of its ten events, a text of two lines, and two texts without a line.
    let lost = 3 + 2 + 2;
    assert_eq!((next.count("accepted"), next.count("dropped")), (7 + lost, lost));
    let told: Vec<_> = next.warnings.iter().map(|error| error.code.name()).collect();
    assert_eq!(told, ["damaged"; 3], "one warning for each page's outbox");
}

#[test]
fn a_damaged_batch_counts_each_of_its_events_at_its_destination() {
    let config = json!({
        "destinations": [
            { "protocol": "ibexa", "customerId": "1" },
            { "protocol": "batch", "endpoint": "/v1/events" },
        ],
        "batch": { "maxEvents": 3 },
    });
    let mut page = Page::open(config.clone());
    page.network(|_| Some(Outcome::Failed));
    for n in 0..3 {
        page.click(n);
    }
    page.advance(10);
    page.kept.retain(|_, text| text.contains("\"itemId\""));
    for text in page.kept.values_mut().filter(|text| text.contains("\"itemId\"")) {
        text.pop();
        text.push_str("x\n");
    }
    let texts = page.kept.values().cloned().collect::<String>();
    let lines = texts.bytes().filter(|byte| *byte == b'\n').count() as u32;
    let next = page.next(config);
    assert_eq!((lines, next.count("dropped")), (3, 3));
    let told: Vec<_> =
        next.warnings.iter().map(|error| (error.code.name(), &*error.field)).collect();
    assert_eq!(told, [("damaged", "batch /v1/events")]);
}

#[test]
fn full_storage_does_not_stop_delivery() {
    for room in [0, 1_000, 4_000] {
        let mut page = Page::open(batch());
        page.room = room;
        page.feed(Input::Online(false));
        for n in 0..30 {
            page.click(n);
        }
        assert_eq!(page.count("queued"), 30);
        let writes = page.stored_writes;
        let kept = page.outbox_keys().len();
        assert_eq!(kept > 0, room > 0, "{kept}");
        for n in 30..60 {
            page.click(n);
        }
        assert_eq!(page.stored_writes, writes, "a failed write is not repeated endlessly");
        // Entries that were never written cannot have been taken over by another page.
        page.back(true);
        assert_eq!((page.count("queued"), page.outbox_keys().len()), (60, kept));
        page.feed(Input::Online(true));
        page.advance(10_000);
        assert_eq!((page.count("acknowledged"), page.outbox_keys().len()), (60, 0));
        assert_eq!(page.item_ids().len(), 60);
        // There is room again.
        page.feed(Input::Online(false));
        page.click(1);
        assert_eq!(!page.outbox_keys().is_empty(), room > 0);
    }
}

#[test]
fn taking_over_works_in_full_storage() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    for n in 10..40 {
        page.click(n);
    }
    page.room = page.kept.values().map(String::len).sum();
    let mut next = page.tab(batch());
    next.room = page.room;
    next.feed(Input::Online(false));
    next.take_over_outboxes();
    assert_eq!((next.count("queued"), next.outbox_keys().len()), (30, 30));
}

/// A click of more than a kilobyte.
/// The next page, after `old` was replaced by `new` in the entries of two clicks. Their checksums are right.
fn changed_entries(old: &str, new: &str) -> Page {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.click(1);
    page.click(2);
    for text in page.kept.values_mut().filter(|text| text.contains("\"itemId\"")) {
        let (_, body) = text.split_once(' ').unwrap();
        assert!(body.contains(old), "{body}");
        let body = body.replacen(old, new, 1);
        *text = format!("{} {body}", hash(&["1", &body]) >> 32);
    }
    page.next(batch())
}

/// A batch number of 64 bits would overflow.
#[test]
fn an_entry_with_a_number_of_no_tracker_counts_as_damaged() {
    let mut next = changed_entries(" 0 0 click", " 18446744073709551615 0 click");
    next.advance(2_000);
    assert_eq!(next.told(), [("damaged", "batch /v1/events")]);
    assert_eq!((next.count("accepted"), next.count("dropped")), (2, 2));
    let mut next = changed_entries(" 0 0 click", " 9007199254740991 0 click");
    next.advance(2_000);
    assert_eq!((next.told(), next.item_ids().len()), (vec![], 2));
}

/// Counters of 32 bits would overflow.
#[test]
fn an_event_in_an_entry_stands_for_one_delivery_at_most() {
    let mut next = changed_entries(" 1 {", " 4294967295 {");
    next.advance(2_000);
    assert_eq!(next.warnings, []);
    assert_eq!((next.item_ids().len(), next.count("accepted")), (2, 2));
}

fn long_click(page: &mut Page, n: u32) {
    page.call(
        "click",
        json!({ "itemId": format!("{n}{}", "-".repeat(500)), "categoryPath": "A".repeat(500) }),
    );
}

#[test]
fn the_size_of_the_outbox_is_limited() {
    let many = with(batch(), json!({ "queue": { "maxEvents": 100_000 } }));
    let mut page = Page::open(many.clone());
    page.checks = false;
    page.feed(Input::Online(false));
    for n in 0..3_500 {
        long_click(&mut page, n);
    }
    let size: usize = page.outbox_keys().iter().map(|key| page.kept[*key].len()).sum();
    assert!((3_400_000..=3_500_000).contains(&size), "{size}");
    assert_eq!(page.count("queued"), 3_500, "the other events are in memory");
    // The next page leaves the entries for which it has no room.
    let mut next = page.tab(many.clone());
    next.checks = false;
    next.feed(Input::Online(false));
    for n in 0..500 {
        long_click(&mut next, n);
    }
    let keys = next.outbox_keys().len();
    next.take_over_outboxes();
    assert_eq!(next.outbox_keys().len(), keys);
    assert!(next.count("queued") < keys as u64, "{} of {keys}", next.count("queued"));
    next.feed(Input::Online(true));
    next.advance(600_000);
    let left = next.outbox_keys().len();
    assert!(left > 0 && next.count("queued") == 0);
    let mut last = next.next(many);
    last.advance(600_000);
    assert_eq!((last.count("acknowledged"), last.outbox_keys().len()), (left as u64, 0));
}

#[test]
fn without_a_larger_queue_the_outbox_is_under_a_tenth_of_the_storage() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    for n in 0..1_000 {
        long_click(&mut page, n);
    }
    let size: usize = page.outbox_keys().iter().map(|key| page.kept[*key].len()).sum();
    assert!((430_000..=437_500).contains(&size), "{size}");
    assert_eq!(page.count("queued"), 1_000, "the other events are in memory");
}

#[test]
fn the_next_page_takes_over_all_ten_thousand_events() {
    let mut page = Page::open(with(batch(), json!({ "queue": { "maxEvents": 20_000 } })));
    page.checks = false;
    page.feed(Input::Online(false));
    for n in 0..10_000 {
        page.click(n);
    }
    assert_eq!(page.outbox_keys().len(), 10_000);
}

#[test]
fn without_persist_or_with_memory_nothing_is_stored() {
    for options in [
        json!({ "queue": { "persist": false } }),
        json!({ "identity": { "storage": "memory" } }),
        json!({ "consent": "pending" }),
        json!({ "consent": "anonymous" }),
        json!({ "consent": "denied" }),
    ] {
        let mut page = Page::open(with(batch(), options.clone()));
        page.feed(Input::Online(false));
        page.click(1);
        page.feed(Input::Hidden);
        assert_eq!((page.outbox_keys().len(), page.owned.len()), (0, 0), "{options}");
        let own = recobeacon_engine::id::id([9; 16]);
        for name in ["x", &own] {
            let damaged = vec![(format!("reco_o_{name}_1"), "y".to_owned())];
            page.kept.extend(damaged.clone());
            page.feed(Input::OutboxFound(name.to_owned(), damaged));
            assert_eq!((page.owned.len(), page.outbox(name).len()), (0, 1), "{options}");
        }
        page.shown();
        page.feed(Input::Online(true));
        page.advance(2_000);
        assert!(page.count("accepted") <= 1);
    }
}

#[test]
fn held_events_are_stored_once_consent_is_granted() {
    let mut page = Page::open(with(batch(), json!({ "consent": "pending" })));
    page.feed(Input::Online(false));
    page.click(1);
    page.click(2);
    page.call("consent", json!("granted"));
    assert_eq!((page.owned.len(), page.outbox_keys().len()), (1, 2));
    // Pending again: new events wait in memory for the decision.
    page.call("consent", json!("pending"));
    page.click(3);
    assert_eq!(page.outbox_keys().len(), 2);
    page.call("consent", json!("granted"));
    assert_eq!(page.outbox_keys().len(), 3);
    let mut next = page.next(batch());
    next.advance(50);
    assert_eq!(next.item_ids(), ["1", "2", "3"]);
}

#[test]
fn withdrawn_consent_erases_every_outbox_and_events_with_an_id() {
    for (state, sent_later) in [("denied", 0), ("anonymous", 1)] {
        // Another page left an event. Of this page one batch is in flight, one failed, one was
        // taken.
        let mut before = Page::open(batch());
        before.feed(Input::Online(false));
        before.click(0);
        let mut page = before.tab(batch());
        page.timing.set(None);
        let mut answers =
            vec![None, Some(Outcome::Failed), Some(Outcome::Refused), Some(Outcome::Taken)];
        page.network(move |_| answers.pop().unwrap());
        page.take_over_outboxes();
        page.click(1);
        page.advance(2_000);
        page.click(2);
        page.advance(1_000);
        assert_eq!((page.sends.len(), page.count("queued")), (4, 3), "{:?}", page.stats());
        let under_way = page.sends[3].send.id;

        page.call("consent", json!(state));
        assert_eq!(page.outbox_keys().len(), 0);
        // Batch 0 was taken, and no more is known. Batch 1 is in flight. Batch 2 has no id any
        // more, or was dropped.
        assert_eq!((page.count("sent"), page.count("queued")), (1, 1 + sent_later), "{state}");
        page.network(|_| answered(204));
        page.settle(under_way, answered(503));
        page.advance(DAY_MS / 4);
        let last = page.events().split_off(4);
        assert_eq!(last.len() as u64, sent_later, "{state}: {last:?}");
        assert!(last.iter().all(|event| event.get("anonymous").is_none()));
        assert_eq!((page.count("queued"), page.count("sent")), (0, 1));
        page.call("consent", json!("granted"));
        assert_eq!(page.outbox_keys().len(), 0);
        page.feed(Input::Online(false));
        page.click(3);
        assert_eq!(page.outbox_keys().len(), 1);
    }
}

#[test]
fn a_page_without_consent_erases_what_was_stored_before() {
    for state in ["denied", "anonymous"] {
        let mut page = Page::open(batch());
        page.feed(Input::Online(false));
        page.click(1);
        let next = page.next(with(batch(), json!({ "consent": state })));
        assert_eq!(next.outbox_keys().len(), 0, "{state}");
    }
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.click(1);
    let mut next = page.next(with(batch(), json!({ "consent": "pending" })));
    assert_eq!(next.outbox_keys().len(), 1, "consent is not decided");
    next.call("consent", json!("granted"));
    next.take_over_outboxes();
    next.advance(50);
    assert_eq!(next.item_ids(), ["1"]);
}

#[test]
fn events_without_identity_are_never_stored() {
    let mut page = Page::open(with(
        batch(),
        json!({ "consent": "anonymous", "destinations": { "transport": "fetch" } }),
    ));
    page.network(|_| answered(503));
    page.click(1);
    page.advance(2_000);
    page.call("consent", json!("granted"));
    page.advance(2_000);
    assert_eq!((page.count("queued"), page.outbox_keys().len()), (1, 0));
}

#[test]
fn dropped_events_also_leave_the_outbox() {
    let options = json!({ "destinations": { "transport": "fetch" }, "batch": { "maxEvents": 5 },
                          "queue": { "maxEvents": 10 } });
    let mut page = Page::open(with(batch(), options));
    page.network(|_| answered(503));
    for n in 0..50 {
        page.click(n);
        page.call("flush", json!([]));
    }
    assert!(page.count("dropped") > 30);
    let texts: Vec<&String> = page.outbox_keys().into_iter().map(|key| &page.kept[key]).collect();
    let events: usize = texts.iter().map(|text| text.matches("\"id\":").count()).sum();
    assert_eq!(events as u64, page.count("queued"));
}

#[test]
fn dropping_events_loses_no_batch_number() {
    let config = |most: u32| {
        with(
            batch(),
            json!({ "destinations": { "transport": "fetch" }, "batch": { "maxEvents": 2 },
                              "queue": { "maxEvents": most, "maxAgeMs": 60_000 } }),
        )
    };
    // Four batches are sent. Of the last two events only the first has the number of the fifth
    // batch.
    let mut page = Page::open(config(20));
    page.feed(Input::Online(false));
    for n in 0..9 {
        page.click(n);
    }
    page.sleep(30_000);
    page.click(9);
    page.network(|_| None);
    page.feed(Input::Online(true));
    page.feed(Input::Online(false));
    for sent in page.sends.clone() {
        page.settle(sent.send.id, answered(204));
    }
    assert_eq!((page.sends.len(), page.count("queued"), page.outbox_keys().len()), (4, 2, 2));

    let number_of_the_last = |mut page: Page| {
        page.network(|_| answered(204));
        page.take_over_outboxes();
        page.advance(1);
        assert_eq!(page.item_ids(), ["9"]);
        page.batches()[0]["seq"].as_u64().unwrap()
    };
    // A page without room for both drops it,
    let mut small = page.tab(config(1));
    small.feed(Input::Online(false));
    small.take_over_outboxes();
    assert_eq!(small.count("dropped"), 1);
    assert_eq!(number_of_the_last(small.tab(config(10))), 4);
    // or it is too old.
    page.sleep(30_001);
    page.feed(Input::Hidden);
    assert_eq!(page.count("dropped"), 1);
    assert_eq!(number_of_the_last(page.tab(config(10))), 4);
}

/// The failed write is no new reason to send: a server that answers 503 would get requests without a pause.
#[test]
fn a_failed_write_in_a_hidden_page_repeats_no_request() {
    let mut page = Page::open(with(
        crate::common::ibexa(),
        json!({ "destinations": { "transport": "fetch" } }),
    ));
    page.network(|_| retry_after(503, 90));
    page.feed(Input::Online(false));
    for n in 0..3 {
        page.click(n);
    }
    page.feed(Input::Hidden);
    page.room = 1;
    page.feed(Input::Online(true));
    page.feed(Input::Flush);
    assert!(page.sends.len() <= 6, "{} requests at once", page.sends.len());
}
