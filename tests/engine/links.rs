//! Ready-made links: sent only to configured destinations, only with consent, and once.

use crate::common::test;
use crate::common::{Page, answered, batch, ibexa, json, with};
use recobeacon_engine::effect::Via;
use recobeacon_engine::input::Input;
use recobeacon_engine::request::Method;
use serde_json::Value as Json;

const LINK: &str =
    "//event.perso.ibexa.co/api/00000/clickrecommended/user/1/555?scenario=a&modelid=5768";

fn follow(config: Json, link: &str) -> Page {
    let mut page = Page::open(config);
    page.call("followLink", json!(link));
    page.advance(60_000);
    page
}

fn refused(config: Json, link: &str, code: &str) {
    let page = follow(config, link);
    assert_eq!(page.urls(), [""; 0], "{link}");
    assert_eq!(page.told(), [(code, "followLink")], "{link}");
    assert_eq!((page.count("rejected"), page.count("accepted")), (1, 0), "{link}");
}

fn at(endpoint: &str) -> Json {
    with(ibexa(), json!({ "destinations": { "endpoint": endpoint } }))
}

#[test]
fn a_link_is_requested_at_once_and_unchanged() {
    let mut page = Page::open(ibexa());
    page.call("followLink", json!(LINK));
    assert_eq!(page.sends, [], "not within the page's own call");
    page.advance(50);
    let [sent] = page.sends.as_slice() else { panic!("{:?}", page.sends) };
    assert_eq!(sent.send.request.url, format!("https:{LINK}"));
    assert_eq!((sent.send.via, sent.send.request.method), (Via::Beacon, Method::Post));
    assert_eq!((&sent.send.request.body, sent.send.request.no_cors), (&None, true));
    assert_eq!((page.count("accepted"), page.count("sent")), (1, 1));
    // A click on a recommendation leaves the page.
    let mut page = Page::open(ibexa());
    page.call("followLink", json!(LINK));
    page.feed(Input::Hidden);
    assert_eq!(page.urls(), [format!("https:{LINK}")]);
}

#[test]
fn a_link_uses_the_destinations_method() {
    let page = follow(with(ibexa(), json!({ "destinations": { "method": "GET" } })), LINK);
    let send = &page.sends[0].send;
    assert_eq!((send.via, send.request.method), (Via::Fetch, Method::Get));
}

#[test]
fn a_link_uses_the_endpoints_scheme() {
    let path = "/api/00000/rendered/user/1/555";
    for (endpoint, link, url) in [
        ("https://a.example", "//a.example", "https://a.example"),
        ("https://a.example", "https://a.example", "https://a.example"),
        ("https://a.example", "http://a.example", "https://a.example"),
        ("http://a.example", "//a.example", "http://a.example"),
        ("//a.example", "//a.example", "//a.example"),
        ("https://a.example:8443", "//a.example:8443", "https://a.example:8443"),
        ("https://a.example/sub", "//a.example", "https://a.example"),
    ] {
        let page = follow(at(endpoint), &format!("{link}{path}"));
        assert_eq!(page.urls(), [format!("{url}{path}")], "{endpoint} {link}");
    }
}

/// A link as in the vendor's sample response: without path and customer.
const SHORT: &str = "clickrecommended/johndoe/1/100175717?scenario=also_clicked&modelId=37";

#[test]
fn a_link_without_a_customer_gets_that_of_the_destination() {
    let base = "https://event.perso.ibexa.co/api/00000/";
    for host in ["event.perso.ibexa.co", "tracker.ibexa.co"] {
        for event in [SHORT, "rendered/johndoe/1/100175717", "clicktriggered/u/1/2?triggername=t"] {
            let page = follow(ibexa(), &format!("//{host}/{event}"));
            assert_eq!(page.urls(), [format!("{base}{event}")], "{host}");
        }
        let opened = follow(ibexa(), &format!("//{host}/triggeropened/u?triggername=t"));
        assert_eq!(opened.urls(), [format!("{base}triggeropened/u?triggername=t")]);
    }
    let page = follow(at("https://a.example/sub"), &format!("//a.example/{SHORT}"));
    assert_eq!(page.urls(), [format!("https://a.example/sub/api/00000/{SHORT}")]);
}

#[test]
fn the_vendors_links_go_to_the_shops_own_endpoint() {
    for (endpoint, base) in [
        ("/", "/api/00000/"),
        ("/proxy", "/proxy/api/00000/"),
        ("proxy/", "proxy/api/00000/"),
        ("https://a.example/sub", "https://a.example/sub/api/00000/"),
        ("//a.example", "//a.example/api/00000/"),
    ] {
        for host in
            ["//event.perso.ibexa.co", "https://tracker.ibexa.co", "http://event.perso.ibexa.co"]
        {
            for path in ["/api/00000/", "/", "/ebl/00000/"] {
                let link = format!("{host}{path}{SHORT}");
                assert_eq!(
                    follow(at(endpoint), &link).urls(),
                    [format!("{base}{SHORT}")],
                    "{link}"
                );
            }
            // Events of another customer must not be sent.
            refused(at(endpoint), &format!("{host}/api/00001/{SHORT}"), "out-of-range");
            for odd in ["/api", "/api/00000", "", "/"] {
                refused(at(endpoint), &format!("{host}{odd}"), "out-of-range");
            }
        }
    }
    let path = json!({ "destinations": { "endpoint": "/x", "path": "ebl" } });
    let page = follow(with(ibexa(), path), LINK);
    assert!(page.urls()[0].starts_with("/x/ebl/00000/clickrecommended/"), "{:?}", page.urls());
}

#[test]
fn another_host_is_refused() {
    for link in [
        "//evil.example/api",
        "https://evil.example/event.perso.ibexa.co/api",
        "//event.perso.ibexa.co.evil.example/api",
        "//xevent.perso.ibexa.co/api",
        "//perso.ibexa.co/api",
        "//event.perso.ibexa.co:8443/api",
        "//event.perso.ibexa.co./api",
        // Text before an @ is not the host.
        "//event.perso.ibexa.co@evil.example/api",
        "//event.perso.ibexa.co:x@evil.example/api",
        "https://user@event.perso.ibexa.co/api",
        // Text after a question mark is not the host.
        "//evil.example?/event.perso.ibexa.co/",
        "//evil.example?//event.perso.ibexa.co/",
        "//event.perso.ibexa.co?@evil.example/",
        "//event.perso.ibexa.co%2f@evil.example/",
        "//%65vent.perso.ibexa.co/api",
        "///event.perso.ibexa.co/api",
        "////event.perso.ibexa.co/api",
        "https:////event.perso.ibexa.co/api",
    ] {
        refused(ibexa(), link, "out-of-range");
    }
}

/// A relative endpoint has no host, and a link without a host leads to the host after its slashes.
#[test]
fn a_link_without_a_host_is_refused_also_with_a_relative_endpoint() {
    for link in [
        "///evil.example/api/1/click",
        "////evil.example/api",
        "https:///evil.example/api/1/click",
        "http:////evil.example/a/b",
        "///evil.example/rendered/1",
        "///rendered/1",
    ] {
        let config = with(ibexa(), json!({ "destinations": { "endpoint": "/ibexa" } }));
        refused(config, link, "out-of-range");
    }
}

#[test]
fn an_invalid_address_is_refused() {
    for link in [
        "javascript:alert(1)//event.perso.ibexa.co/",
        "javascript://event.perso.ibexa.co/%0aalert(1)",
        "data:text/html,//event.perso.ibexa.co/",
        "data://event.perso.ibexa.co/",
        "ftp://event.perso.ibexa.co/api",
        "ws://event.perso.ibexa.co/api",
        "blob:https://event.perso.ibexa.co/api",
        "https:event.perso.ibexa.co/api",
        "https:/event.perso.ibexa.co/api",
        "/api/00000/clickrecommended/user/1/555",
        "api/00000",
        "?x=//event.perso.ibexa.co/",
        "event.perso.ibexa.co/api",
        ":",
        "/",
        "//",
    ] {
        refused(ibexa(), link, "out-of-range");
        refused(at("/proxy"), link, "out-of-range");
    }
}

#[test]
fn invalid_characters_are_refused() {
    for link in [
        "//event.perso.ibexa.co\\@evil.example/",
        "\\\\event.perso.ibexa.co/api",
        "//event.perso.ibexa.co#@evil.example/",
        " //event.perso.ibexa.co/api",
        "//event.perso.ibexa.co/a b",
        "//event.perso.ibexa.co/a\tb",
        "ht\ntps://event.perso.ibexa.co/",
        "//event.perso.ibexa.co/\0",
    ] {
        refused(ibexa(), link, "bad-character");
    }
    refused(ibexa(), "", "out-of-range");
    refused(ibexa(), &format!("//event.perso.ibexa.co/{}", "x".repeat(2_000)), "out-of-range");
}

#[test]
fn an_argument_that_is_not_text_is_refused() {
    for odd in [json!(null), json!(1), json!({ "url": LINK }), json!([[LINK]]), json!(true)] {
        let mut page = Page::open(ibexa());
        page.call("followLink", json!([odd]));
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.told()), (0, vec![("bad-type", "followLink")]));
    }
}

#[test]
fn destinations_without_links_are_ignored() {
    for protocol in ["batch", "factfinder", "intempt"] {
        if cfg!(not(feature = "vendors")) && protocol != "batch" {
            continue;
        }
        let endpoint = "https://event.perso.ibexa.co";
        let config = json!({ "destinations": {
            "protocol": protocol, "endpoint": endpoint, "channel": "c", "organization": "o",
            "project": "p", "source": "s",
        } });
        let mut page = Page::open(config);
        page.warnings.clear();
        page.call("followLink", json!(LINK));
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.told()), (0, vec![("out-of-range", "followLink")]));
    }
}

#[test]
fn the_older_host_of_trigger_messages_is_accepted() {
    let link = "//tracker.ibexa.co/api/17751/triggeropened/johndoe?triggername=t";
    assert_eq!(follow(ibexa(), link).urls(), [format!("https:{link}")]);
    refused(batch(), link, "out-of-range");
    for link in
        ["//x.tracker.ibexa.co/", "//tracker.ibexa.co@evil.example/", "//tracker.ibexa.co:1/"]
    {
        refused(ibexa(), link, "out-of-range");
    }
}

#[cfg(feature = "vendors")]
#[test]
fn yoochoose_links_are_followed() {
    let yoochoose = json!({ "destinations": { "protocol": "yoochoose", "customerId": "1" } });
    let link = "//event.yoochoose.net/api/1/rendered/user/1/2";
    assert_eq!(follow(yoochoose.clone(), link).urls(), [format!("https:{link}")]);
    refused(yoochoose.clone(), LINK, "out-of-range");
    refused(
        yoochoose.clone(),
        "//tracker.ibexa.co/api/1/triggeropened/u?triggername=t",
        "out-of-range",
    );
    let short = "clickrecommended/user/1/2?scenario=s";
    let page = follow(yoochoose.clone(), &format!("//event.yoochoose.net/{short}"));
    assert_eq!(page.urls(), [format!("https://event.yoochoose.net/ebl/1/{short}")]);
    let own = with(yoochoose, json!({ "destinations": { "endpoint": "/" } }));
    let page = follow(own, &format!("//event.yoochoose.net/ebl/1/{short}"));
    assert_eq!(page.urls(), [format!("/ebl/1/{short}")]);
}

#[test]
fn without_consent_no_link_is_followed() {
    for state in ["pending", "anonymous", "denied"] {
        let mut page = Page::open(with(ibexa(), json!({ "consent": state })));
        page.call("followLink", json!(LINK));
        page.advance(10_000);
        page.call("consent", json!("granted"));
        page.advance(60_000);
        assert_eq!(page.sends, [], "{state}");
        assert_eq!(page.told(), [("refused", "followLink")], "{state}");
        assert_eq!(page.count("rejected"), 1);
    }
}

#[test]
fn a_pending_link_is_dropped_when_consent_is_withdrawn() {
    for state in ["anonymous", "denied"] {
        let mut page = Page::open(ibexa());
        page.feed(Input::Online(false));
        page.call("followLink", json!(LINK));
        page.call("consent", json!(state));
        page.feed(Input::Online(true));
        page.advance(60_000);
        assert_eq!(page.urls(), [""; 0], "{state}: the link has the user's id");
        assert_eq!((page.count("accepted"), page.count("dropped")), (1, 1));
    }
}

#[test]
fn a_link_that_matches_several_destinations_is_requested_once() {
    let one = |customer: &str| json!({ "protocol": "ibexa", "customerId": customer });
    let other = json!({ "protocol": "batch", "endpoint": "/e" });
    let mut page = Page::open(json!({ "destinations": [other, one("1"), one("2")] }));
    page.call("followLink", json!(LINK));
    page.advance(60_000);
    assert_eq!(
        page.urls(),
        [format!("https:{LINK}")],
        "a second request would count as a second click"
    );
    assert_eq!(page.count("sent"), 1);
}

#[test]
fn each_call_gives_one_request() {
    let mut page = Page::open(ibexa());
    for _ in 0..3 {
        page.call("followLink", json!(LINK));
    }
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("sent"), page.warnings.len()), (3, 3, 0));
}

#[test]
fn a_link_is_kept_until_the_browser_takes_it_and_not_repeated() {
    let get = json!({ "destinations": { "method": "GET" } });
    let mut page = Page::open(with(ibexa(), get));
    let mut answers = vec![answered(500), answered(503)];
    page.network(move |_| answers.pop().unwrap());
    page.feed(Input::Online(false));
    page.call("followLink", json!(LINK));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("queued")), (0, 1));
    page.feed(Input::Online(true));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("dropped")), (2, 1));
    assert_eq!(page.sends[0].send.request, page.sends[1].send.request);
}
