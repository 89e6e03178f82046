//! Events for Ibexa: the form of its URLs. The vendor's own examples are in vectors.rs.

use crate::common::test;
use crate::common::{Page, answered, decoded, ibexa, json, told, with};
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::request::Method;
use serde_json::Value as Json;

const BASE: &str = "https://event.perso.ibexa.co/api/00000";

/// The URLs of one call.
fn urls(verb: &str, args: Json) -> Vec<String> {
    let mut page = Page::open(ibexa());
    page.call(verb, args);
    page.advance(60_000);
    page.urls().into_iter().map(str::to_owned).collect()
}

/// The path of one call after the customer id.
fn path(verb: &str, args: Json) -> String {
    let urls = urls(verb, args);
    assert_eq!(urls.len(), 1, "{urls:?}");
    urls[0].strip_prefix(BASE).unwrap().to_owned()
}

#[test]
fn a_beacon_without_a_body_is_the_default() {
    let mut page = Page::open(ibexa());
    page.click(123);
    page.advance(2_000);
    let send = &page.sends[0].send;
    assert_eq!((send.via, send.request.method), (Via::Beacon, Method::Post));
    assert_eq!(send.request.body, None);
    assert!(send.request.no_cors);
    assert_eq!(send.request.url, format!("{BASE}/click/Js79009234YU7/1/123?categorypath=%2FA"));
}

#[test]
fn get_requests_always_use_fetch() {
    for transport in ["beacon", "auto", "fetch"] {
        let options = json!({ "destinations": { "method": "GET", "transport": transport } });
        let mut page = Page::open(with(ibexa(), options));
        page.click(1);
        page.advance(2_000);
        let send = &page.sends[0].send;
        assert_eq!((send.via, send.request.method), (Via::Fetch, Method::Get), "{transport}");
        assert_eq!(page.count("sent"), 1);
    }
}

#[test]
fn endpoint_and_path_are_configurable() {
    for (options, url) in [
        (json!({ "endpoint": "https://a.example" }), "https://a.example/api/00000/blacklist/"),
        (json!({ "endpoint": "https://a.example/" }), "https://a.example/api/00000/blacklist/"),
        (json!({ "endpoint": "/proxy" }), "/proxy/api/00000/blacklist/"),
        (json!({ "path": "ebl" }), "https://event.perso.ibexa.co/ebl/00000/blacklist/"),
    ] {
        let mut page = Page::open(with(ibexa(), json!({ "destinations": options })));
        page.call("blacklist", json!({ "itemId": 1 }));
        page.advance(2_000);
        assert_eq!(page.urls(), [format!("{url}Js79009234YU7/1/1")]);
    }
}

#[test]
fn a_customer_id_has_letters_and_digits_only() {
    let parse = |id: Json| {
        let config = with(ibexa(), json!({ "destinations": { "customerId": id } }));
        recobeacon_engine::config::Config::parse(&crate::common::value(config), &mut Vec::new())
    };
    for odd in ["a b/c", "a/b", "a b", "0-0", "ä", "..", "", "%30", &"0".repeat(65)] {
        let error = parse(json!(odd)).unwrap_err();
        let told = (error.code.name(), error.field.as_str());
        assert_eq!(told, ("config", "config.destinations.customerId"), "{odd}");
    }
    for fine in [json!("00000"), json!("shop1"), json!(17_751), json!("0".repeat(64))] {
        assert!(parse(fine.clone()).is_ok(), "{fine}");
    }
}

#[test]
fn owns_is_sent_as_its_own_event() {
    let event = json!({ "itemId": 7, "itemType": 2, "title": "T" });
    assert_eq!(path("owns", event), "/owns/Js79009234YU7/2/7");
}

#[test]
fn a_fractional_quantity_is_rounded_up() {
    for (given, sent) in
        [(0.5, "1"), (1.0, "1"), (1.85, "2"), (3.000_001, "4"), (999_999.5, "1000000")]
    {
        let event = json!({ "itemId": 7, "quantity": given });
        assert_eq!(path("buy", event), format!("/buy/Js79009234YU7/1/7?quantity={sent}"));
    }
}

#[test]
fn an_invalid_path_option_is_refused_or_encoded() {
    // "api?x" and the like must be refused or encoded.
    for odd in ["api?x", "a b", "a#b", "a%b", "ä"] {
        let config = with(ibexa(), json!({ "destinations": { "path": odd } }));
        let parsed = recobeacon_engine::config::Config::parse(
            &crate::common::value(config.clone()),
            &mut Vec::new(),
        );
        if parsed.is_err() {
            continue;
        }
        let mut page = Page::open(config);
        page.call("blacklist", json!({ "itemId": 1 }));
        page.advance(2_000);
        let url = page.urls()[0].to_owned();
        let path = url.strip_prefix("https://event.perso.ibexa.co/").unwrap();
        let first = path.split('/').next().unwrap();
        assert!(!first.contains(['?', ' ', '#', 'ä']), "{url}");
        assert_eq!(decoded(first), odd, "{url}");
    }
}

#[test]
fn commas_between_ids_are_not_encoded_and_those_within_are() {
    let items = json!({ "items": [1, "a,b", { "itemId": 3 }, "d"] });
    assert_eq!(path("rendered", items), "/rendered/Js79009234YU7/1/1,a%2Cb,3,d");
}

#[test]
fn everything_but_unreserved_characters_is_encoded() {
    let id = "a/b c+d?e#f%g&h=i;j:k@l!m'n(o)p*q\"r<s>t-u._v~w";
    let encoded = "a%2Fb%20c%2Bd%3Fe%23f%25g%26h%3Di%3Bj%3Ak%40l%21m%27n%28o%29p%2Aq%22r%3Cs%3Et\
                   -u._v~w";
    let sent = path("blacklist", json!({ "itemId": id }));
    assert_eq!(sent, format!("/blacklist/Js79009234YU7/1/{encoded}"));
    assert_eq!(decoded(encoded), id);
}

#[test]
fn a_space_in_the_query_is_percent_20_and_a_variant_is_not_sent() {
    let event = json!({ "itemId": 1, "scenario": "also bought+more", "modelId": "a&b",
                        "variant": "B" });
    let sent = path("clickRecommended", event);
    assert_eq!(
        sent,
        "/clickrecommended/Js79009234YU7/1/1?scenario=also%20bought%2Bmore&modelid=a%26b"
    );
}

#[test]
fn user_ids_may_have_any_unicode() {
    for user in ["jürgen", "田中", "🦀/ +", "e\u{301}", "lone \u{fffd} surrogate", "JohnDoe"] {
        let mut page = Page::open(ibexa());
        page.call("login", json!(user));
        page.call("blacklist", json!({ "itemId": 1 }));
        page.advance(2_000);
        assert_eq!(page.warnings, []);
        let urls = page.urls();
        let login: Vec<&str> = urls[0].strip_prefix(BASE).unwrap().split('/').collect();
        let event: Vec<&str> = urls[1].strip_prefix(BASE).unwrap().split('/').collect();
        assert_eq!(login[..3], ["", "login", "Js79009234YU7"]);
        assert_eq!(decoded(login[3]), user);
        assert_eq!((event[1], decoded(event[2]).as_str()), ("blacklist", user));
        assert!(urls.iter().all(|url| url.is_ascii()));
    }
    let mut page = Page::open(ibexa());
    page.call("login", json!("\u{fffd}"));
    page.advance(2_000);
    assert!(page.urls()[0].ends_with("/%EF%BF%BD"), "unpaired surrogates become U+FFFD");
}

#[test]
fn a_category_path_has_one_leading_slash_and_no_trailing_one() {
    for given in [
        json!("Shoes/Children"),
        json!("/Shoes/Children"),
        json!("//Shoes/Children///"),
        json!(["Shoes", "Children"]),
        json!(["", "Shoes", "", "Children", ""]),
    ] {
        let sent = path("click", json!({ "itemId": 1, "categoryPath": given }));
        assert_eq!(sent, "/click/Js79009234YU7/1/1?categorypath=%2FShoes%2FChildren");
    }
}

#[test]
fn a_click_without_category_is_sent_with_one_warning() {
    let mut page = Page::open(ibexa());
    for category in [json!(null), json!("/"), json!(""), json!([])] {
        page.call("click", json!({ "itemId": 1, "categoryPath": category }));
    }
    page.advance(60_000);
    assert_eq!(page.sends.len(), 4);
    assert!(page.urls().iter().all(|url| url.ends_with("/click/Js79009234YU7/1/1")));
    assert_eq!(page.told(), [("missing-field", "click.categoryPath")]);
}

#[test]
fn string_ids_are_sent_with_one_warning() {
    let mut page = Page::open(ibexa());
    page.call("blacklist", json!({ "itemId": "sku-1" }));
    page.call("rendered", json!({ "items": ["sku-2", "sku-3"] }));
    page.call("blacklist", json!({ "itemId": "0123" }));
    page.call("blacklist", json!({ "itemId": 2_147_483_648_u64 }));
    page.advance(60_000);
    assert_eq!(page.sends.len(), 4);
    assert_eq!(page.told(), [("out-of-range", "itemId")]);

    let mut page = Page::open(ibexa());
    page.call("blacklist", json!({ "itemId": 2_147_483_647 }));
    page.call("blacklist", json!({ "itemId": "1" }));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.warnings.len()), (2, 0));
}

#[test]
fn an_item_type_that_ibexa_cannot_know_is_dropped_for_ibexa_only() {
    for odd in [json!(0), json!(2_147_483_648_u64), json!("article"), json!("01")] {
        let mut config = ibexa();
        let batch = json!({ "protocol": "batch", "endpoint": "/e" });
        config["destinations"] = json!([config["destinations"], batch]);
        let mut page = Page::open(config);
        page.call("basket", json!({ "itemId": 1, "itemType": odd }));
        page.advance(2_000);
        assert_eq!(page.urls().len(), 1, "{odd}");
        assert!(page.urls()[0].starts_with("/e?b="), "{odd}");
        assert_eq!(page.told(), [("out-of-range", "basket.itemType")]);
        assert_eq!(page.stats()["destinations"]["ibexa 00000"]["dropped"], 1);
        assert_eq!(page.stats()["destinations"]["batch /e"]["acknowledged"], 1);
    }
    assert_eq!(
        path("basket", json!({ "itemId": 1, "itemType": 2_147_483_647 })),
        "/basket/Js79009234YU7/2147483647/1"
    );
}

#[test]
fn click_recommended_without_scenario_is_dropped() {
    let mut page = Page::open(ibexa());
    page.call("clickRecommended", json!({ "itemId": 1 }));
    page.advance(2_000);
    assert_eq!(page.sends, []);
    assert_eq!(page.told(), [("missing-field", "clickRecommended.scenario")]);
    assert_eq!((page.count("dropped"), page.count("rejected")), (1, 0));
}

#[test]
fn an_unsupported_event_gives_one_warning_for_each_kind() {
    let mut page = Page::open(ibexa());
    for _ in 0..3 {
        page.call("feedback", json!({ "query": "q", "positive": true }));
        page.call("predictiveBasketClick", json!({ "itemId": 1 }));
        page.call("landingPageClick", json!({ "itemId": 1, "campaign": "c", "pageId": "p" }));
        page.call(
            "cacheHit",
            json!({ "query": "q", "page": 1, "pageSize": 10, "hitCount": 7, "searchTimeMs": 3,
                    "minScore": 0, "maxScore": 1 }),
        );
    }
    page.advance(60_000);
    assert_eq!(page.sends, []);
    assert_eq!(
        page.told(),
        ["feedback", "predictiveBasketClick", "landingPageClick", "cacheHit"]
            .map(|kind| ("unsupported-event", kind))
    );
    assert_eq!((page.count("accepted"), page.count("dropped")), (12, 12));
}

#[test]
fn without_identity_the_user_is_not_defined() {
    let mut page = Page::open(with(ibexa(), json!({ "consent": "anonymous" })));
    page.call("login", json!("johndoe"));
    page.call("blacklist", json!({ "itemId": 1 }));
    page.call("triggerOpened", json!({ "triggerName": "t" }));
    page.advance(60_000);
    assert_eq!(
        page.urls(),
        [
            format!("{BASE}/blacklist/not_defined/1/1"),
            format!("{BASE}/triggeropened/not_defined?triggername=t"),
        ]
    );
}

#[test]
fn a_backslash_is_refused_in_every_part_of_the_url() {
    for (verb, args, field) in [
        ("blacklist", json!({ "itemId": "a\\b" }), "blacklist.itemId"),
        ("rendered", json!({ "items": [1, "a\\b"] }), "rendered.items[1]"),
        ("triggerOpened", json!({ "triggerName": "a\\b" }), "triggerOpened.triggerName"),
        ("login", json!("a\\b"), "login.userId"),
    ] {
        let mut page = Page::open(ibexa());
        page.call(verb, args);
        page.advance(60_000);
        assert_eq!(page.sends, [], "{verb}");
        assert_eq!(told(&page.warnings), [("bad-character", field)]);
    }
    // An optional field with one is left out.
    let mut page = Page::open(ibexa());
    page.call("click", json!({ "itemId": 1, "itemType": "\\", "categoryPath": "a\\b" }));
    page.advance(60_000);
    let [url] = page.urls()[..] else { panic!("{:?}", page.urls()) };
    assert!(url.ends_with("/1/1"), "{url}");
}

#[test]
fn a_long_rendered_is_split_and_has_every_item_once() {
    let ids: Vec<String> = (0..1_000).map(|n| format!("item-{n}")).collect();
    let mut page = Page::open(ibexa());
    page.call("rendered", json!({ "items": ids, "scenario": "top" }));
    page.advance(600_000);
    let mut rendered = Vec::new();
    for url in page.urls() {
        assert!(url.len() <= 2_000, "{} characters", url.len());
        let items = url.rsplit('/').next().unwrap();
        rendered.extend(items.split(',').map(str::to_owned));
    }
    assert!(page.sends.len() > 1);
    assert_eq!(rendered, ids, "each item once and in order");
    // The event counts once, even if it took several requests.
    assert_eq!((page.count("accepted"), page.count("sent")), (1, 1));
}

#[test]
fn an_event_too_long_for_a_url_is_dropped_alone() {
    let mut page = Page::open(ibexa());
    let long = "語".repeat(170);
    page.call("click", json!({ "itemId": long, "categoryPath": long }));
    page.click(1);
    page.advance(60_000);
    assert_eq!(page.urls(), [format!("{BASE}/click/Js79009234YU7/1/1?categorypath=%2FA")]);
    let codes: Vec<_> = page.told().into_iter().filter(|told| told.1 != "itemId").collect();
    assert_eq!(codes, [("out-of-range", "ibexa 00000")]);
    assert_eq!((page.count("dropped"), page.count("sent")), (1, 1));
}

#[test]
fn a_request_is_repeated_only_if_the_response_says_it_was_not_accepted() {
    for (status, again) in
        [(408, true), (413, false), (429, true), (431, true), (503, true), (500, false)]
    {
        let mut page = Page::open(with(ibexa(), json!({ "destinations": { "method": "GET" } })));
        let mut answers = vec![Some(Outcome::Taken), answered(status)];
        page.network(move |_| answers.pop().unwrap());
        page.call("basket", json!({ "itemId": 1 }));
        page.advance(600_000);
        assert_eq!(page.sends.len(), 1 + usize::from(again), "{status}");
        assert_eq!(page.count("dropped"), u64::from(!again), "{status}");
    }
}
