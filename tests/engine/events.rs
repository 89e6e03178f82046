//! Every event of index.d.ts: the page's call, and the event in the batch.

use crate::common::test;
use crate::common::{Page, batch, json, with};
use recobeacon_engine::event::Kind;
use serde_json::Value as Json;

/// The events of one call, without the fields that every event has.
fn sent(verb: &str, args: Json) -> Vec<Json> {
    let mut page = Page::open(batch());
    page.call(verb, args);
    page.advance(2_000);
    assert_eq!(page.warnings, [], "{verb}");
    let own = |mut event: Json| {
        let fields = event.as_object_mut().unwrap();
        assert_eq!(fields.remove("type").unwrap(), verb);
        for stamp in ["id", "at", "anonymous"] {
            assert!(fields.remove(stamp).is_some(), "{stamp}");
        }
        event
    };
    page.events().into_iter().map(own).collect()
}

fn check(verb: &str, args: Json, expected: Json) {
    assert_eq!(sent(verb, args), [expected], "{verb}");
}

/// The optional fields of an event about an item: as passed, and as sent.
fn item(more: Json) -> Json {
    with(
        json!({ "itemId": 7, "itemType": 3, "categoryPath": ["Shoes", "Children"],
                "masterId": "m-7", "title": "Boot \"Größe 30\"" }),
        more,
    )
}

fn sent_item(more: Json) -> Json {
    with(
        json!({ "itemId": "7", "itemType": "3", "categoryPath": "Shoes/Children",
                "masterId": "m-7", "title": "Boot \"Größe 30\"" }),
        more,
    )
}

/// Checks an event about an item with the fewest and with all fields.
fn check_item(verb: &str, given: Json, expected: Json) {
    check(verb, item(given), sent_item(expected));
}

fn least(verb: &str, required: Json) {
    let expected = with(json!({ "itemId": "a1", "itemType": "1" }), required.clone());
    check(verb, with(json!({ "itemId": "a1" }), required), expected);
}

#[test]
fn click() {
    least("click", json!({}));
    let search = json!({ "query": "boots 🥾", "position": 11, "originalPosition": 12, "page": 2,
                         "pageSize": 10, "originalPageSize": 20, "score": 98.5,
                         "campaign": "spring" });
    check_item("click", json!({ "search": search }), json!({ "search": search }));
    let search = json!({ "query": "b", "position": 1 });
    check_item("click", json!({ "search": search }), json!({ "search": search }));
}

#[test]
fn consume() {
    least("consume", json!({}));
    check_item("consume", json!({ "percentage": 59.99 }), json!({ "percentage": 59 }));
    check_item("consume", json!({ "percentage": 0 }), json!({ "percentage": 0 }));
    check_item("consume", json!({ "percentage": 100 }), json!({ "percentage": 100 }));
}

#[test]
fn basket() {
    least("basket", json!({}));
    let given = json!({ "quantity": 2, "price": { "amount": 12.45, "currency": "EUR" },
                        "campaign": "mail" });
    let expected = json!({ "quantity": 2, "price": "12.45EUR", "campaign": "mail" });
    check_item("basket", given, expected);
}

#[test]
fn delete_from_basket() {
    least("deleteFromBasket", json!({}));
    check_item("deleteFromBasket", json!({ "quantity": 1 }), json!({ "quantity": 1 }));
}

#[test]
fn wishlist() {
    least("wishlist", json!({}));
    check_item("wishlist", json!({ "price": "2.50EUR" }), json!({ "price": "2.50EUR" }));
    least("deleteFromWishlist", json!({}));
    check_item("deleteFromWishlist", json!({}), json!({}));
}

#[test]
fn buy() {
    least("buy", json!({}));
    let most = json!({ "price": "456JPY", "quantity": 1_000_000, "orderId": "o-1",
                       "campaign": "mail" });
    check_item("buy", most.clone(), most);
}

#[test]
fn a_buy_of_n_lines_is_n_events() {
    let lines = json!([[{ "itemId": 1, "quantity": 2 }, { "itemId": 2, "itemType": "b" }]]);
    assert_eq!(
        sent("buy", lines),
        [
            json!({ "itemId": "1", "itemType": "1", "quantity": 2 }),
            json!({ "itemId": "2", "itemType": "b" })
        ]
    );
}

#[test]
fn prices_are_written_as_they_are_given() {
    for (given, expected) in [
        (json!("12.45EUR"), "12.45EUR"),
        (json!("12.50EUR"), "12.50EUR"),
        (json!("0EUR"), "0EUR"),
        (json!("0.000001BTC"), "0.000001BTC"),
        (json!({ "amount": "12.50", "currency": "EUR" }), "12.50EUR"),
        (json!({ "amount": 12.5, "currency": "EUR" }), "12.5EUR"),
        (json!({ "amount": 1e3, "currency": "JPY" }), "1000JPY"),
        (json!({ "amount": 0, "currency": "EUR" }), "0EUR"),
        (json!({ "amount": -0.0, "currency": "EUR" }), "0EUR"),
        (json!({ "amount": 4.35, "currency": "EUR" }), "4.35EUR"),
        (json!({ "amount": 1.05, "currency": "EUR" }), "1.05EUR"),
        (json!({ "amount": 0.000001, "currency": "EUR" }), "0.000001EUR"),
        (json!({ "amount": 19.99, "currency": "EUR" }), "19.99EUR"),
        (json!({ "amount": 8999999999.999998, "currency": "EUR" }), "8999999999.999998EUR"),
    ] {
        least("wishlist", json!({ "price": expected }));
        let expected = json!({ "itemId": "1", "itemType": "1", "price": expected });
        check("wishlist", json!({ "itemId": 1, "price": given }), expected);
    }
}

#[test]
fn rate_owns_and_blacklist() {
    least("rate", json!({ "rating": 0 }));
    check_item("rate", json!({ "rating": 100 }), json!({ "rating": 100 }));
    least("owns", json!({}));
    check_item("owns", json!({}), json!({}));
    least("blacklist", json!({}));
    check_item("blacklist", json!({}), json!({}));
}

#[test]
fn rendered() {
    let least = json!({ "itemType": "1", "items": [{ "itemId": "1", "itemType": "1" }] });
    check("rendered", json!({ "items": [1] }), least);
    let given = json!({ "items": [1, "b", { "itemId": 3, "title": "Three" }, 1], "itemType": 5,
                        "scenario": "also_bought", "variant": "B" });
    let items = ["1", "b", "3"].map(|id| json!({ "itemId": id, "itemType": "5" }));
    let expected = json!({ "itemType": "5", "items": items, "scenario": "also_bought",
                           "variant": "B" });
    check("rendered", given, expected);
}

#[test]
fn rendered_items_of_several_types_give_one_event_for_each_type() {
    let items = json!({ "items": [{ "itemId": 1, "itemType": 2 }, 2, { "itemId": 1, "itemType": 2 },
                                  { "itemId": 3, "itemType": 2 }] });
    let items: Vec<Json> =
        sent("rendered", items).into_iter().map(|event| event["items"].clone()).collect();
    assert_eq!(
        items,
        [
            json!([{ "itemId": "1", "itemType": "2" }, { "itemId": "3", "itemType": "2" }]),
            json!([{ "itemId": "2", "itemType": "1" }])
        ]
    );
}

#[test]
fn click_recommended() {
    least("clickRecommended", json!({}));
    let given = json!({ "scenario": "top", "variant": 2, "modelId": 5768, "mainId": "main" });
    let expected =
        json!({ "scenario": "top", "variant": "2", "modelId": "5768", "mainId": "main" });
    check_item("clickRecommended", given, expected);
}

#[test]
fn triggers() {
    check("triggerOpened", json!({ "triggerName": "t 1" }), json!({ "triggerName": "t 1" }));
    least("clickTriggered", json!({ "triggerName": "t" }));
    check_item("clickTriggered", json!({ "triggerName": "t" }), json!({ "triggerName": "t" }));
}

#[test]
fn feedback() {
    let least = json!({ "query": "q", "positive": false });
    check("feedback", least.clone(), least);
    let most =
        json!({ "query": "q", "positive": true, "message": "line one\nline \\ two\u{2028}" });
    check("feedback", most.clone(), most);
}

#[test]
fn cache_hit() {
    let least = json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 0, "searchTimeMs": 0,
                        "minScore": 0, "maxScore": 100 });
    check("cacheHit", least.clone(), least.clone());
    let filters = json!(["color", 1, 2.5, true, null, { "name": "size", "values": ["S", "M"] }]);
    let more = json!({ "filters": filters, "searchField": "title", "customSorting": true,
                       "additionalInfo": "x", "searchTimeMs": 12.5, "minScore": -1.25 });
    let given = with(least.clone(), with(more.clone(), json!({ "itemId": 9 })));
    check("cacheHit", given, with(least, with(more, json!({ "itemId": "9" }))));
}

/// JSON has no number with leading zeros, and a collector refuses a whole batch that is not JSON.
#[test]
fn numbers_as_text_become_json_numbers() {
    let cases = [
        ("consume", "percentage", json!("007"), json!(7)),
        ("consume", "percentage", json!("000"), json!(0)),
        ("rate", "rating", json!("05"), json!(5)),
        ("basket", "quantity", json!("01.50"), json!(1.5)),
        ("buy", "quantity", json!("00.5"), json!(0.5)),
    ];
    for (verb, field, given, expected) in cases {
        least(verb, json!({ field: expected }));
        check(
            verb,
            json!({ "itemId": "1", field: given }),
            json!({ "itemId": "1", "itemType": "1", field: expected }),
        );
    }
    let text = json!({ "query": "q", "page": "01", "pageSize": "010", "hitCount": "00",
                       "searchTimeMs": "012.50", "minScore": "-01.250", "maxScore": "-0" });
    let expected = json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 0,
                           "searchTimeMs": 12.5, "minScore": -1.25, "maxScore": 0 });
    check("cacheHit", text, expected);
}

#[test]
fn numbers_within_filters_keep_their_value() {
    // Timestamps in milliseconds are likely filters and must not become null.
    let filters = json!([{ "from": 1_763_683_200_000_u64 }, 9_007_199_254_740_991_u64, -1e10]);
    let given = json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 0, "searchTimeMs": 0,
                        "minScore": 0, "maxScore": 1, "filters": filters });
    let [event] = sent("cacheHit", given).try_into().unwrap();
    let number = |json: &Json| json.as_f64();
    assert_eq!(number(&event["filters"][0]["from"]), Some(1_763_683_200_000.0), "{event}");
    assert_eq!(number(&event["filters"][1]), Some(9_007_199_254_740_991.0), "{event}");
    assert_eq!(number(&event["filters"][2]), Some(-1e10), "{event}");
}

#[test]
fn a_basket_has_the_fields_of_its_origin() {
    let filters = json!([{ "name": "Brand", "values": [{ "value": "KEEN" }] }]);
    let own = json!({ "quantity": 0.5, "campaign": "c", "query": "bag", "filters": filters });
    for verb in ["basket", "buy"] {
        check_item(verb, own.clone(), own.clone());
        // An empty optional query counts as absent.
        check_item(verb, json!({ "query": "" }), json!({}));
    }
}

#[test]
fn a_result_list_can_have_an_empty_query() {
    let search = json!({ "search": { "query": "", "position": 3 } });
    check_item("click", search.clone(), search);
    let said = json!({ "query": "", "positive": true });
    check("feedback", said.clone(), said);
}

#[test]
fn a_cache_hit_can_be_about_a_product() {
    let hit = json!({ "query": "", "page": 1, "pageSize": 10, "hitCount": 7, "searchTimeMs": 3,
                      "minScore": 0, "maxScore": 1, "itemId": "7", "masterId": "8", "title": "T" });
    check("cacheHit", hit.clone(), hit);
}

#[test]
fn landing_page_and_predictive_basket_clicks() {
    least("landingPageClick", json!({ "campaign": "c", "pageId": "p" }));
    let own = json!({ "campaign": "c d", "pageId": "p/1" });
    check_item("landingPageClick", own.clone(), own);
    least("predictiveBasketClick", json!({}));
    check_item("predictiveBasketClick", json!({}), json!({}));
}

#[test]
fn a_login_event_has_no_fields() {
    let mut page = Page::open(batch());
    page.call("login", json!("johndoe"));
    page.advance(2_000);
    let [event] = page.events().try_into().unwrap();
    let names: Vec<&String> = event.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 5, "{event}");
    assert_eq!((&event["type"], &event["user"]), (&json!("login"), &json!("johndoe")));
    assert_eq!(event["anonymous"], page.engine.anonymous_id().unwrap());
}

#[test]
fn ids_are_numbers_or_text_and_keep_every_digit() {
    for (given, expected) in [
        (json!(0), "0"),
        (json!(9_007_199_254_740_991_u64), "9007199254740991"),
        (json!("9007199254740993"), "9007199254740993"),
        (json!("007"), "007"),
        (json!(" x "), " x "),
        (json!("Größe/30"), "Größe/30"),
        (json!("..."), "..."),
        (json!("\u{fffd}"), "\u{fffd}"),
    ] {
        let expected = json!({ "itemId": expected, "itemType": "1" });
        check("blacklist", json!({ "itemId": given }), expected);
    }
}

#[test]
fn null_and_undefined_count_as_absent() {
    let given = json!({ "itemId": 1, "itemType": null, "title": null, "percentage": null });
    check("consume", given, json!({ "itemId": "1", "itemType": "1" }));
}

#[test]
fn the_default_item_type_is_configurable() {
    let mut page = Page::open(with(batch(), json!({ "itemType": "article" })));
    page.click(1);
    page.call("rendered", json!({ "items": [1] }));
    page.advance(2_000);
    assert_eq!(page.events()[0]["itemType"], "article");
    assert_eq!(page.events()[1]["items"][0]["itemType"], "article");
}

#[test]
fn an_event_has_the_time_of_the_call() {
    let mut page = Page::open(batch());
    let calls = [page.wall - 5_000, page.wall + 5_000];
    for at in calls {
        let args = vec![crate::common::value(json!({ "itemId": 1 }))];
        page.feed(recobeacon_engine::input::Input::from_call("click", args, at));
    }
    page.advance(2_000);
    let at: Vec<u64> = page.events().iter().map(|event| event["at"].as_u64().unwrap()).collect();
    // A call cannot be in the future. The clock was set back since.
    assert_eq!(at, [calls[0], crate::common::START]);
}

#[test]
fn every_kind_is_tested_here() {
    let source = include_str!("events.rs");
    for kind in Kind::ALL {
        assert!(source.contains(&format!("\"{}\"", kind.name())), "{}", kind.name());
    }
}
