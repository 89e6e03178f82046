//! Pending events: merging, limits, age, network, pacing, and several destinations.

use crate::common::test;
use crate::common::{DAY_MS, Page, answered, batch, calm, ibexa, json, with};
use recobeacon_engine::effect::{DeliveryStatus, Outcome};
use recobeacon_engine::error::ErrorCode;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

/// A page that was opened without a network.
fn offline(config: Json) -> Page {
    let mut signals = calm();
    signals.online = false;
    Page::start(&config, &Stored::default(), signals)
}

fn dropped(page: &Page, code: ErrorCode) -> u32 {
    let is = |news: &DeliveryStatus| *news == DeliveryStatus::Dropped(code);
    page.notices.iter().filter(|notice| is(&notice.status)).map(|notice| notice.events).sum()
}

#[test]
fn only_the_highest_pending_percentage_of_an_item_is_sent() {
    let mut page = Page::open(batch());
    let mut consume = |item: Json| page.call("consume", item);
    for percentage in [10, 30, 20] {
        consume(json!({ "itemId": 1, "percentage": percentage }));
    }
    consume(json!({ "itemId": 1, "itemType": 2, "percentage": 5 }));
    consume(json!({ "itemId": 2, "percentage": 7 }));
    consume(json!({ "itemId": 1, "percentage": 29 }));
    page.advance(2_000);
    let sent: Vec<(Json, Json, Json)> = page
        .events()
        .iter()
        .map(|e| (e["itemId"].clone(), e["itemType"].clone(), e["percentage"].clone()))
        .collect();
    let expected = [("1", "1", 30), ("1", "2", 5), ("2", "1", 7)];
    assert_eq!(sent, expected.map(|(id, of, n)| (json!(id), json!(of), json!(n))));
    assert_eq!(
        (page.count("accepted"), page.count("merged"), page.count("acknowledged")),
        (6, 3, 3)
    );
}

#[test]
fn a_consume_without_percentage_counts_as_100() {
    let mut page = Page::open(batch());
    page.call("consume", json!({ "itemId": 1, "percentage": 90 }));
    page.call("consume", json!({ "itemId": 1 }));
    page.call("consume", json!({ "itemId": 1, "percentage": 95 }));
    page.advance(2_000);
    assert_eq!(page.events().len(), 1);
    assert_eq!(page.events()[0]["percentage"].as_u64().unwrap_or(100), 100);
}

#[test]
fn a_merged_event_keeps_the_first_ones_id_and_time() {
    let mut page = Page::open(batch());
    page.call("consume", json!({ "itemId": 1, "percentage": 10 }));
    page.click(2);
    page.advance(500);
    page.call("consume", json!({ "itemId": 1, "percentage": 20 }));
    page.advance(2_000);
    let events = page.events();
    assert_eq!(
        (&events[0]["at"], &events[0]["percentage"]),
        (&json!(crate::common::START), &json!(20))
    );
    assert!(events[0]["id"].as_str() < events[1]["id"].as_str());
}

#[test]
fn events_are_not_merged_with_sent_ones() {
    let mut page = Page::open(batch());
    page.call("consume", json!({ "itemId": 1, "percentage": 10 }));
    page.advance(2_000);
    page.call("consume", json!({ "itemId": 1, "percentage": 20 }));
    page.advance(2_000);
    assert_eq!(page.events().len(), 2);
}

#[test]
fn rendered_events_of_one_scenario_are_merged() {
    let mut page = Page::open(batch());
    let mut rendered = |items: Json, scenario: Json| {
        page.call("rendered", json!({ "items": items, "scenario": scenario }));
    };
    rendered(json!([1, 2]), json!("top"));
    rendered(json!([9]), json!("other"));
    rendered(json!([2, 3]), json!("top"));
    rendered(json!([4]), json!(null));
    rendered(json!([{ "itemId": 5, "itemType": 2 }]), json!("top"));
    page.advance(2_000);
    let ids = |event: &Json| -> Vec<String> {
        let items = event["items"].as_array().unwrap();
        items.iter().map(|item| item["itemId"].as_str().unwrap().to_owned()).collect()
    };
    let sent: Vec<Vec<String>> = page.events().iter().map(ids).collect();
    assert_eq!(sent, [vec!["1", "2", "3"], vec!["9"], vec!["4"], vec!["5"]]);
    assert_eq!(page.count("merged"), 1);
}

#[test]
fn rendered_events_of_two_variants_stay_apart() {
    let mut page = Page::open(batch());
    for (item, variant) in [(1, json!("A")), (2, json!("B")), (3, json!("A")), (4, json!(null))] {
        page.call("rendered", json!({ "items": [item], "scenario": "s", "variant": variant }));
    }
    page.advance(2_000);
    let sent: Vec<(Json, usize)> = page
        .events()
        .iter()
        .map(|event| (event["variant"].clone(), event["items"].as_array().unwrap().len()))
        .collect();
    assert_eq!(sent, [(json!("A"), 2), (json!("B"), 1), (Json::Null, 1)]);
}

#[test]
fn merged_events_stay_within_the_collectors_limits() {
    // The harness reads every batch by the collector's rules.
    let mut page = Page::open(batch());
    for call in 0..5 {
        let items: Vec<u32> = (call * 400..(call + 1) * 400).collect();
        page.call("rendered", json!({ "items": items }));
    }
    page.advance(60_000);
    let rendered: usize =
        page.events().iter().map(|event| event["items"].as_array().unwrap().len()).sum();
    assert_eq!(rendered, 2_000);
}

#[test]
fn events_are_not_merged_across_a_login() {
    let mut page = Page::open(batch());
    page.call("consume", json!({ "itemId": 1, "percentage": 50 }));
    page.call("login", json!("johndoe"));
    page.call("consume", json!({ "itemId": 1, "percentage": 60 }));
    page.advance(2_000);
    let users: Vec<Json> = page.events().iter().map(|event| event["user"].clone()).collect();
    assert_eq!(users, [json!(null), json!("johndoe"), json!("johndoe")]);
}

#[test]
fn other_events_are_not_merged() {
    let mut page = Page::open(batch());
    for (verb, more) in [
        ("click", json!({})),
        ("basket", json!({})),
        ("buy", json!({})),
        ("rate", json!({ "rating": 5 })),
        ("blacklist", json!({})),
        ("clickRecommended", json!({})),
    ] {
        for _ in 0..2 {
            page.call(verb, with(json!({ "itemId": 1 }), more.clone()));
        }
    }
    page.advance(2_000);
    assert_eq!(page.events().len(), 12);
    assert_eq!(page.count("merged"), 0);
}

#[test]
fn a_full_queue_drops_the_oldest_with_one_warning() {
    let mut page = offline(with(batch(), json!({ "queue": { "maxEvents": 5 } })));
    for n in 0..8 {
        page.click(n);
    }
    assert_eq!((page.count("queued"), page.count("dropped")), (5, 3));
    assert_eq!(page.told(), [("queue-full", "batch /v1/events")]);
    assert_eq!(dropped(&page, ErrorCode::QueueFull), 3);
    page.feed(Input::Online(true));
    page.advance(2_000);
    assert_eq!(page.item_ids(), ["3", "4", "5", "6", "7"]);
}

#[test]
fn the_limit_includes_batches_that_are_to_be_repeated() {
    let options = json!({ "destinations": { "transport": "fetch" }, "batch": { "maxEvents": 5 },
                          "queue": { "maxEvents": 10 } });
    let mut page = Page::open(with(batch(), options));
    page.network(|_| answered(503));
    for n in 0..100 {
        page.click(n);
        page.call("flush", json!([]));
        assert!(page.count("queued") <= 10, "{} queued", page.count("queued"));
    }
    let before = page.sends.len();
    page.network(|_| answered(204));
    page.advance(600_000);
    let mut ids: Vec<u32> = page.batches()[before..]
        .iter()
        .flat_map(|batch| batch["events"].as_array().unwrap().clone())
        .map(|event| event["itemId"].as_str().unwrap().parse().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (90..100).collect::<Vec<u32>>(), "the newest events stay");
}

#[test]
fn the_limit_includes_requests_in_flight() {
    let options = json!({ "destinations": { "transport": "fetch" }, "queue": { "maxEvents": 5 } });
    let mut page = Page::open(with(batch(), options));
    page.network(|_| None);
    for n in 0..10 {
        page.click(n);
        page.advance(2_000);
        assert!(page.count("queued") <= 5, "{} queued", page.count("queued"));
    }
    for sent in page.sends.clone() {
        page.settle(sent.send.id, answered(503));
        assert!(page.count("queued") <= 5, "{} queued", page.count("queued"));
    }
    page.network(|_| answered(204));
    page.advance(60_000);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (5, 5));
}

#[test]
fn a_full_queue_sends_before_it_drops_events() {
    // In a single task, so that the queue cannot run in between.
    let mut page = Page::open(with(batch(), json!({ "queue": { "maxEvents": 100 } })));
    page.network(|_| Some(Outcome::Taken));
    for n in 0..100 {
        page.click(n);
    }
    assert!(!page.sends.is_empty(), "the hundredth event fills the queue");
    for n in 100..200 {
        page.click(n);
    }
    assert_eq!(page.count("dropped"), 0, "{}", page.stats());
    assert_eq!(page.told(), []);
}

#[test]
fn a_filling_queue_sends_requests_as_large_as_possible() {
    let options = json!({ "queue": { "maxEvents": 100 }, "batch": { "maxBytes": 60_000 } });
    let mut page = offline(with(batch(), options));
    for n in 0..100 {
        page.click(n);
    }
    page.feed(Input::Online(true));
    page.advance(1);
    let sizes: Vec<usize> =
        page.batches().iter().map(|batch| batch["events"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100], "one request instead of five with `batch.maxEvents`");
}

#[test]
fn dropped_events_are_reported_with_their_number() {
    let mut page = offline(with(batch(), json!({ "queue": { "maxEvents": 10 } })));
    for n in 0..1_000 {
        page.click(n);
    }
    assert_eq!(page.count("dropped"), 990);
    assert_eq!(dropped(&page, ErrorCode::QueueFull), 990);
    assert_eq!(page.told().len(), 1);
}

#[test]
fn events_that_are_too_old_are_dropped() {
    let mut page = offline(with(batch(), json!({ "queue": { "maxAgeMs": 60_000 } })));
    page.click(1);
    page.sleep(30_000);
    page.click(2);
    page.sleep(30_001);
    page.feed(Input::Online(true));
    page.advance(2_000);
    assert_eq!(page.item_ids(), ["2"]);
    assert_eq!(page.told(), [("expired", "batch /v1/events")]);
    assert_eq!(dropped(&page, ErrorCode::Expired), 1);
}

#[test]
fn vendors_without_event_time_get_no_event_older_than_a_day() {
    let mut config = ibexa();
    config["destinations"] =
        json!([config["destinations"], { "protocol": "batch", "endpoint": "/e" }]);
    let mut page = offline(config);
    page.click(1);
    page.sleep(DAY_MS + 1);
    page.click(2);
    page.feed(Input::Online(true));
    page.advance(2_000);
    assert_eq!(page.item_ids(), ["1", "2"]);
    let vendor: Vec<&str> = page.urls().into_iter().filter(|url| url.contains("ibexa")).collect();
    assert_eq!(vendor.len(), 1);
    assert!(vendor[0].contains("/1/2?"), "{vendor:?}");
}

#[test]
fn a_request_that_never_succeeds_is_finally_dropped() {
    let options = json!({ "destinations": { "transport": "fetch" },
                          "queue": { "maxAgeMs": 3_600_000 } });
    let mut page = Page::open(with(batch(), options));
    page.network(|_| Some(Outcome::Failed));
    page.click(1);
    page.advance(2 * 3_600_000);
    assert_eq!((page.count("queued"), page.count("dropped")), (0, 1));
    let attempts = page.sends.len();
    page.advance(DAY_MS);
    assert_eq!((page.sends.len(), page.wake), (attempts, None));
}

#[test]
fn nothing_is_sent_offline_and_everything_once_online() {
    let mut page = Page::open(batch());
    page.feed(Input::Online(false));
    page.call("basket", json!({ "itemId": 1 }));
    page.feed(Input::Hidden);
    page.shown();
    page.call("flush", json!([]));
    page.advance(600_000);
    assert_eq!((page.sends.len(), page.wake, page.count("queued")), (0, None, 1));
    page.feed(Input::Online(true));
    page.advance(50);
    assert_eq!(page.item_ids(), ["1"]);
}

#[test]
fn single_event_requests_are_paced() {
    let mut page = Page::open(ibexa());
    for n in 1..=60 {
        page.click(n);
    }
    page.advance(60_000);
    assert_eq!(page.sends.len(), 60);
    let starts: Vec<u64> = page.sends.iter().map(|sent| sent.at).collect();
    for start in &starts {
        let near = starts.iter().filter(|at| at.abs_diff(*start) < 900).count();
        assert!(near <= 24, "{near} requests in one burst");
    }
    let ids: Vec<&str> = page.urls().iter().map(|url| crate::common::split_url(url).0).collect();
    let ids: Vec<u32> =
        ids.iter().map(|path| path.rsplit('/').next().unwrap().parse().unwrap()).collect();
    assert!(ids.is_sorted(), "the order is kept: {ids:?}");
}

#[test]
fn a_hidden_page_sends_more_but_fewer_than_chromium_would_drop() {
    let mut page = Page::open(ibexa());
    for n in 1..=300 {
        page.click(n);
    }
    page.feed(Input::Hidden);
    assert!((150..=255).contains(&page.sends.len()), "{}", page.sends.len());
    assert_eq!(page.count("queued"), 300 - page.sends.len() as u64, "the other events are kept");
}

#[test]
fn flush_tries_to_send_everything_once() {
    // index.d.ts: resolves after one attempt for everything queued at the call. The requests are
    // still paced.
    let mut page = Page::open(with(ibexa(), json!({ "batch": { "maxWaitMs": 600_000 } })));
    for n in 1..=100 {
        page.click(n);
    }
    page.call("flush", json!([]));
    page.advance(4_500);
    assert_eq!((page.sends.len(), page.count("queued")), (100, 0));
}

#[test]
fn destinations_do_not_wait_for_each_other() {
    let destinations = ["/a", "/b"]
        .map(|endpoint| json!({ "protocol": "batch", "endpoint": endpoint, "transport": "fetch" }));
    let mut page = Page::open(json!({ "destinations": destinations }));
    page.network(|send| answered(if send.request.url.starts_with("/a") { 503 } else { 204 }));
    for n in 0..3 {
        page.click(n);
        page.advance(2_000);
    }
    let stats = page.stats();
    assert_eq!(stats["destinations"]["batch /a"]["queued"], 3);
    assert_eq!(stats["destinations"]["batch /b"]["acknowledged"], 3);
    let streams: Vec<String> = ["/a", "/b"]
        .map(|endpoint| {
            let url = page.urls().into_iter().find(|url| url.starts_with(endpoint)).unwrap();
            url.split_once("b=").unwrap().1.split_once('.').unwrap().0.to_owned()
        })
        .into();
    assert_ne!(streams[0], streams[1], "a shared stream would have gaps in each collector");
}

#[test]
fn destinations_of_the_same_name_have_separate_counters() {
    // The vendor, and at the same time the shop's own collector with the vendor's paths.
    let vendor = json!({ "protocol": "ibexa", "customerId": "00000" });
    let own = with(vendor.clone(), json!({ "endpoint": "https://collect.shop.example" }));
    let mut page = Page::open(json!({ "destinations": [vendor, own] }));
    page.click(1);
    page.advance(2_000);
    assert_eq!(page.sends.len(), 2);
    assert_eq!(page.stats()["destinations"].as_object().unwrap().len(), 2, "{}", page.stats());
}

#[test]
fn the_outcome_of_an_unknown_request_is_ignored() {
    let mut page = Page::open(batch());
    page.click(1);
    page.advance(2_000);
    let stats = page.stats();
    page.settle(page.sends[0].send.id, answered(503));
    page.settle(999, Some(Outcome::Failed));
    page.advance(60_000);
    assert_eq!((page.stats(), page.sends.len()), (stats, 1));
}
