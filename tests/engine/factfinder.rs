//! Events for FACT-Finder: its rules and names. Its examples are in vectors.rs.

use crate::common::test;
use crate::common::{Page, json, split_url, value, with};
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::Via;
use recobeacon_engine::request::Method;
use serde_json::Value as Json;

const SID: &str = "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw";
const NAME: &str = "factfinder de";

fn factfinder() -> Json {
    json!({
        "destinations": { "protocol": "factfinder", "endpoint": "/ff", "channel": "de", "apiKey": "k" },
        "identity": { "sessionId": SID },
    })
}

fn options(more: Json) -> Json {
    with(factfinder(), json!({ "destinations": more }))
}

/// The requests of one call: event and body.
fn sent(page: &Page) -> Vec<(String, Json)> {
    let one = |sent: &crate::common::Sent| {
        let request = &sent.send.request;
        let events = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        (request.url.rsplit('/').next().unwrap().to_owned(), events)
    };
    page.sends.iter().map(one).collect()
}

fn event(config: Json, verb: &str, args: Json) -> Json {
    let mut page = Page::open(config);
    page.call(verb, args);
    page.advance(60_000);
    let [(_, events)] = sent(&page).try_into().unwrap();
    assert_eq!(events.as_array().unwrap().len(), 1);
    events[0].clone()
}

#[test]
fn the_configuration() {
    for (more, field) in [
        (json!({ "endpoint": null }), "endpoint"),
        (json!({ "channel": null }), "channel"),
        (json!({ "channel": "a\\b" }), "channel"),
        (json!({ "version": "v1" }), "version"),
        (json!({ "version": 7 }), "version"),
        (json!({ "currency": "euro" }), "currency"),
        (json!({ "currency": "$" }), "currency"),
        (json!({ "apiKey": "a\r\nX-Other: b" }), "apiKey"),
        (json!({ "apiKey": "ä" }), "apiKey"),
        (json!({ "apiKey": "" }), "apiKey"),
        (json!({ "apiKey": 1 }), "apiKey"),
    ] {
        let error = Config::parse(&value(options(more.clone())), &mut Vec::new()).unwrap_err();
        let path = format!("config.destinations.{field}");
        assert_eq!((error.code.name(), error.field), ("config", path), "{more}");
    }
    for (more, url) in [
        (json!({}), "/ff/rest/v5/track/de/cart"),
        (json!({ "version": "v2" }), "/ff/rest/v2/track/de/cart"),
        (json!({ "channel": "de/Ä b" }), "/ff/rest/v5/track/de%2F%C3%84%20b/cart"),
        (
            json!({ "endpoint": "https://ff.example/x/" }),
            "https://ff.example/x/rest/v5/track/de/cart",
        ),
    ] {
        let mut page = Page::open(options(more));
        page.call("basket", json!({ "itemId": 1 }));
        page.advance(10);
        assert_eq!((page.urls(), page.warnings.len()), (vec![url], 0));
    }
}

#[test]
fn a_key_goes_in_a_header_by_fetch_whatever_transport_says() {
    for transport in [json!(null), json!("beacon"), json!("auto"), json!("fetch")] {
        let mut page = Page::open(options(json!({ "transport": transport })));
        page.call("basket", json!({ "itemId": 1 }));
        page.advance(10);
        let send = &page.sends[0].send;
        assert_eq!((send.via, send.request.method), (Via::Fetch, Method::Post), "{transport}");
        assert_eq!(send.request.key, Some(("X-FF-API-Key", "k".to_owned())));
        assert!(!send.request.no_cors, "its responses can be read");
        assert_eq!(page.count("acknowledged"), 1);
    }
}

#[test]
fn without_a_key_requests_are_beacons() {
    let mut page = Page::open(options(json!({ "apiKey": null })));
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(10);
    let send = &page.sends[0].send;
    assert_eq!((send.via, &send.request.key, send.request.no_cors), (Via::Beacon, &None, true));
}

#[test]
fn version_7_is_a_get_by_fetch() {
    for transport in ["beacon", "auto", "fetch"] {
        let config = json!({ "version": "7", "apiKey": null, "transport": transport });
        let mut page = Page::open(options(config));
        page.call("basket", json!({ "itemId": "a&b=ä" }));
        page.call("basket", json!({ "itemId": 2 }));
        page.advance(10);
        assert_eq!(page.sends.len(), 2, "one event for each request");
        let send = &page.sends[0].send;
        assert_eq!((send.via, send.request.method), (Via::Fetch, Method::Get));
        assert_eq!((&send.request.body, &send.request.key), (&None, &None));
        assert!(send.request.no_cors, "the instance sends no CORS headers");
        let pairs =
            [("channel", "de"), ("count", "1"), ("event", "cart"), ("id", "a&b=ä"), ("sid", SID)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(split_url(&send.request.url), ("/ff/Tracking.ff", pairs.to_vec()));
        assert_eq!(page.count("sent"), 2);
    }
}

#[test]
fn an_event_too_long_for_a_version_7_url_is_dropped_alone() {
    let mut page = Page::open(options(json!({ "version": "7", "apiKey": null })));
    page.call("feedback", json!({ "query": "q", "positive": true, "message": "ö".repeat(600) }));
    page.call("feedback", json!({ "query": "q", "positive": true }));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("dropped")), (1, 1));
    assert_eq!(page.told(), [("out-of-range", NAME)]);
}

#[test]
fn a_click_needs_the_search_that_it_came_from() {
    for version in ["v2", "v5", "7"] {
        let mut page = Page::open(options(json!({ "version": version })));
        for _ in 0..3 {
            page.call("click", json!({ "itemId": 1 }));
        }
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.count("dropped")), (0, 3), "{version}");
        assert_eq!(page.told(), [("missing-field", "click.search")], "one warning");
    }
}

#[test]
fn a_recommendation_needs_its_main_product() {
    let mut page = Page::open(factfinder());
    page.call("clickRecommended", json!({ "itemId": 1, "scenario": "top" }));
    page.call(
        "clickRecommended",
        json!({ "itemId": 1, "mainId": 2, "scenario": "s", "variant": "B", "modelId": 3 }),
    );
    page.advance(60_000);
    let expected = json!([{ "sid": SID, "id": "1", "mainId": "2" }]);
    assert_eq!(sent(&page), [("recommendationClick".to_owned(), expected)]);
    assert_eq!(page.told(), [("missing-field", "clickRecommended.mainId")]);
}

#[test]
fn a_predicted_basket_needs_an_account() {
    let mut page = Page::open(factfinder());
    page.call("predictiveBasketClick", json!({ "itemId": 1 }));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("dropped")), (0, 1));
    assert_eq!(page.told(), [("missing-field", "predictiveBasketClick")]);
    page.call("login", json!("jane"));
    page.call("predictiveBasketClick", json!({ "itemId": 1 }));
    page.advance(60_000);
    let expected = json!([{ "sid": SID, "userId": "jane", "id": "1" }]);
    assert_eq!(sent(&page)[1], ("predbasketClick".to_owned(), expected));
}

#[test]
fn an_unsupported_event_gives_one_warning_for_each_kind() {
    let landing_page = ["landingPageClick"].as_slice();
    let seven = ["landingPageClick", "predictiveBasketClick"].as_slice();
    let none = [""; 0].as_slice();
    for (version, unknown) in
        [("v2", landing_page), ("v3", landing_page), ("v4", none), ("v5", none), ("7", seven)]
    {
        let mut page = Page::open(options(json!({ "version": version })));
        page.call("login", json!("jane"));
        for _ in 0..2 {
            page.call("landingPageClick", json!({ "itemId": 1, "campaign": "c", "pageId": "p" }));
            page.call("predictiveBasketClick", json!({ "itemId": 1 }));
        }
        page.advance(60_000);
        let expected: Vec<_> = unknown.iter().map(|kind| ("unsupported-event", *kind)).collect();
        assert_eq!(page.told(), expected, "{version}");
        assert_eq!(page.count("dropped"), 2 * unknown.len() as u64);
    }
    let mut page = Page::open(factfinder());
    let item = json!({ "itemId": 1, "rating": 1, "triggerName": "t" });
    let verbs =
        ["consume", "deleteFromBasket", "wishlist", "deleteFromWishlist", "rate", "blacklist"];
    for _ in 0..2 {
        verbs.iter().for_each(|verb| page.call(verb, item.clone()));
        page.call("rendered", json!({ "items": [1] }));
        page.call("triggerOpened", json!({ "triggerName": "t" }));
        page.call("clickTriggered", item.clone());
    }
    page.advance(60_000);
    let told = page.told();
    let unsupported: Vec<&str> =
        told.iter().filter(|told| told.0 == "unsupported-event").map(|told| told.1).collect();
    let rest = ["rendered", "triggerOpened", "clickTriggered"];
    assert_eq!(unsupported, [verbs.as_slice(), rest.as_slice()].concat());
    assert_eq!((page.sends.len(), page.count("dropped")), (0, 18));
}

#[test]
fn a_price_is_a_number_with_its_own_decimals() {
    for (given, written) in [
        ("12.45EUR", "12.45"),
        ("12.50EUR", "12.50"),
        ("12.000000EUR", "12.000000"),
        ("456JPY", "456"),
        ("0EUR", "0"),
        ("0.50EUR", "0.50"),
        ("000EUR", "0"),
        ("00.5EUR", "0.5"),
        ("0012.45EUR", "12.45"),
        ("8999999999.999999EUR", "8999999999.999999"),
    ] {
        let mut page = Page::open(factfinder());
        page.call("basket", json!({ "itemId": 1, "price": given }));
        page.advance(10);
        let body = page.sends[0].send.request.body.clone().unwrap();
        assert!(body.contains(&format!("\"price\":{written}}}")), "{given}: {body}");
    }
}

#[test]
fn a_price_in_another_currency_is_left_out() {
    let mut page = Page::open(options(json!({ "currency": "EUR" })));
    for price in ["1EUR", "2USD", "3USD", "4€€"] {
        page.call("basket", json!({ "itemId": price, "price": price }));
    }
    page.advance(10);
    let expected = json!([
        { "sid": SID, "id": "1EUR", "count": 1, "price": 1 },
        { "sid": SID, "id": "2USD", "count": 1 },
        { "sid": SID, "id": "3USD", "count": 1 },
        { "sid": SID, "id": "4€€", "count": 1 },
    ]);
    assert_eq!(sent(&page), [("cart".to_owned(), expected)]);
    assert_eq!(page.told(), [("out-of-range", "basket.price"), ("bad-type", "basket.price")]);
    // Without a configured currency it cannot be checked.
    let event = event(factfinder(), "buy", json!({ "itemId": 1, "price": "2USD", "orderId": "o" }));
    assert_eq!(event, json!({ "sid": SID, "id": "1", "count": 1, "price": 2 }));
}

#[test]
fn unsupported_fields_are_left_out() {
    let item = json!({
        "itemId": 7, "itemType": 3, "categoryPath": "A/B", "masterId": 5, "title": "T",
        "search": { "query": "q", "position": 3, "originalPosition": 4, "page": 0, "pageSize": 9,
                    "originalPageSize": 10, "score": 0.5, "campaign": "c" },
    });
    let expected = json!({
        "sid": SID, "id": "7", "masterId": "5", "title": "T", "query": "q", "pos": 3, "page": 0,
        "pageSize": 9, "score": 0.5, "campaign": "c",
    });
    assert_eq!(event(factfinder(), "click", item), expected);
}

#[test]
fn a_log_has_the_fields_that_its_schema_requires() {
    let search = json!({ "query": "q", "page": 1, "pageSize": 9, "hitCount": 0, "searchTimeMs": 0.25,
                         "minScore": 0, "maxScore": 1 });
    let expected = json!({ "sid": SID, "query": "q", "page": 1, "pageSize": 9, "hitCount": 0,
                           "searchTime": 0.25, "minScore": 0, "maxScore": 1, "id": "", "filters": [] });
    assert_eq!(event(factfinder(), "cacheHit", search.clone()), expected);
    let mut page = Page::open(options(json!({ "version": "7" })));
    page.call("cacheHit", with(search, json!({ "filters": [{ "name": "Brand" }] })));
    page.advance(60_000);
    assert!(
        !page.urls()[0].contains("filter") && !page.urls()[0].contains("&id="),
        "{:?}",
        page.urls()
    );
}

#[test]
fn the_purchaser_is_in_every_event_but_feedback() {
    let own = |version: &str| {
        let more = json!({ "destinations": { "version": version, "apiKey": null },
                           "identity": { "purchaserId": "buyer 1" } });
        with(factfinder(), more)
    };
    let all = || {
        let hit = json!({ "query": "q", "page": 1, "pageSize": 1, "hitCount": 0,
                          "searchTimeMs": 0, "minScore": 0, "maxScore": 0 });
        let landing = json!({ "itemId": 1, "campaign": "c", "pageId": "p" });
        [
            ("click", json!({ "itemId": 1, "search": { "query": "", "position": 1 } })),
            ("basket", json!({ "itemId": 1 })),
            ("buy", json!({ "itemId": 1 })),
            ("clickRecommended", json!({ "itemId": 1, "mainId": 2 })),
            ("cacheHit", hit),
            ("landingPageClick", landing),
            ("predictiveBasketClick", json!({ "itemId": 1 })),
            ("feedback", json!({ "query": "q", "positive": true })),
        ]
    };
    let mut page = Page::open(own("v5"));
    page.call("login", json!("u"));
    for (verb, args) in all() {
        page.call(verb, args);
    }
    page.advance(60_000);
    let sent = sent(&page);
    assert_eq!(sent.len(), 9);
    for (kind, events) in sent {
        let expected = if kind == "feedback" { Json::Null } else { json!("buyer 1") };
        assert_eq!(events[0]["purchaserId"], expected, "{kind}");
    }
    let mut page = Page::open(own("7"));
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(60_000);
    assert!(page.urls()[0].contains("&purchaserid=buyer%201"), "{:?}", page.urls());
    // Without a purchaser.
    let mut page = Page::open(own("v5"));
    page.call("feedback", json!({ "query": "q", "positive": true }));
    page.call("rate", json!({ "itemId": 1, "rating": 1 }));
    let mut page = Page::open(with(own("v5"), json!({ "consent": "pending" })));
    page.call("landingPageClick", json!({ "itemId": 1, "campaign": "c", "pageId": "p" }));
    page.call("consent", json!("anonymous"));
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(60_000);
    let bodies: Vec<_> = page.sends.iter().map(|sent| format!("{:?}", sent.send.request)).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies.iter().all(|body| !body.contains("buyer")), "{bodies:?}");
}

#[test]
fn an_empty_query_and_a_fractional_quantity_are_sent() {
    let click = json!({ "itemId": 1, "search": { "query": "", "position": 1 } });
    assert_eq!(event(factfinder(), "click", click)["query"], "");
    let line = json!({ "itemId": 1, "quantity": 0.5 });
    assert_eq!(event(factfinder(), "buy", line)["count"], 0.5);
    let hit = json!({ "query": "", "page": 1, "pageSize": 1, "hitCount": 0, "searchTimeMs": 0,
                      "minScore": 0, "maxScore": 0, "masterId": "m", "title": "T" });
    let log = event(factfinder(), "cacheHit", hit);
    assert_eq!(
        (&log["query"], &log["masterId"], &log["title"]),
        (&json!(""), &json!("m"), &json!("T"))
    );
}

#[test]
fn version_7s_basket_has_the_search_that_it_came_from() {
    let line = json!({ "itemId": 1, "query": "a b", "campaign": "sale" });
    for verb in ["basket", "buy"] {
        let mut page = Page::open(options(json!({ "version": "7" })));
        page.call(verb, line.clone());
        page.advance(60_000);
        let url = page.urls()[0].to_owned();
        assert!(url.contains("&query=a%20b") && url.contains("&campaign=sale"), "{url}");
        let sent = event(factfinder(), verb, line.clone());
        assert_eq!((sent.get("query"), &sent["campaign"]), (None, &json!("sale")));
    }
}

#[test]
fn ids_are_text() {
    let one = event(factfinder(), "basket", json!({ "itemId": 9_007_199_254_740_991_u64 }));
    assert_eq!(one["id"], "9007199254740991");
    let one = event(factfinder(), "basket", json!({ "itemId": "1234567890123456789" }));
    assert_eq!(one["id"], "1234567890123456789");
}

#[test]
fn an_event_without_identity_has_a_session_and_no_account() {
    let config = json!({ "consent": "anonymous", "identity": { "sessionId": null } });
    let mut page = Page::open(with(factfinder(), config));
    page.call("login", json!("jane"));
    page.call("basket", json!({ "itemId": 1 }));
    page.call("predictiveBasketClick", json!({ "itemId": 1 }));
    page.advance(60_000);
    let [(kind, events)] = sent(&page).try_into().unwrap();
    assert_eq!((kind.as_str(), events[0].get("userId")), ("cart", None));
    assert_eq!(page.told(), [("missing-field", "predictiveBasketClick")]);
}
