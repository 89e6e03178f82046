//! Events for Intempt: identities, sources, keys, and grouping. The vendor's examples are in
//! vectors.rs.

use crate::common::test;
use crate::common::{Page, START, answered, json, value, with};
use recobeacon_engine::base64::base64;
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::{Outcome, Via};
use recobeacon_engine::request::Method;
use serde_json::Value as Json;

const SOURCE: &str = "1234567890123456789";
const NAME: &str = "intempt 1234567890123456789";

fn intempt() -> Json {
    json!({
        "destinations": { "protocol": "intempt", "organization": "acme", "project": "shop",
                          "source": SOURCE, "apiKey": "identifier.secret" },
        "identity": { "anonymousId": "visitor-1" },
    })
}

fn options(more: Json) -> Json {
    with(intempt(), json!({ "destinations": more }))
}

/// The entries of each request.
fn tracks(page: &Page) -> Vec<Vec<Json>> {
    let of = |body: Json| {
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        body["track"].as_array().unwrap().clone()
    };
    page.batches().into_iter().map(of).collect()
}

/// The payloads with their names, one event each.
fn events(page: &Page) -> Vec<(String, Json)> {
    let one = |entry: Json| {
        let [payload] = entry["payload"].as_array().unwrap().as_slice() else { panic!("{entry}") };
        (entry["name"].as_str().unwrap().to_owned(), payload.clone())
    };
    tracks(page).into_iter().flatten().map(one).collect()
}

#[test]
fn the_configuration() {
    for (more, field) in [
        (json!({ "organization": null }), "organization"),
        (json!({ "project": null }), "project"),
        (json!({ "source": null }), "source"),
        // A JavaScript number cannot hold nineteen digits exactly.
        (json!({ "source": 1_234_567_890_123_456_789_f64 }), "source"),
        (json!({ "source": 9_007_199_254_740_992_f64 }), "source"),
        (json!({ "source": ".." }), "source"),
        (json!({ "apiKey": "identifier" }), "apiKey"),
        (json!({ "apiKey": "ä.b" }), "apiKey"),
        (json!({ "apiKey": "a.b\n" }), "apiKey"),
        (json!({ "apiKey": true }), "apiKey"),
        (json!({ "apiKey": "identifier." }), "apiKey"),
        (json!({ "apiKey": ".secret" }), "apiKey"),
        // The receiver would split the header at this colon.
        (json!({ "apiKey": "a:b.secret" }), "apiKey"),
        (json!({ "endpoint": "" }), "endpoint"),
    ] {
        let error = Config::parse(&value(options(more.clone())), &mut Vec::new())
            .expect_err(&more.to_string());
        let path = format!("config.destinations.{field}");
        assert_eq!((error.code.name(), error.field), ("config", path), "{more}");
    }
    for (more, url) in [
        (
            json!({}),
            "https://api.intempt.com/v1/acme/projects/shop/sources/1234567890123456789/track",
        ),
        (
            json!({ "endpoint": "/proxy/" }),
            "/proxy/v1/acme/projects/shop/sources/1234567890123456789/track",
        ),
        (
            json!({ "source": "0012" }),
            "https://api.intempt.com/v1/acme/projects/shop/sources/0012/track",
        ),
        // A BigInt is exact.
        (
            json!({ "source": 1_234_567_890_123_456_789_u64 }),
            "https://api.intempt.com/v1/acme/projects/shop/sources/1234567890123456789/track",
        ),
        (json!({ "source": 12 }), "https://api.intempt.com/v1/acme/projects/shop/sources/12/track"),
        (
            json!({ "organization": "a b", "project": "c/d" }),
            "https://api.intempt.com/v1/a%20b/projects/c%2Fd/sources/1234567890123456789/track",
        ),
    ] {
        let mut page = Page::open(options(more));
        page.call("basket", json!({ "itemId": 1 }));
        page.advance(10);
        assert_eq!((page.urls(), page.warnings.len()), (vec![url], 0));
    }
}

#[test]
fn a_key_goes_in_a_basic_header_by_fetch_whatever_transport_says() {
    for transport in [json!(null), json!("beacon"), json!("auto"), json!("fetch")] {
        let mut page = Page::open(options(json!({ "transport": transport })));
        page.call("basket", json!({ "itemId": 1 }));
        page.advance(10);
        let send = &page.sends[0].send;
        assert_eq!((send.via, send.request.method), (Via::Fetch, Method::Post), "{transport}");
        let key = "Basic aWRlbnRpZmllcjpzZWNyZXQ=".to_owned();
        assert_eq!(send.request.key, Some(("Authorization", key)));
        assert!(!send.request.no_cors, "its responses can be read");
        assert_eq!(page.count("acknowledged"), 1);
    }
}

/// The examples of RFC 4648, section 10.
#[test]
fn base64_matches_the_standard() {
    for (text, encoded) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(text.as_bytes()), encoded);
    }
    assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
}

#[test]
fn base64_is_padded_and_the_secret_may_have_dots() {
    // RFC 4648, section 10, with an identifier of one letter.
    for (key, header) in [
        ("fo.o", "Zm86bw=="),
        ("f.o", "Zjpv"),
        ("f.ob", "ZjpvYg=="),
        ("f.oba", "ZjpvYmE="),
        ("f.obar", "ZjpvYmFy"),
        ("a.b.c", "YTpiLmM="),
        ("a.~~~???", "YTp+fn4/Pz8="),
    ] {
        let mut page = Page::open(options(json!({ "apiKey": key })));
        page.call("basket", json!({ "itemId": 1 }));
        page.advance(10);
        let (name, sent) = page.sends[0].send.request.key.clone().unwrap();
        assert_eq!((name, sent), ("Authorization", format!("Basic {header}")), "{key}");
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
fn visitor_and_account_have_their_own_fields() {
    let mut page = Page::open(intempt());
    page.call("basket", json!({ "itemId": 1 }));
    page.call("login", json!("jane"));
    page.call("basket", json!({ "itemId": 2 }));
    page.call("logout", json!([]));
    page.call("basket", json!({ "itemId": 3 }));
    page.advance(10);
    let who = |(name, payload): &(String, Json)| {
        let id = |field: &str| payload.get(field).map(|id| id.as_str().unwrap().to_owned());
        (name.clone(), id("userId"), id("anotherUserId"), id("profileId"))
    };
    let (jane, visitor) = (Some("jane".to_owned()), Some("visitor-1".to_owned()));
    let added = "Added to cart".to_owned();
    assert_eq!(
        events(&page).iter().map(who).collect::<Vec<_>>(),
        [
            (added.clone(), None, visitor.clone(), visitor.clone()),
            ("Identify".to_owned(), jane.clone(), visitor.clone(), visitor.clone()),
            (added.clone(), jane, None, visitor.clone()),
            (added, None, visitor.clone(), visitor),
        ]
    );
    let login = &tracks(&page)[0][1];
    assert_eq!(login["type"], "alias");
    assert!(login["payload"][0].get("data").is_none(), "{login}");
    assert_eq!(tracks(&page)[0][0].get("type"), None);
}

#[test]
fn the_company_is_in_every_payload() {
    let config = with(intempt(), json!({ "identity": { "accountId": 12 } }));
    let mut page = Page::open(config.clone());
    page.call("login", json!("jane"));
    page.call("click", json!({ "itemId": 1 }));
    page.advance(60_000);
    let events = events(&page);
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|(_, payload)| payload["accountId"] == "12"), "{events:?}");
    // Pending events lose it together with the identity.
    let mut page = Page::open(with(config, json!({ "consent": "pending" })));
    page.call("basket", json!({ "itemId": 1 }));
    page.call("consent", json!("anonymous"));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("dropped")), (0, 1));
}

#[test]
fn without_identity_nothing_is_sent() {
    let mut page = Page::open(with(intempt(), json!({ "consent": "anonymous" })));
    page.call("login", json!("jane"));
    for _ in 0..2 {
        page.call("basket", json!({ "itemId": 1 }));
        page.call("click", json!({ "itemId": 1 }));
    }
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("dropped"), page.stored_writes), (0, 4, 0));
    assert_eq!(page.told(), ["basket", "click"].map(|kind| ("unsupported-event", kind)));
}

#[test]
fn data_has_the_product_and_its_quantity() {
    let mut page = Page::open(intempt());
    let all = json!({
        "itemId": 9_007_199_254_740_991_u64, "itemType": 3, "categoryPath": "A", "masterId": 1,
        "title": "T", "price": "1EUR", "campaign": "c", "orderId": "o", "quantity": 4,
    });
    for verb in ["click", "basket", "deleteFromBasket", "buy"] {
        page.call(verb, all.clone());
    }
    page.advance(10);
    let data = |quantity| with(json!({ "productId": "9007199254740991" }), quantity);
    let four = || data(json!({ "quantity": 4 }));
    let events = events(&page);
    let sent: Vec<&Json> = events.iter().map(|(_, payload)| &payload["data"]).collect();
    assert_eq!(sent, [&data(json!({})), &four(), &four(), &four()]);
    for (name, payload) in &events {
        // At the top level it would be taken for a catalogue entry.
        assert_eq!(payload.get("productId"), None, "{name}");
    }
}

#[test]
fn each_event_has_its_own_id_and_time() {
    let mut page = Page::open(intempt());
    page.call("click", json!({ "itemId": 1 }));
    page.advance(500);
    page.call("buy", json!([[{ "itemId": 1 }, { "itemId": 1 }]]));
    page.advance(10);
    let events = events(&page);
    let times: Vec<u64> = events.iter().map(|(_, p)| p["timestamp"].as_u64().unwrap()).collect();
    assert_eq!(times, [START, START + 500, START + 500]);
    let ids: Vec<&str> = events.iter().map(|(_, p)| p["eventId"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn events_of_all_kinds_share_a_request_in_order() {
    let mut page = Page::open(intempt());
    page.call("click", json!({ "itemId": 1 }));
    page.call("deleteFromBasket", json!({ "itemId": 2 }));
    page.call("click", json!({ "itemId": 3 }));
    page.call("login", json!("jane"));
    page.call("buy", json!({ "itemId": 4 }));
    page.advance(10);
    assert_eq!(page.sends.len(), 1);
    let names: Vec<String> = events(&page).into_iter().map(|(name, _)| name).collect();
    let expected =
        ["Product viewed", "Removed from cart", "Product viewed", "Identify", "Product ordered"];
    assert_eq!(names, expected);
    assert_eq!(page.count("acknowledged"), 5);
}

#[test]
fn an_unsupported_event_gives_one_warning_for_each_kind() {
    let mut page = Page::open(intempt());
    let item =
        json!({ "itemId": 1, "campaign": "c", "pageId": "p", "triggerName": "t", "rating": 1 });
    let verbs = [
        "consume",
        "wishlist",
        "deleteFromWishlist",
        "rate",
        "blacklist",
        "clickRecommended",
        "triggerOpened",
        "clickTriggered",
        "landingPageClick",
        "predictiveBasketClick",
    ];
    for _ in 0..2 {
        verbs.iter().for_each(|verb| page.call(verb, item.clone()));
        page.call("rendered", json!({ "items": [1] }));
        page.call("feedback", json!({ "query": "q", "positive": true }));
    }
    page.advance(60_000);
    let told = page.told();
    let unsupported: Vec<&str> =
        told.iter().filter(|told| told.0 == "unsupported-event").map(|told| told.1).collect();
    assert_eq!(unsupported, [verbs.as_slice(), &["rendered", "feedback"]].concat());
    assert_eq!((page.sends.len(), page.count("dropped")), (0, 24));
}

#[test]
fn requests_are_limited_in_events_and_bytes() {
    let mut page =
        Page::open(with(intempt(), json!({ "batch": { "maxEvents": 100, "maxBytes": 1_000 } })));
    for n in 0..20 {
        page.call("click", json!({ "itemId": n }));
    }
    page.advance(60_000);
    let bodies: Vec<usize> =
        page.sends.iter().map(|sent| sent.send.request.body.as_ref().unwrap().len()).collect();
    assert!(bodies.len() > 3 && bodies.iter().all(|bytes| *bytes <= 1_000), "{bodies:?}");
    assert_eq!((events(&page).len(), page.count("acknowledged")), (20, 20));
}

#[test]
fn a_request_refused_as_too_large_is_halved() {
    let mut page = Page::open(intempt());
    page.network(|send| {
        let body: Json = serde_json::from_str(send.request.body.as_deref().unwrap()).unwrap();
        let track = body["track"].as_array().unwrap();
        let bad = track.iter().any(|entry| entry["payload"][0]["data"]["productId"] == "5");
        answered(if track.len() > 2 || bad { 413 } else { 201 })
    });
    for n in 1..=8 {
        page.call("click", json!({ "itemId": n }));
    }
    page.advance(60_000);
    assert_eq!((page.count("acknowledged"), page.count("dropped")), (7, 1));
    assert_eq!(page.told(), [("refused", NAME)]);
}

#[test]
fn refused_events_are_lost_with_one_warning() {
    // The documentation contradicts itself about repeated ids, so the request is not repeated.
    for status in [400, 401, 403, 404, 414, 500, 502] {
        let mut page = Page::open(intempt());
        page.network(move |_| answered(status));
        page.call("buy", json!([[{ "itemId": 1 }, { "itemId": 2 }]]));
        page.advance(3_600_000);
        assert_eq!((page.sends.len(), page.count("dropped")), (1, 2), "{status}");
        assert_eq!(page.told(), [("refused", NAME)], "{status}");
    }
    let mut page = Page::open(intempt());
    page.network(|_| Some(Outcome::Failed));
    page.call("buy", json!({ "itemId": 1 }));
    page.advance(3_600_000);
    assert_eq!((page.sends.len(), page.told()), (1, vec![("unreachable", NAME)]));
}

#[test]
fn a_request_that_was_not_accepted_is_repeated_unchanged() {
    for status in [408, 429, 503] {
        let mut page = Page::open(intempt());
        let mut answers = vec![answered(201), answered(status)];
        page.network(move |_| answers.pop().unwrap());
        page.call("buy", json!({ "itemId": 1 }));
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.count("acknowledged")), (2, 1), "{status}");
        assert_eq!(page.sends[0].send.request, page.sends[1].send.request);
    }
}

#[test]
fn events_can_have_the_shops_own_names() {
    let names = json!({ "click": "Viewed it", "buy": "Bought \"it\"", "login": "Came back" });
    let mut page = Page::open(options(json!({ "names": names })));
    page.call("login", json!("u"));
    for verb in ["click", "basket", "deleteFromBasket", "buy"] {
        page.call(verb, json!({ "itemId": 1, "quantity": 1.5 }));
    }
    page.advance(60_000);
    let told: Vec<_> = events(&page).into_iter().map(|(name, _)| name).collect();
    let expected =
        ["Came back", "Viewed it", "Added to cart", "Removed from cart", "Bought \"it\""];
    assert_eq!(told, expected);
    assert_eq!(events(&page)[4].1["data"], json!({ "productId": "1", "quantity": 2 }));
    let entries: Vec<Json> = tracks(&page).into_iter().flatten().collect();
    assert_eq!(entries[0]["type"], "alias", "the type still marks the join");
    // A name for an unsupported event is an unknown option.
    let mut unknown = Vec::new();
    let config = options(json!({ "names": { "rate": "Rated", "clik": "x" } }));
    Config::parse(&value(config), &mut unknown).unwrap();
    let mut told: Vec<_> = unknown.iter().map(|error| error.field.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["config.destinations.names.clik", "config.destinations.names.rate"]);
    for odd in [json!({ "click": 7 }), json!({ "click": "" }), json!("View")] {
        assert!(Config::parse(&value(options(json!({ "names": odd }))), &mut Vec::new()).is_err());
    }
}

#[test]
fn with_idempotent_a_request_is_repeated_until_it_is_answered() {
    for key in [json!("identifier.secret"), json!(null)] {
        let config = options(json!({ "idempotent": true, "apiKey": key }));
        let mut page = Page::open(config);
        let answers = std::cell::Cell::new(0);
        page.network(move |_| {
            answers.set(answers.get() + 1);
            match answers.get() {
                1 => Some(Outcome::Failed),
                2 => answered(500),
                _ => answered(201),
            }
        });
        page.call("buy", json!({ "itemId": 1 }));
        page.advance(600_000);
        let all = events(&page);
        assert_eq!(all.len(), 3);
        assert!(
            all.iter().all(|event| *event == all[0]),
            "all requests have the same event id: {all:?}"
        );
        assert_eq!((page.count("acknowledged"), page.count("dropped")), (1, 0));
        assert!(page.sends.iter().all(|sent| sent.send.via == Via::Fetch));
        assert!(page.sends.iter().all(|sent| !sent.send.request.no_cors), "the response is read");
        assert!(page.sends.iter().all(|sent| sent.send.request.to_vendor), "without cookies");
    }
    // Without the option the event is lost.
    let mut page = Page::open(intempt());
    page.network(|_| Some(Outcome::Failed));
    page.call("buy", json!({ "itemId": 1 }));
    page.advance(600_000);
    assert_eq!((page.sends.len(), page.count("dropped")), (1, 1));
    assert!(Config::parse(&value(options(json!({ "idempotent": 1 }))), &mut Vec::new()).is_err());
}
