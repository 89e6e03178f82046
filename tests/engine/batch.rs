//! The batch format, on which shops and back ends rely: envelope, numbers, ids, and the time of
//! sending.

use crate::common::test;
use crate::common::{Page, START, answered, batch, json, with};
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::input::Input;
use recobeacon_engine::request::Method;
use serde_json::Value as Json;
use std::collections::BTreeSet;

fn limits(batch_options: Json) -> Json {
    with(batch(), json!({ "batch": batch_options }))
}

#[test]
fn the_envelope_has_exactly_these_bytes() {
    let mut page = Page::open(with(batch(), json!({ "destinations": { "token": "t\"1" } })));
    page.advance(1);
    page.call("login", json!("johndoe"));
    page.call("consume", json!({ "itemId": 123, "percentage": 60, "title": "a\tb/\u{7f}ü" }));
    page.advance(0);
    let request = &page.sends[0].send.request;
    let body = request.body.as_deref().unwrap();
    let json: Json = serde_json::from_str(body).unwrap();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let stream = text(&json["stream"]);
    let anonymous = page.jar["reco_id"].0.as_str();
    let [first, second] = [0, 1].map(|place| text(&json["events"][place]["id"]));
    let (at, version) = (START + 1, env!("CARGO_PKG_VERSION"));
    assert_eq!(
        body,
        format!(
            "{{\"v\":1,\"client\":\"recobeacon/{version}\",\"stream\":\"{stream}\",\"seq\":0,\
             \"sentAt\":{at},\"ack\":true,\"token\":\"t\\\"1\",\"events\":[\
             {{\"id\":\"{first}\",\"type\":\"login\",\"at\":{at},\"user\":\"johndoe\",\
             \"anonymous\":\"{anonymous}\"}},\
             {{\"id\":\"{second}\",\"type\":\"consume\",\"at\":{at},\"user\":\"johndoe\",\
             \"anonymous\":\"{anonymous}\",\"itemType\":\"1\",\"itemId\":\"123\",\
             \"title\":\"a\\u0009b/\u{7f}ü\",\"percentage\":60}}]}}"
        )
    );
    assert_eq!(request.url, format!("/v1/events?b={stream}.0"));
    assert_eq!((request.method, request.no_cors), (Method::Post, false));
    assert!(stream.len() == 22 && stream.bytes().all(|b| b.is_ascii_alphanumeric()), "{stream}");
}

#[test]
fn absent_fields_are_not_written() {
    let mut page = Page::open(with(batch(), json!({ "consent": "anonymous" })));
    page.call("blacklist", json!({ "itemId": 1 }));
    page.advance(2_000);
    let batch = &page.batches()[0];
    let names: Vec<&String> = batch.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 6, "{batch}");
    assert!(batch.get("ack").is_none() && batch.get("token").is_none(), "{batch}");
    let names: BTreeSet<&str> =
        batch["events"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["id", "type", "at", "itemType", "itemId"]));
}

#[test]
fn an_endpoint_is_used_unchanged() {
    for (endpoint, start) in [
        ("/v1/events", "/v1/events?b="),
        ("collect", "collect?b="),
        ("//c.example/v1/events", "//c.example/v1/events?b="),
        ("https://c.example/v1/events?shop=1", "https://c.example/v1/events?shop=1&b="),
    ] {
        let mut page =
            Page::open(with(batch(), json!({ "destinations": { "endpoint": endpoint } })));
        page.click(1);
        page.advance(2_000);
        assert!(page.urls()[0].starts_with(start), "{}", page.urls()[0]);
    }
}

#[test]
fn ack_is_set_only_if_storage_is_allowed() {
    for (options, ack) in [
        (json!({}), Some(true)),
        (json!({ "consent": "anonymous" }), None),
        (json!({ "identity": { "storage": "memory" } }), None),
    ] {
        let mut page = Page::open(with(batch(), options.clone()));
        page.click(1);
        page.advance(2_000);
        assert_eq!(page.batches()[0]["ack"].as_bool(), ack, "{options}");
    }
}

#[test]
fn batch_numbers_start_at_zero_without_gaps_and_are_in_the_url() {
    let mut page = Page::open(limits(json!({ "maxEvents": 3 })));
    for n in 0..20 {
        page.click(n);
        page.advance(700);
    }
    page.advance(5_000);
    let stream = page.batches()[0]["stream"].clone();
    for (seq, (batch, url)) in page.batches().iter().zip(page.urls()).enumerate() {
        assert_eq!((&batch["seq"], &batch["stream"]), (&json!(seq), &stream));
        assert_eq!(url, format!("/v1/events?b={}.{seq}", stream.as_str().unwrap()));
    }
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(page.item_ids(), ids);
}

#[test]
fn each_page_has_its_own_stream() {
    let mut first = Page::open(batch());
    first.click(1);
    first.advance(2_000);
    let mut second = first.next(batch());
    second.click(1);
    second.advance(2_000);
    assert_ne!(first.batches()[0]["stream"], second.batches()[0]["stream"]);
    assert_eq!(second.batches()[0]["seq"], 0);
}

#[test]
fn a_batch_is_sent_after_max_wait_ms() {
    let mut page = Page::open(batch());
    let start = page.mono;
    page.advance(300);
    page.click(1);
    page.advance(1_500);
    page.click(2);
    assert_eq!(page.sends.len(), 0);
    page.advance(10_000);
    assert_eq!(page.sends.len(), 1);
    assert_eq!(page.sends[0].at, start + 300 + 2_000);
    assert_eq!(page.batches()[0]["sentAt"], START + 2_300);
    assert_eq!(page.item_ids(), ["1", "2"]);
    assert_eq!(page.wake, None, "no further wake-up is needed");
}

#[test]
fn a_full_batch_is_sent() {
    let mut page = Page::open(limits(json!({ "maxEvents": 3, "maxWaitMs": 60_000 })));
    for n in 0..7 {
        page.click(n);
    }
    // Not within the page's own handler.
    assert_eq!(page.sends.len(), 0);
    page.advance(50);
    let sizes: Vec<usize> =
        page.batches().iter().map(|batch| batch["events"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [3, 3, 1]);
}

#[test]
fn a_batch_has_at_most_max_bytes() {
    let mut page = Page::open(limits(json!({ "maxBytes": 1_000, "maxWaitMs": 60_000 })));
    for n in 0..30 {
        page.call("click", json!({ "itemId": n, "title": "ü".repeat(n * 5 + 1) }));
        page.advance(1);
    }
    page.advance(60_000);
    assert_eq!(page.item_ids().len(), 30);
    for sent in &page.sends {
        let bytes = sent.send.request.body.as_deref().unwrap().len();
        assert!(bytes <= 1_000, "{bytes}");
    }
    // A single event above the limit is sent alone.
    let mut page = Page::open(limits(json!({ "maxBytes": 1_000 })));
    for title in ["a".to_owned(), "ü".repeat(900), "b".to_owned()] {
        page.call("click", json!({ "itemId": 1, "title": title }));
    }
    page.advance(2_000);
    assert_eq!(page.sends.len(), 3);
}

#[test]
fn an_event_too_large_for_any_request_does_not_block_the_others() {
    // A keepalive request holds 64 KiB, and the browser always refuses a larger beacon.
    let mut page = Page::open(batch());
    page.network(|send| {
        let large = send.request.body.as_ref().is_some_and(|body| body.len() > 65_536);
        match (large, send.via) {
            (true, Via::Beacon) => Some(Outcome::Refused),
            (true, Via::Fetch) => Some(Outcome::Failed),
            (false, _) => Some(Outcome::Taken),
        }
    });
    let ids: Vec<String> = (0..1_000).map(|n| format!("{n:0>100}")).collect();
    page.call("rendered", json!({ "items": ids }));
    page.click(1);
    page.advance(600_000);
    assert_eq!(page.count("queued"), 0, "{:?}", page.told());
    assert!(page.item_ids().contains(&"1".to_owned()));
    let ids: BTreeSet<String> = ids_of(&page).into_iter().collect();
    assert_eq!(ids.len(), page.events().len(), "each event has a different id");
}

#[test]
fn valuable_events_are_sent_in_the_next_task_with_earlier_ones() {
    for (verb, args) in [
        ("buy", json!({ "itemId": 2 })),
        ("basket", json!({ "itemId": 2 })),
        ("clickRecommended", json!({ "itemId": 2 })),
        ("login", json!("johndoe")),
    ] {
        let mut page = Page::open(batch());
        page.click(1);
        page.call(verb, args);
        assert_eq!(page.sends.len(), 0, "not within the page's own handler");
        assert!(page.wake.unwrap() <= page.mono + 50, "{verb}");
        page.advance(50);
        let types: Vec<Json> = page.events().iter().map(|event| event["type"].clone()).collect();
        assert_eq!(types, ["click", verb]);
        assert_eq!(page.sends.len(), 1);
    }
    let mut page = Page::open(batch());
    for verb in ["click", "consume", "deleteFromBasket", "wishlist", "blacklist"] {
        page.call(verb, json!({ "itemId": 2 }));
    }
    page.advance(1_999);
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn a_hidden_page_sends_at_once_and_so_do_later_events() {
    let mut page = Page::open(batch());
    page.click(1);
    page.feed(Input::Hidden);
    assert_eq!(page.item_ids(), ["1"]);
    page.feed(Input::Hidden);
    assert_eq!(page.sends.len(), 1, "everything was sent");
    page.click(2);
    assert_eq!(page.item_ids(), ["1", "2"]);
    page.shown();
    page.click(3);
    assert_eq!(page.sends.len(), 2, "a visible page waits for the batch again");
}

#[test]
fn flush_and_dispose_send_at_once() {
    let mut page = Page::open(batch());
    page.click(1);
    page.call("flush", json!([]));
    assert_eq!(page.item_ids(), ["1"]);
    page.call("flush", json!([]));
    assert_eq!(page.sends.len(), 1);
    page.click(2);
    page.call("dispose", json!([]));
    assert_eq!(page.item_ids(), ["1", "2"]);
    let writes = page.stored_writes;
    page.click(3);
    page.call("login", json!("johndoe"));
    page.call("consent", json!("denied"));
    page.advance(600_000);
    assert_eq!((page.sends.len(), page.stored_writes, page.wake), (2, writes, None));
}

#[test]
fn the_response_to_the_last_request_is_counted_after_dispose() {
    let mut page = Page::open(with(batch(), json!({ "destinations": { "transport": "fetch" } })));
    page.network(|_| None);
    page.click(1);
    page.call("dispose", json!([]));
    page.settle(page.sends[0].send.id, answered(204));
    assert_eq!((page.count("acknowledged"), page.count("queued")), (1, 0));
}

#[test]
fn a_repeated_batch_keeps_its_bytes() {
    let mut page = Page::open(with(batch(), json!({ "destinations": { "transport": "fetch" } })));
    let mut answers = vec![answered(204), Some(Outcome::Failed), answered(503), answered(500)];
    page.network(move |_| answers.pop().unwrap());
    page.click(1);
    page.advance(600_000);
    assert_eq!(page.sends.len(), 4);
    assert!(page.sends.iter().all(|sent| sent.send.request == page.sends[0].send.request));
    assert_eq!(page.count("acknowledged"), 1);
}

#[test]
fn transports() {
    for (transport, seen, hidden) in [
        ("beacon", Via::Beacon, Via::Beacon),
        ("auto", Via::Fetch, Via::Beacon),
        ("fetch", Via::Fetch, Via::Fetch),
    ] {
        let options = json!({ "destinations": { "transport": transport } });
        let mut page = Page::open(with(batch(), options));
        page.click(1);
        page.advance(2_000);
        page.click(2);
        page.feed(Input::Hidden);
        let via: Vec<Via> = page.sends.iter().map(|sent| sent.send.via).collect();
        assert_eq!(via, [seen, hidden], "{transport}");
    }
}

/// Checks that the id is a UUIDv7 (RFC 9562) and returns its milliseconds.
fn uuid_ms(id: &str) -> u64 {
    let groups: Vec<&str> = id.split('-').collect();
    assert_eq!(
        groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12],
        "{id}"
    );
    assert!(id.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    assert!(groups[2].starts_with('7'), "version: {id}");
    assert!(groups[3].starts_with(['8', '9', 'a', 'b']), "variant: {id}");
    u64::from_str_radix(&[groups[0], groups[1]].concat(), 16).unwrap()
}

fn ids_of(page: &Page) -> Vec<String> {
    page.events().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn event_ids_are_uuids_with_the_events_time() {
    let mut page = Page::open(batch());
    for _ in 0..3 {
        page.advance(1);
        page.click(1);
    }
    page.advance(2_000);
    let ms: Vec<u64> = ids_of(&page).iter().map(|id| uuid_ms(id)).collect();
    assert_eq!(ms, [START + 1, START + 2, START + 3]);
}

#[test]
fn event_ids_rise_whatever_the_clock_does() {
    let mut page = Page::open(with(batch(), json!({ "queue": { "maxEvents": 10_000 } })));
    // More ids in one millisecond than twelve bits can count.
    for _ in 0..5_000 {
        page.click(1);
    }
    page.advance(10);
    page.wall -= 3_600_000;
    page.click(2);
    page.advance(2_000);
    page.wall += 7_200_000;
    page.click(3);
    // A call kept by the stub has its own, earlier time.
    let kept = vec![crate::common::value(json!({ "itemId": 4 }))];
    let at = page.wall - 10_000;
    page.feed(Input::from_call("click", kept, at));
    page.click(5);
    page.feed(Input::Hidden);
    page.advance(600_000);
    let ids = ids_of(&page);
    assert_eq!(ids.len(), 5_004, "dropped {}", page.count("dropped"));
    ids.iter().for_each(|id| assert!(uuid_ms(id) > 0));
    assert!(ids.is_sorted_by(|a, b| a < b));
}
