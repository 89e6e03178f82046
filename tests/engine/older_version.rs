//! The outbox that an older version left (`tests/vectors/outbox-4a0c6fb.json`): the texts are read, and each event is sent once, as it was.

use crate::common::test;
use crate::common::{Page, answered, calm, json};
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::identity::Stored;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: u64 = 3_600_000;
const WEEK_MS: u64 = 168 * HOUR_MS;

fn fixture() -> Json {
    serde_json::from_str(include_str!("../vectors/outbox-4a0c6fb.json")).unwrap()
}

/// The pairs of a list as a map.
fn map(pairs: &Json) -> BTreeMap<String, String> {
    serde_json::from_value::<Vec<(String, String)>>(pairs.clone()).unwrap().into_iter().collect()
}

/// The page with both destinations that the visitor opens so much later.
fn page(left: &Json, later: u64) -> Page {
    let (cookies, texts) = (map(&left["cookies"]), map(&left["texts"]));
    let of = |kept: &BTreeMap<String, String>, name: &str| kept.get(name).cloned();
    let stored = Stored {
        id: of(&cookies, "reco_id"),
        id_at: of(&cookies, "reco_id_at"),
        user: of(&cookies, "reco_user"),
        orders: of(&texts, "reco_orders"),
        logins: of(&texts, "reco_logins"),
        session: of(&texts, "reco_session"),
        ..Stored::default()
    };
    let config = json!({ "destinations": [
        { "protocol": "batch", "endpoint": "/v1/events" },
        { "protocol": "ibexa", "customerId": "00000", "endpoint": "/" },
    ] });
    let mut page =
        Page::start_at(&config, &stored, calm(), left["start"].as_u64().unwrap() + later);
    page.network(|send| if send.via == Via::Beacon { Some(Outcome::Taken) } else { answered(204) });
    page.kept.extend(texts.into_iter().filter(|(key, _)| key.starts_with("reco_o_")));
    page.jar.extend(
        cookies
            .into_iter()
            .filter(|(name, _)| name.starts_with("reco_ack_"))
            .map(|(name, value)| (name, (value, 1))),
    );
    page.take_over_outboxes();
    page
}

/// The events of a destination that have to be sent from the outbox: all but those of parked calls and of raw batches.
fn expected(left: &Json, source: &str) -> Vec<Json> {
    // Part of each entry for this destination.
    let mark = if source == "batch" { "\"id\":" } else { "/api/00000/" };
    let texts = map(&left["texts"]);
    let is_in_outbox = |event: &&Json| {
        let time = format!(" {} ", event["at"]);
        texts.iter().any(|(key, text)| {
            key.starts_with("reco_o_") && text.contains(mark) && text.contains(&time)
        })
    };
    let events = left["events"].as_array().unwrap().iter();
    events.filter(|event| event["source"] == source).filter(is_in_outbox).cloned().collect()
}

/// The streams of the batches in the outbox.
fn streams(left: &Json) -> BTreeSet<String> {
    let texts = map(&left["texts"]).into_iter();
    let entries =
        texts.filter(|(key, text)| key.starts_with("reco_o_") && text.contains("\"id\":"));
    entries.map(|(_, text)| text.split(' ').nth(2).unwrap().to_owned()).collect()
}

#[test]
fn each_event_is_sent_once_with_its_id_its_time_and_its_stream() {
    let left = fixture();
    let mut page = page(&left, HOUR_MS);
    page.advance(60_000);

    let events = page.events();
    let wanted = expected(&left, "batch");
    assert!(wanted.len() > 10);
    assert_eq!(events.len(), wanted.len(), "{events:?}");
    for event in &wanted {
        let sent = events.iter().find(|sent| sent["id"] == event["id"]).expect("the event");
        for field in ["type", "at", "user", "itemId", "orderId"] {
            assert_eq!(sent[field], event[field], "{sent}");
        }
    }
    let vendor: Vec<&str> =
        page.urls().into_iter().filter(|url| url.starts_with("/api/")).collect();
    assert_eq!(vendor.len(), expected(&left, "ibexa").len(), "{vendor:?}");
    assert_eq!(vendor.iter().collect::<BTreeSet<_>>().len(), vendor.len(), "{vendor:?}");

    // Each batch has a stream and a number of its own, and the events of a stream are in order.
    let mut last: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for batch in page.batches() {
        let (stream, seq) = (batch["stream"].as_str().unwrap(), batch["seq"].as_u64().unwrap());
        for event in batch["events"].as_array().unwrap() {
            let at = event["at"].as_u64().unwrap();
            let before = last.insert(stream.to_owned(), (seq, at));
            assert!(before.is_none_or(|(number, time)| number <= seq && time < at), "{batch}");
        }
    }
    // The collector had acknowledged the only batch of one stream.
    assert_eq!(last.len() + 1, streams(&left).len());
    assert!(last.keys().all(|stream| streams(&left).contains(stream)));

    assert_eq!((page.outbox_keys().len(), page.warnings.len()), (0, 0), "{:?}", page.warnings);
    assert!(!page.jar.keys().any(|name| name.starts_with("reco_ack_")));
    assert_eq!(page.count("accepted"), page.count("acknowledged") + page.count("sent"));
}

#[test]
fn known_orders_and_logins_are_not_sent_again() {
    let left = fixture();
    let mut page = page(&left, HOUR_MS);
    page.advance(60_000);
    let sent = page.sends.len();
    page.call("login", json!("ada"));
    for order in ["o1", "o2"] {
        page.call("buy", json!({ "itemId": "1", "price": "100EUR", "orderId": order }));
    }
    page.advance(60_000);
    assert_eq!(page.sends.len(), sent);
    assert_eq!(
        page.told(),
        [("duplicate-order", "buy.orderId"), ("duplicate-order", "buy.orderId")]
    );
    assert_eq!(page.engine.anonymous_id(), left["cookies"][0][1].as_str());
}

#[test]
fn after_a_week_nothing_of_it_is_sent() {
    let mut page = page(&fixture(), WEEK_MS + HOUR_MS);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.outbox_keys().len()), (0, 0));
    // All but the batch that had been acknowledged.
    assert_eq!(
        (page.count("dropped"), page.count("acknowledged")),
        (page.count("accepted") - 1, 1)
    );
}
