//! Events for YOOCHOOSE: stricter rules than Ibexa's. Its examples are in vectors.rs.

use crate::common::test;
use crate::common::{Page, json, value, with};
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::Via;
use recobeacon_engine::request::Method;
use serde_json::Value as Json;

const BASE: &str = "https://event.yoochoose.net/ebl/00000";

fn yoochoose() -> Json {
    json!({
        "destinations": { "protocol": "yoochoose", "customerId": "00000" },
        "identity": { "anonymousId": "Js79009234YU7" },
    })
}

#[test]
fn a_beacon_without_a_body_is_the_default() {
    let mut page = Page::open(yoochoose());
    page.click(123);
    page.advance(2_000);
    let send = &page.sends[0].send;
    assert_eq!((send.via, send.request.method), (Via::Beacon, Method::Post));
    assert_eq!((&send.request.body, &send.request.key), (&None, &None));
    assert!(send.request.no_cors);
    assert_eq!(send.request.url, format!("{BASE}/click/Js79009234YU7/1/123?categorypath=%2FA"));
    assert_eq!(page.stats()["destinations"]["yoochoose 00000"]["sent"], 1);
}

#[test]
fn endpoint_and_solution_are_configurable() {
    for (options, start) in [
        (json!({ "solutionId": "news" }), "https://event.yoochoose.net/news/00000/"),
        (json!({ "endpoint": "https://a.example/" }), "https://a.example/ebl/00000/"),
        (json!({ "endpoint": "/proxy", "solutionId": "a/b" }), "/proxy/a%2Fb/00000/"),
    ] {
        let mut page = Page::open(with(yoochoose(), json!({ "destinations": options })));
        page.call("blacklist", json!({ "itemId": 1 }));
        page.advance(2_000);
        assert_eq!(page.urls(), [format!("{start}blacklist/Js79009234YU7/1/1")]);
        assert_eq!(page.warnings, []);
    }
    // An option of Ibexa only.
    let page = Page::open(with(yoochoose(), json!({ "destinations": { "path": "api" } })));
    assert_eq!(page.told(), [("unknown-option", "config.destinations.path")]);
    let nobody = json!({ "destinations": { "protocol": "yoochoose" } });
    let error = Config::parse(&value(nobody), &mut Vec::new()).unwrap_err();
    assert_eq!((error.code.name(), &*error.field), ("config", "config.destinations.customerId"));
}

#[test]
fn item_types_are_1_to_5() {
    for fine in [json!(1), json!(2), json!("3"), json!(4), json!(5)] {
        let mut page = Page::open(yoochoose());
        page.call("blacklist", json!({ "itemId": 1, "itemType": fine }));
        page.advance(2_000);
        assert_eq!((page.sends.len(), page.warnings.len()), (1, 0), "{fine}");
    }
    for odd in [json!(0), json!(6), json!("01"), json!("shoes"), json!(55), json!(2_147_483_647)] {
        let mut config = yoochoose();
        let ibexa = json!({ "protocol": "ibexa", "customerId": "1" });
        config["destinations"] = json!([config["destinations"], ibexa]);
        let mut page = Page::open(config);
        page.call("blacklist", json!({ "itemId": 1, "itemType": odd }));
        page.advance(2_000);
        assert_eq!(page.stats()["destinations"]["yoochoose 00000"]["dropped"], 1, "{odd}");
        assert_eq!(page.warnings[0].field, "blacklist.itemType");
        assert!(page.warnings[0].detail.contains("1 to 5"), "{:?}", page.warnings[0]);
        assert!(page.urls().iter().all(|url| url.contains("event.perso.ibexa.co")), "{odd}");
    }
}

#[test]
fn a_purchase_without_a_price_is_dropped() {
    let mut page = Page::open(yoochoose());
    page.call("buy", json!([[{ "itemId": 1 }, { "itemId": 2, "price": "1EUR" }, { "itemId": 3 }]]));
    page.advance(2_000);
    assert_eq!(page.urls(), [format!("{BASE}/buy/Js79009234YU7/1/2?fullprice=1EUR")]);
    assert_eq!(page.told(), [("missing-field", "buy.price")], "one warning");
    assert_eq!((page.count("dropped"), page.count("sent")), (2, 1));
}

#[test]
fn a_basket_has_its_category() {
    let mut page = Page::open(yoochoose());
    page.call("basket", json!({ "itemId": 1, "categoryPath": "Shoes/Children/" }));
    page.call("basket", json!({ "itemId": 2, "price": "1EUR", "quantity": 3 }));
    page.advance(2_000);
    let expected =
        ["/basket/Js79009234YU7/1/1?categorypath=%2FShoes%2FChildren", "/basket/Js79009234YU7/1/2"];
    assert_eq!(page.urls(), expected.map(|path| format!("{BASE}{path}")));
    assert_eq!(page.warnings, [], "only a click is expected to have a category");
}

#[test]
fn a_recommendation_needs_its_scenario() {
    let mut page = Page::open(yoochoose());
    page.call("clickRecommended", json!({ "itemId": 1, "mainId": 2 }));
    page.call("clickRecommended", json!({ "itemId": 1, "scenario": "top" }));
    page.advance(2_000);
    assert_eq!(page.urls(), [format!("{BASE}/clickrecommended/Js79009234YU7/1/1?scenario=top")]);
    assert_eq!(page.told(), [("missing-field", "clickRecommended.scenario")]);
}

#[test]
fn newer_events_are_unsupported_with_one_warning_for_each_kind() {
    let mut page = Page::open(yoochoose());
    for _ in 0..3 {
        page.call("deleteFromBasket", json!({ "itemId": 1 }));
        page.call("owns", json!({ "itemId": 1 }));
        page.call("wishlist", json!({ "itemId": 1 }));
        page.call("deleteFromWishlist", json!({ "itemId": 1 }));
        page.call("triggerOpened", json!({ "triggerName": "t" }));
        page.call("clickTriggered", json!({ "itemId": 1, "triggerName": "t" }));
        page.call("feedback", json!({ "query": "q", "positive": true }));
        page.call("predictiveBasketClick", json!({ "itemId": 1 }));
        page.call("landingPageClick", json!({ "itemId": 1, "campaign": "c", "pageId": "p" }));
    }
    page.advance(60_000);
    assert_eq!(page.sends, []);
    let kinds = [
        "deleteFromBasket",
        "owns",
        "wishlist",
        "deleteFromWishlist",
        "triggerOpened",
        "clickTriggered",
        "feedback",
        "predictiveBasketClick",
        "landingPageClick",
    ];
    assert_eq!(page.told(), kinds.map(|kind| ("unsupported-event", kind)));
    assert_eq!((page.count("accepted"), page.count("dropped")), (27, 27));
}

#[test]
fn without_identity_the_user_is_not_defined() {
    let mut page = Page::open(with(yoochoose(), json!({ "consent": "anonymous" })));
    page.call("login", json!("johndoe"));
    page.call("blacklist", json!({ "itemId": 1 }));
    page.advance(60_000);
    assert_eq!(page.urls(), [format!("{BASE}/blacklist/not_defined/1/1")]);
    assert_eq!(page.stored_writes, 0);
}

#[test]
fn a_list_of_recommendations_is_one_request() {
    let mut page = Page::open(yoochoose());
    page.call("rendered", json!({ "items": [1, "a,b", 3], "itemType": 2, "scenario": "top" }));
    page.call("rendered", json!({ "items": [3, 4], "itemType": 2, "scenario": "top" }));
    page.advance(60_000);
    assert_eq!(page.urls(), [format!("{BASE}/rendered/Js79009234YU7/2/1,a%2Cb,3,4")]);
}
