//! Google's e-commerce events in the page's data layer, and the tracker's events made of them. The
//! entries in `tests/vectors/ga4.json` have the forms of Google's documentation, and the variations
//! of shops.

use crate::common::test;
use crate::common::{Page, batch, json, with};
use serde_json::Value as Json;

/// Pushes an entry to the page's data layer.
fn push(page: &mut Page, entry: Json) {
    page.call("dataLayer", json!([entry]));
    page.advance(60_000);
}

/// A purchase in Google's form.
fn purchase(order: &str, items: &[&str]) -> Json {
    let items: Vec<Json> = items.iter().map(|id| json!({ "item_id": id })).collect();
    json!(["event", "purchase", { "transaction_id": order, "items": items }])
}

fn types(page: &Page) -> Vec<(String, Json)> {
    let of = |event: &Json| (event["type"].as_str().unwrap().to_owned(), event["user"].clone());
    page.events().iter().map(of).collect()
}

#[test]
fn every_entry_becomes_the_expected_events() {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("../vectors/ga4.json")).unwrap();
    assert!(vectors.len() >= 17, "{} vectors", vectors.len());
    for vector in vectors {
        let source = &vector["source"];
        let mut page = Page::open(batch());
        for entry in vector["entries"].as_array().unwrap() {
            page.call("dataLayer", json!([entry, vector["lists"]]));
        }
        page.advance(60_000);
        let mut events = page.events();
        for event in &mut events {
            for name in ["id", "at", "anonymous"] {
                event.as_object_mut().unwrap().remove(name).expect(name);
            }
        }
        assert_eq!(json!(events), vector["expected"], "{source}");
        assert_eq!(
            json!(page.told()),
            vector.get("warnings").unwrap_or(&json!([])).clone(),
            "{source}"
        );
        assert_eq!(page.count("rejected"), vector["rejected"].as_u64().unwrap_or(0), "{source}");
    }
}

#[test]
fn the_configured_item_type_applies() {
    let mut page = Page::open(with(batch(), json!({ "itemType": 7 })));
    push(&mut page, json!(["event", "view_item", { "items": [{ "item_id": 1 }] }]));
    assert_eq!(page.events()[0]["itemType"], "7");
}

#[test]
fn a_reloaded_confirmation_page_counts_once() {
    let mut page = Page::open(batch());
    // Two sizes of a product may share an id.
    push(&mut page, purchase("T_1", &["a", "a", "b"]));
    assert_eq!(page.item_ids(), ["a", "a", "b"]);
    let mut page = page.next(batch());
    push(&mut page, purchase("T_1", &["a", "a", "b"]));
    assert_eq!(page.sends.len(), 0);
    assert_eq!(page.told(), [("duplicate-order", "buy.orderId")]);
    push(&mut page, purchase("T_2", &["a"]));
    assert_eq!(page.item_ids(), ["a"]);
}

#[test]
fn every_form_of_googles_user_id_logs_in() {
    for entry in [
        json!(["config", "G-1234567", { "user_id": "u-1" }]),
        json!(["set", { "user_id": "u-1" }]),
        json!(["event", "login", { "method": "Google", "user_id": "u-1" }]),
        json!({ "event": "login", "method": "Google", "user_id": "u-1" }),
        json!({ "user_id": "u-1", "crm_id": 5 }),
    ] {
        let mut page = Page::open(batch());
        push(&mut page, entry.clone());
        push(&mut page, entry.clone());
        assert_eq!(types(&page), [("login".to_owned(), json!("u-1"))], "{entry}");
        assert_eq!(page.engine.user_id(), Some("u-1"));
        assert_eq!(page.told(), [], "{entry}");
    }
}

#[test]
fn an_account_and_an_event_may_come_in_one_entry() {
    let mut page = Page::open(batch());
    let items = json!([{ "item_id": 1 }]);
    push(
        &mut page,
        json!({ "event": "view_item", "user_id": 42, "ecommerce": { "items": items } }),
    );
    let user = json!("42");
    assert_eq!(types(&page), [("login".to_owned(), user.clone()), ("click".to_owned(), user)]);
}

#[test]
fn a_null_user_id_logs_out() {
    let mut page = Page::open(batch());
    push(&mut page, json!({ "user_id": null }));
    assert_eq!((page.engine.user_id(), page.sends.len()), (None, 0), "no account before");
    push(&mut page, json!(["set", { "user_id": "u-1" }]));
    // A template prints an empty text if no user is logged in.
    push(&mut page, json!(["config", "G-1234567", { "user_id": "" }]));
    assert_eq!(page.engine.user_id(), Some("u-1"));
    push(&mut page, json!(["config", "G-1234567", { "user_id": null }]));
    assert_eq!(page.engine.user_id(), None);
    assert!(!page.jar.contains_key("reco_user"));
    assert_eq!(page.told(), []);
}

#[test]
fn an_e_mail_address_is_refused_as_account() {
    let mut page = Page::open(batch());
    push(&mut page, json!(["set", { "user_id": "ada@example.com" }]));
    assert_eq!((page.engine.user_id(), page.events().len()), (None, 0));
    assert_eq!(page.told(), [("personal-data", "dataLayer.user_id")]);
}

#[test]
fn template_output_for_a_guest_is_refused_as_account() {
    for id in [
        json!(0),
        json!(false),
        json!("0"),
        json!("undefined"),
        json!("null"),
        json!("None"),
        json!("NaN"),
    ] {
        let mut page = Page::open(batch());
        for entry in [
            json!({ "user_id": id }),
            json!(["config", "G-1", { "user_id": id }]),
            json!({ "user_id": id }),
        ] {
            push(&mut page, entry);
        }
        assert_eq!((page.engine.user_id(), page.sends.len()), (None, 0), "{id}");
        assert_eq!(page.told().len(), 1, "{id}");
        assert_eq!(page.told()[0].1, "dataLayer.user_id", "{id}");
    }
    let mut page = Page::open(batch());
    for id in ["undefined", "NULL", "{{ customer.id }}", "${user}", "<%= id %>", "[[id]]"] {
        page.call("login", json!(id));
    }
    assert_eq!((page.engine.user_id(), page.told().len()), (None, 6));
    push(&mut page, json!({ "user_id": "10042" }));
    assert_eq!(page.engine.user_id(), Some("10042"));
}

/// A `gtag` call for one account.
fn add_to_cart(to: &str, id: &str) -> Json {
    json!(["event", "add_to_cart", { "send_to": to, "currency": "EUR", "items": [{ "item_id": id, "price": 2 }] }])
}

#[test]
fn an_event_for_two_of_googles_accounts_counts_once() {
    let mut page = Page::open(batch());
    let both = |page: &mut Page, id: &str| {
        page.call("dataLayer", json!([add_to_cart("G-1", id)]));
        page.call("dataLayer", json!([add_to_cart("AW-2", id)]));
    };
    both(&mut page, "a");
    // The visitor adds the item again at once, and then another one.
    both(&mut page, "a");
    both(&mut page, "b");
    page.advance(60_000);
    assert_eq!(page.item_ids(), ["a", "a", "b"]);
    // Much later it is not a copy.
    page.call("dataLayer", json!([add_to_cart("AW-2", "b")]));
    page.advance(60_000);
    assert_eq!(page.item_ids(), ["a", "a", "b", "b"]);
}

#[test]
fn copies_are_recognised_by_their_different_accounts_only() {
    let mut page = Page::open(batch());
    let about = json!({ "currency": "EUR", "items": [{ "item_id": "a", "price": 2 }] });
    page.call("dataLayer", json!([{ "event": "add_to_cart", "ecommerce": about }]));
    page.call("dataLayer", json!([add_to_cart("G-1", "a")]));
    page.advance(60_000);
    assert_eq!(page.item_ids(), ["a"]);
    for _ in 0..2 {
        page.call("dataLayer", json!([{ "event": "add_to_cart", "ecommerce": about }]));
    }
    page.advance(60_000);
    assert_eq!(page.item_ids(), ["a", "a", "a"]);
}

#[test]
fn an_unfilled_placeholder_is_refused_as_id() {
    for id in ["{{ id }}", "${id}", "<%= id %>", "[[${id}]]", "#{item.id}", "{% id %}"] {
        let mut page = Page::open(batch());
        push(&mut page, json!(["event", "view_item", { "items": [{ "item_id": id }] }]));
        page.call("click", json!({ "itemId": id }));
        page.advance(60_000);
        assert_eq!(page.sends.len(), 0, "{id}");
        assert_eq!(page.told().len(), 2, "{id}");
    }
}

#[test]
fn entries_are_ignored_after_denied_consent() {
    let mut page = Page::open(with(batch(), json!({ "consent": "denied" })));
    push(&mut page, purchase("T_1", &["a"]));
    push(&mut page, json!(["set", { "user_id": "u-1" }]));
    push(&mut page, json!(["event", "purchase", {}]));
    assert_eq!((page.sends.len(), page.told(), page.count("rejected")), (0, vec![], 0));
    page.call("consent", json!("granted"));
    push(&mut page, purchase("T_1", &["a"]));
    assert_eq!(
        page.item_ids(),
        ["a"],
        "an entry that was not read does not make the next one a copy"
    );
}

#[test]
fn nothing_is_sent_within_the_push() {
    let mut page = Page::open(batch());
    page.call("dataLayer", json!([purchase("T_1", &["a"])]));
    assert_eq!(page.sends.len(), 0);
    page.advance(0);
    assert_eq!(page.item_ids(), ["a"]);
}

#[test]
fn nan_and_infinity_are_handled() {
    let mut page = Page::open(batch());
    for amount in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let mut entry = crate::common::value(
            json!({ "event": "add_to_cart", "currency": "EUR", "items": [{ "item_id": 1, "price": 0, "quantity": 0 }] }),
        );
        set(&mut entry, "price", amount);
        set(&mut entry, "quantity", amount);
        page.call_values("dataLayer", vec![entry]);
    }
    page.advance(60_000);
    let events = page.events();
    assert_eq!(events.len(), 4);
    assert!(
        events.iter().all(|event| event.get("price").is_none() && event.get("quantity").is_none())
    );
}

/// Sets this field to the number at every level.
fn set(value: &mut recobeacon_engine::value::Value, name: &str, number: f64) {
    use recobeacon_engine::value::Value;
    match value {
        Value::List(list) => list.iter_mut().for_each(|value| set(value, name, number)),
        Value::Map(fields) => {
            for (key, value) in fields {
                if key == name {
                    *value = Value::Number(number);
                } else {
                    set(value, name, number);
                }
            }
        }
        _ => {}
    }
}
