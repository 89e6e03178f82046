//! Invalid calls of every kind: each gives one warning with code and path, sends nothing and breaks
//! nothing.

use crate::common::test;
use crate::common::{Page, batch, json, value, with};
use recobeacon_engine::value::Value;
use serde_json::Value as Json;

/// The expected warning: code and path.
type Wrong<'a> = (&'a str, &'a str);

/// Makes an invalid call, and a valid one after it.
fn refused(verb: &str, args: Vec<Value>, (code, field): Wrong<'_>) {
    let shown: String = format!("{verb}({args:?})").chars().take(200).collect();
    let mut page = Page::open(batch());
    page.call_values(verb, args);
    assert_eq!(page.told(), [(code, field)], "{shown}");
    assert_eq!((page.count("rejected"), page.count("accepted")), (1, 0), "{shown}");
    assert!(!page.warnings[0].detail.is_empty());
    page.click("good");
    page.advance(60_000);
    assert_eq!(page.item_ids(), ["good"], "{shown}");
    assert_eq!(page.warnings.len(), 1, "{shown}");
}

/// Makes a call with an invalid optional field: the event is sent without it.
fn left_out(verb: &str, args: Vec<Value>, (code, field): Wrong<'_>) {
    let shown: String = format!("{verb}({args:?})").chars().take(200).collect();
    let mut page = Page::open(batch());
    page.call_values(verb, args);
    assert_eq!(page.told(), [(code, field)], "{shown}");
    assert_eq!(page.count("rejected"), 0, "{shown}");
    page.advance(60_000);
    let name = field.rsplit('.').next().unwrap();
    let default = if name == "itemType" { json!("1") } else { Json::Null };
    assert!(!page.events().is_empty(), "{shown}");
    assert!(page.events().iter().any(|event| event[name] == default), "{shown}");
}

const OPTIONAL: [&str; 15] = [
    "itemType",
    "categoryPath",
    "masterId",
    "title",
    "price",
    "quantity",
    "percentage",
    "scenario",
    "variant",
    "modelId",
    "orderId",
    "campaign",
    "search",
    "message",
    "filters",
];

fn is_optional(field: &str) -> bool {
    OPTIONAL.iter().any(|name| field.ends_with(&format!(".{name}")))
}

fn wrong(verb: &str, args: Json, is: Wrong<'_>) {
    let args = if let Json::Array(args) = args { args } else { vec![args] };
    let args = args.into_iter().map(value).collect();
    if is_optional(is.1) { left_out(verb, args, is) } else { refused(verb, args, is) }
}

/// Makes a call for an item with one invalid field.
fn wrong_field(verb: &str, name: &str, given: Json, code: &str) {
    let args = with(json!({ "itemId": 1 }), json!({ name: given }));
    wrong(verb, args, (code, &format!("{verb}.{name}")));
}

/// Makes a call with an invalid number that JSON cannot express.
fn wrong_number(verb: &str, base: Json, name: &str, number: f64, code: &str) {
    let mut fields = value(base);
    if let Value::Map(fields) = &mut fields {
        fields.retain(|(key, _)| key != name);
        fields.push((name.to_owned(), Value::Number(number)));
    }
    let (args, field) = (vec![fields], format!("{verb}.{name}"));
    let is = (code, &*field);
    if is_optional(&field) { left_out(verb, args, is) } else { refused(verb, args, is) }
}

#[test]
fn a_missing_argument_or_one_that_is_not_an_object_is_refused() {
    refused("click", vec![], ("missing-field", "click"));
    wrong("click", json!([null]), ("missing-field", "click"));
    for odd in [json!("123"), json!(123), json!(true), json!([{ "itemId": 1 }])] {
        wrong("click", json!([odd]), ("bad-type", "click"));
    }
    wrong("buy", json!([[]]), ("out-of-range", "buy"));
    wrong("buy", json!([[{ "itemId": 1 }, null]]), ("missing-field", "buy[1]"));
    wrong("buy", json!([[{ "itemId": 1 }, "2"]]), ("bad-type", "buy[1]"));
    wrong("click", json!({ "itemId": 1, "search": "boots" }), ("bad-type", "click.search"));
}

#[test]
fn required_fields() {
    for verb in [
        "click",
        "consume",
        "basket",
        "deleteFromBasket",
        "wishlist",
        "deleteFromWishlist",
        "buy",
        "blacklist",
        "clickRecommended",
        "predictiveBasketClick",
    ] {
        wrong(verb, json!({}), ("missing-field", &format!("{verb}.itemId")));
        wrong(verb, json!({ "itemId": null }), ("missing-field", &format!("{verb}.itemId")));
    }
    wrong("rate", json!({ "itemId": 1 }), ("missing-field", "rate.rating"));
    wrong("rendered", json!({}), ("missing-field", "rendered.items"));
    let unnamed = json!({ "items": [1, { "title": "t" }] });
    wrong("rendered", unnamed, ("missing-field", "rendered.items[1].itemId"));
    wrong("triggerOpened", json!({}), ("missing-field", "triggerOpened.triggerName"));
    wrong(
        "clickTriggered",
        json!({ "itemId": 1 }),
        ("missing-field", "clickTriggered.triggerName"),
    );
    wrong("feedback", json!({ "query": "q" }), ("missing-field", "feedback.positive"));
    wrong("feedback", json!({ "positive": true }), ("missing-field", "feedback.query"));
    let landing = json!({ "itemId": 1, "campaign": "c" });
    wrong("landingPageClick", landing, ("missing-field", "landingPageClick.pageId"));
    let hit = json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 7, "searchTimeMs": 3,
                      "minScore": 0, "maxScore": 1 });
    for name in ["query", "page", "pageSize", "hitCount", "searchTimeMs", "minScore", "maxScore"] {
        let less = with(hit.clone(), json!({ name: null }));
        wrong("cacheHit", less, ("missing-field", &format!("cacheHit.{name}")));
    }
    refused("login", vec![], ("missing-field", "login.userId"));
    wrong("login", json!([null]), ("missing-field", "login.userId"));
}

#[test]
fn ids() {
    for odd in [json!(true), json!([1]), json!({ "id": 1 }), json!(1.5)] {
        wrong_field("click", "itemId", odd, "bad-type");
    }
    for odd in [json!(-1), json!(""), json!(9.1e15)] {
        wrong_field("click", "itemId", odd, "out-of-range");
    }
    let item = || json!({ "itemId": 1 });
    wrong_number("click", item(), "itemId", f64::NAN, "bad-type");
    wrong_number("click", item(), "itemId", f64::INFINITY, "out-of-range");
    wrong_number("click", item(), "itemId", f64::NEG_INFINITY, "out-of-range");
    wrong_number("click", item(), "itemType", f64::NAN, "bad-type");
    wrong_field("click", "itemType", json!([]), "bad-type");
    wrong_field("clickRecommended", "modelId", json!(-5), "out-of-range");
}

#[test]
fn characters() {
    for odd in [".", "..", "a\\b", "a\u{0}", "a\nb", "\u{7f}", "\u{85}", "\u{9f}b"] {
        wrong_field("click", "itemId", json!(odd), "bad-character");
        wrong_field("click", "itemType", json!(odd), "bad-character");
        wrong_field("clickRecommended", "scenario", json!(odd), "bad-character");
        wrong_field("click", "categoryPath", json!(odd), "bad-character");
        wrong("login", json!(odd), ("bad-character", "login.userId"));
        wrong("rendered", json!({ "items": [odd] }), ("bad-character", "rendered.items[0]"));
    }
    wrong_field("click", "categoryPath", json!(["a", "b/c"]), "bad-character");
    wrong_field("click", "categoryPath", json!(["a", 1]), "bad-type");
    wrong_field("click", "categoryPath", json!(7), "bad-type");
}

#[test]
fn huge_texts() {
    let huge = "x".repeat(10_000_000);
    for name in ["itemId", "itemType", "categoryPath", "masterId", "title"] {
        wrong_field("click", name, json!(huge), "out-of-range");
    }
    wrong_field("click", "categoryPath", json!([huge, huge]), "out-of-range");
    wrong_field("buy", "price", json!(huge), "bad-type");
    wrong("login", json!(huge), ("out-of-range", "login.userId"));
    let feedback = json!({ "query": "q", "positive": true, "message": huge });
    wrong("feedback", feedback, ("out-of-range", "feedback.message"));
    wrong("consent", json!(huge), ("out-of-range", "consent"));
    // The warning repeats only the beginning of an unknown name.
    wrong(&huge, json!({}), ("unknown-event", &huge[..64]));
    wrong(&"ä".repeat(1_000), json!({}), ("unknown-event", &"ä".repeat(32)));
}

#[test]
fn numbers() {
    for (verb, name, code, odd) in [
        ("consume", "percentage", "out-of-range", json!([101, -1, 100.5, -0.5, 1e300])),
        ("consume", "percentage", "bad-type", json!(["half", true, [], {}])),
        ("rate", "rating", "out-of-range", json!([101, -1, 1e300])),
        ("rate", "rating", "bad-type", json!([4.5, "4.5", true])),
        ("buy", "quantity", "out-of-range", json!([0, -1, -0.5, 1e-7, 1_000_000.5, 1_000_001])),
        ("buy", "quantity", "bad-type", json!(["two", [2]])),
        ("basket", "quantity", "out-of-range", json!([0])),
        ("deleteFromBasket", "quantity", "out-of-range", json!([0])),
    ] {
        for odd in odd.as_array().unwrap() {
            wrong_field(verb, name, odd.clone(), code);
        }
    }
    for (verb, name) in [("consume", "percentage"), ("rate", "rating"), ("buy", "quantity")] {
        let item = || json!({ "itemId": 1 });
        wrong_number(verb, item(), name, f64::NAN, "bad-type");
        wrong_number(verb, item(), name, f64::INFINITY, "out-of-range");
        wrong_number(verb, item(), name, f64::NEG_INFINITY, "out-of-range");
    }
    let hit = json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 7, "searchTimeMs": 3,
                      "minScore": 0, "maxScore": 1 });
    wrong_number("cacheHit", hit.clone(), "page", 1.5, "bad-type");
    wrong_number("cacheHit", hit.clone(), "hitCount", -1.0, "out-of-range");
    wrong_number("cacheHit", hit.clone(), "minScore", f64::NAN, "bad-type");
    wrong_number("cacheHit", hit.clone(), "maxScore", f64::INFINITY, "out-of-range");
    wrong("cacheHit", with(hit, json!({ "filters": "a" })), ("bad-type", "cacheHit.filters"));
    let feedback = json!({ "query": "q", "positive": 1 });
    wrong("feedback", feedback, ("bad-type", "feedback.positive"));
}

#[test]
fn lists() {
    let many: Vec<u32> = (0..1_001).collect();
    let lines: Vec<Json> = many.iter().map(|id| json!({ "itemId": id })).collect();
    wrong("rendered", json!({ "items": many }), ("out-of-range", "rendered.items"));
    wrong("buy", json!([lines]), ("out-of-range", "buy"));
    wrong("rendered", json!({ "items": [] }), ("out-of-range", "rendered.items"));
    wrong("rendered", json!({ "items": { "0": 1 } }), ("bad-type", "rendered.items"));
    wrong("rendered", json!({ "items": "1,2" }), ("bad-type", "rendered.items"));
    wrong("rendered", json!({ "items": [1, ""] }), ("out-of-range", "rendered.items[1]"));
    wrong("rendered", json!({ "items": [1, [2]] }), ("bad-type", "rendered.items[1]"));
    wrong("rendered", json!({ "items": [null] }), ("bad-type", "rendered.items[0]"));
    let priced = json!([[{ "itemId": 1 }, { "itemId": 2, "price": "1" }]]);
    wrong("buy", priced, ("bad-type", "buy[1].price"));
}

#[test]
fn values_nested_too_deep_are_not_read() {
    let mut deep = json!("bottom");
    for _ in 0..100 {
        deep = json!({ "deeper": [deep] });
    }
    wrong_field("click", "itemId", deep.clone(), "bad-type");
    wrong_field("click", "title", deep.clone(), "bad-type");
    wrong("click", json!([[deep]]), ("bad-type", "click"));
}

#[test]
fn filters_that_cannot_be_written_exactly_are_refused() {
    let hit = |filters: Json| {
        json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 7, "searchTimeMs": 3,
                "minScore": 0, "maxScore": 1, "filters": filters })
    };
    let mut deep = json!("bottom");
    for _ in 0..20 {
        deep = json!([deep]);
    }
    for odd in [json!([0.123_456_7]), json!([1e300]), json!([{ "a": 9e9 + 0.5 }]), json!([deep])] {
        wrong("cacheHit", hit(odd.clone()), ("out-of-range", "cacheHit.filters"));
        wrong("basket", json!({ "itemId": 1, "filters": odd }), ("out-of-range", "basket.filters"));
    }
}

#[test]
fn e_mail_addresses_are_refused_as_user_ids() {
    for odd in [
        "jane@shop.example",
        "JANE.DOE+x@mail.shop.co.uk",
        "jürgen@müller.de",
        " jane@shop.example ",
        "jane%40shop.example",
        "jane\u{ff20}shop.example",
    ] {
        wrong("login", json!(odd), ("personal-data", "login.userId"));
    }
    for fine in [
        "jane",
        "jane@",
        "@jane",
        "jane@home",
        "jane@home.",
        "jane@.home",
        "jane.doe@home",
        "a@b@c.de",
        "a%40b@c.de",
        "user 1@x.y",
        "@jane.doe",
        "firm/1@x.y",
    ] {
        let mut page = Page::open(batch());
        page.call("login", json!(fine));
        assert_eq!(page.warnings, [], "{fine}");
        assert_eq!(page.engine.user_id(), Some(fine));
    }
    for odd in [json!(12), json!(true), json!({}), json!(["a"])] {
        wrong("login", json!([odd]), ("bad-type", "login.userId"));
    }
}

#[test]
fn unknown_methods_are_refused() {
    wrong("clik", json!({ "itemId": 1 }), ("unknown-event", "clik"));
    wrong("", json!({}), ("unknown-event", ""));
    wrong("Click", json!({ "itemId": 1 }), ("unknown-event", "Click"));
    wrong("constructor", json!({}), ("unknown-event", "constructor"));
    // No destination can have this link.
    wrong("followLink", json!("//x"), ("out-of-range", "followLink"));
    wrong("followLink", json!([]), ("bad-type", "followLink"));
    wrong("followLink", json!({ "url": "//x" }), ("bad-type", "followLink"));
    wrong("consent", json!("yes"), ("out-of-range", "consent"));
    wrong("consent", json!([null]), ("out-of-range", "consent"));
    wrong("logout", json!("forget"), ("bad-type", "logout"));
    wrong("logout", json!({ "forget": 1 }), ("bad-type", "logout.forget"));
}

/// Counters of 32 bits would overflow.
#[test]
fn the_number_of_lost_calls_is_limited() {
    let mut page = Page::open(batch());
    for _ in 0..3 {
        page.call("lost", json!([4_294_967_295_u32]));
    }
    assert_eq!((page.count("accepted"), page.count("dropped")), (300_000, 300_000));
}

#[test]
fn an_unknown_field_is_ignored_with_one_warning() {
    let mut page = Page::open(batch());
    for _ in 0..3 {
        page.call("click", json!({ "itemId": 1, "itemid": 2, "search": null }));
        let search = json!({ "query": "q", "position": 1, "rank": 1 });
        page.call("click", json!({ "itemId": 2, "search": search }));
        page.call("rendered", json!({ "items": [{ "itemId": 3, "prize": 1 }] }));
        page.call("logout", json!({ "forgot": true }));
    }
    page.call("click", json!({ "itemId": 1, "x".repeat(1_000): 2 }));
    page.advance(60_000);
    let long = format!("click.{}", "x".repeat(64));
    assert_eq!(
        page.told(),
        [
            "click.itemid",
            "click.search.rank",
            "rendered.items[0].prize",
            "logout.forgot",
            long.as_str()
        ]
        .map(|field| ("unknown-option", field))
    );
    assert_eq!(page.count("rejected"), 0);
    assert!(page.events().iter().all(|event| !event.to_string().contains("prize")));
}

#[test]
fn the_number_of_different_warnings_is_limited() {
    let mut page = Page::open(batch());
    for n in 0..1_000 {
        page.call("click", json!({ "itemId": 1, format!("field{n}"): 2 }));
    }
    assert!(page.warnings.len() <= 100, "{}", page.warnings.len());
    page.advance(600_000);
    assert_eq!(page.events().len(), 1_000);
}

#[test]
fn an_item_id_that_a_program_prints_for_an_empty_variable_is_refused() {
    for id in ["undefined", "null", "NaN", "[object Object]"] {
        refused("click", vec![value(json!({ "itemId": id }))], ("bad-character", "click.itemId"));
    }
}

#[test]
fn a_quantity_outside_its_range_is_reported_with_the_range() {
    for quantity in [json!(0), json!(-1), json!(1_000_001), json!("0")] {
        let mut page = Page::open(batch());
        page.call_values("basket", vec![value(json!({ "itemId": 1, "quantity": quantity }))]);
        assert_eq!(page.told(), [("out-of-range", "basket.quantity")], "{quantity}");
        assert!(page.warnings[0].detail.contains("at most 1000000"), "{quantity}");
    }
}
