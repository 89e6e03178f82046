//! Reading of numbers and prices from any source, and handling of invalid optional fields.

use crate::common::test;
use crate::common::{Page, batch, ibexa, json, with};
use recobeacon_engine::error::ErrorCode;
use recobeacon_engine::number;
use recobeacon_engine::rules::{price, quantity};
use recobeacon_engine::value::Value;
use serde_json::Value as Json;

fn value(json: &Json) -> Value {
    crate::common::value(json.clone())
}

fn read_price(given: &Json) -> Result<String, ErrorCode> {
    price(&value(given)).map_err(|problem| problem.code)
}

#[test]
fn prices_are_accepted_in_the_forms_of_shops() {
    for (given, expected) in [
        ("12.45EUR", "12.45EUR"),
        ("12.450000EUR", "12.450000EUR"),
        ("12.4500000000EUR", "12.45EUR"),
        ("12,45EUR", "12.45EUR"),
        ("12,45 €", "12.45EUR"),
        ("€12.45", "12.45EUR"),
        ("eur 12.45", "12.45EUR"),
        (" 12.45 Eur ", "12.45EUR"),
        ("4,245.42USD", "4245.42USD"),
        ("4.245,42USD", "4245.42USD"),
        ("1.299,00 €", "1299.00EUR"),
        ("1\u{a0}299,00\u{a0}€", "1299.00EUR"),
        ("1\u{202f}299 EUR", "1299EUR"),
        ("1'299.50 CHF", "1299.50CHF"),
        ("1’299.50 CHF", "1299.50CHF"),
        ("1,234,567JPY", "1234567JPY"),
        ("1.234.567 JPY", "1234567JPY"),
        ("1,234,567.89EUR", "1234567.89EUR"),
        ("1.299EUR", "1.299EUR"),
        ("0,299EUR", "0.299EUR"),
        ("0.299 €", "0.299EUR"),
        ("1234,567EUR", "1234.567EUR"),
        ("0.30000000000000004EUR", "0.3EUR"),
        ("0.9999999EUR", "1EUR"),
        ("0EUR", "0EUR"),
    ] {
        assert_eq!(read_price(&json!(given)).as_deref(), Ok(expected), "{given}");
    }
    for (amount, currency, expected) in [
        (json!(0.1 + 0.2), "EUR", "0.3EUR"),
        (json!(1.1 * 3.0), "EUR", "3.3EUR"),
        (json!(19.999_999_999), "eur", "20EUR"),
        (json!("12,45"), "eur", "12.45EUR"),
        (json!("4,245.42"), " USD ", "4245.42USD"),
        (json!("1.299,00"), "€", "1299.00EUR"),
        (json!("1.299"), "EUR", "1.299EUR"),
        (json!(0), "EUR", "0EUR"),
    ] {
        let given = json!({ "amount": amount, "currency": currency });
        assert_eq!(read_price(&given).as_deref(), Ok(expected), "{given}");
    }
}

#[test]
fn ambiguous_or_invalid_prices_are_refused() {
    for given in [
        "1,299EUR",
        "1,299 €",
        "1.299 €",
        "1.299eur",
        "1.299€",
        "EUR 1.299",
        "123,456EUR",
        "-1EUR",
        "9000000000EUR",
        "",
        "EUR",
        "12.45",
        "12.EUR",
        ".5EUR",
        "1e3EUR",
        "1,23,456EUR",
        "1.23.456EUR",
        "1,234.56.7EUR",
        "1 23EUR",
        "1234,567,890EUR",
        "1,234 567EUR",
        "$12",
        "12 E",
        "12 EURO",
        "EUR 12 EUR",
        "free",
        "12..5EUR",
        "١٢EUR",
        "12,,45EUR",
        "1 299.500,00EUR",
        "99999999999999999999999EUR",
        "é12EUR",
    ] {
        assert!(read_price(&json!(given)).is_err(), "{given}: {:?}", read_price(&json!(given)));
    }
    for given in [
        json!({ "amount": "1,299", "currency": "EUR" }),
        json!({ "amount": -1, "currency": "EUR" }),
        json!({ "amount": 9e9, "currency": "EUR" }),
        json!({ "amount": "12", "currency": "euro" }),
        json!({ "amount": true, "currency": "EUR" }),
        json!({ "amount": "12" }),
        json!({ "currency": "EUR" }),
        json!(12),
        json!(null),
    ] {
        assert!(read_price(&given).is_err(), "{given}");
    }
}

#[test]
fn quantities_may_be_fractional_and_text_or_numbers() {
    for (given, expected) in [
        (json!(2), "2"),
        (json!("2"), "2"),
        (json!("2.0000"), "2"),
        (json!("2,0"), "2"),
        (json!(1.85), "1.85"),
        (json!("1,85"), "1.85"),
        (json!(0.1 + 0.2), "0.3"),
        (json!("0.5"), "0.5"),
        (json!("00.50"), "0.5"),
        (json!("0012"), "12"),
        (json!(1_000_000), "1000000"),
    ] {
        assert_eq!(quantity(&value(&given)).as_deref(), Ok(expected), "{given}");
    }
    for given in [
        json!(0),
        json!("0.0"),
        json!(-1),
        json!("1,299"),
        json!(1_000_000.5),
        json!("two"),
        json!([2]),
    ] {
        assert!(quantity(&value(&given)).is_err(), "{given}");
    }
}

#[test]
fn a_fractional_quantity_is_kept_or_rounded_up() {
    let line = json!({ "itemId": 1, "quantity": 1.85, "price": "2EUR" });
    let mut page = Page::open(batch());
    page.call("buy", line.clone());
    page.advance(2_000);
    assert_eq!(page.events()[0]["quantity"], json!(1.85));
    for (given, sent) in
        [(json!(1.85), "2"), (json!("2.0000"), "2"), (json!("0.2"), "1"), (json!(3), "3")]
    {
        let mut page = Page::open(ibexa());
        page.call("buy", with(line.clone(), json!({ "quantity": given })));
        page.advance(2_000);
        let url = &page.urls()[0];
        assert!(url.contains(&format!("quantity={sent}&")), "{url}");
    }
    let mut page = Page::open(batch());
    page.call("buy", json!({ "itemId": 1, "quantity": "1,299" }));
    page.advance(2_000);
    assert_eq!(page.events()[0].get("quantity"), None);
    assert_eq!(page.told(), [("out-of-range", "buy.quantity")]);
}

#[test]
fn an_invalid_optional_field_is_left_out_with_one_warning() {
    for (name, wrong) in [
        ("title", json!("x".repeat(2_001))),
        ("title", json!(7)),
        ("price", json!("12,450EUR")),
        ("quantity", json!(0)),
        ("campaign", json!([])),
        ("orderId", json!(1.5)),
        ("categoryPath", json!("a\\b")),
        ("masterId", json!("..")),
        ("itemType", json!({})),
    ] {
        let mut page = Page::open(batch());
        for item in 0..2 {
            page.call("buy", with(json!({ "itemId": item }), json!({ name: wrong.clone() })));
        }
        page.advance(2_000);
        assert_eq!(
            (page.item_ids(), page.count("rejected")),
            (vec!["0".into(), "1".into()], 0),
            "{name}"
        );
        let fields: Vec<_> = page.warnings.iter().map(|error| error.field.clone()).collect();
        assert_eq!(fields, [format!("buy.{name}")], "{wrong}");
        let default = if name == "itemType" { json!("1") } else { Json::Null };
        assert_eq!(page.events()[0][name], default, "{wrong}");
    }
}

#[test]
fn empty_text_in_an_optional_field_counts_as_absent() {
    let mut page = Page::open(batch());
    let names = ["title", "price", "quantity", "campaign", "orderId", "categoryPath", "masterId"];
    let empty: Json = names.iter().map(|name| (name.to_string(), json!(""))).collect();
    page.call("buy", with(empty, json!({ "itemId": 1, "itemType": "" })));
    page.call(
        "clickRecommended",
        json!({ "itemId": 2, "scenario": "", "modelId": "", "mainId": "" }),
    );
    page.call("rendered", json!({ "items": [{ "itemId": 3, "title": "" }], "scenario": "" }));
    page.advance(2_000);
    assert_eq!((page.events().len(), page.told()), (3, vec![]));
    assert!(names.iter().all(|name| page.events()[0].get(*name).is_none()));
}

#[test]
fn a_search_without_its_required_fields_is_left_out() {
    for search in
        [json!({ "query": "q" }), json!({ "query": 5, "position": 1 }), json!("boots"), json!([])]
    {
        let mut page = Page::open(batch());
        page.call("click", json!({ "itemId": 1, "search": search }));
        page.advance(2_000);
        assert_eq!((page.item_ids(), page.warnings.len()), (vec!["1".to_owned()], 1), "{search}");
        assert_eq!(page.events()[0].get("search"), None);
    }
    let mut page = Page::open(batch());
    page.call(
        "click",
        json!({ "itemId": 1, "search": { "query": "q", "position": "2", "score": "x" } }),
    );
    page.advance(2_000);
    assert_eq!(page.events()[0]["search"], json!({ "query": "q", "position": 2 }));
    assert_eq!(page.told(), [("bad-type", "click.search.score")]);
}

#[test]
fn an_invalid_identity_is_ignored_and_events_are_sent() {
    for (name, wrong, code) in [
        ("userId", json!("user@example.com"), "personal-data"),
        ("userId", json!(7), "bad-type"),
        ("userId", json!("a\\b"), "bad-character"),
        ("anonymousId", json!("user@example.com"), "personal-data"),
        ("sessionId", json!("user@example.com"), "personal-data"),
        ("accountId", json!([]), "bad-type"),
        ("accountId", json!("user@example.com"), "personal-data"),
        ("purchaserId", json!("user@example.com"), "personal-data"),
    ] {
        let mut page = Page::open(with(batch(), json!({ "identity": { name: wrong } })));
        page.click(1);
        page.click(2);
        page.advance(2_000);
        assert_eq!(page.told(), [(code, &*format!("config.identity.{name}"))], "{name}");
        assert_eq!((page.events().len(), page.engine.user_id()), (2, None));
        let has = |event: &Json, name: &str| event.get(name).is_some();
        let others = ["user", "session", "account", "purchaser"];
        assert!(page.events().iter().all(|event| {
            has(event, "anonymous") && !others.iter().any(|name| has(event, name))
        }));
    }
    let mut page = Page::open(batch());
    page.call("login", json!("user@example.com"));
    page.click(1);
    page.advance(2_000);
    assert_eq!(page.told(), [("personal-data", "login.userId")]);
    assert!(page.events()[0].get("user").is_none());
}

#[test]
fn rounding_a_rounded_number_changes_nothing() {
    for step in 0..2_000_u32 {
        let number = -4_376_779_852.0 - f64::from(step) * 0.000_977;
        let text = number::rounded(number).unwrap();
        assert_eq!(number::rounded(text.parse().unwrap()), Some(text));
    }
}
