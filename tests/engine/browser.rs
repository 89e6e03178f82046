//! The shell in a real browser: beacons, responses, listeners, and the end of the page.

use crate::common::test;
use crate::stage::*;
use js_sys::{Array, Date, Function};
use recobeacon::browser::codes::Message;
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[test]
async fn a_valuable_event_is_sent_by_beacon_in_the_next_task() {
    reset();
    watch_ends();
    let tracker = start_here(batch());
    let before = Date::now();
    tracker.call("basket", json!({ "itemId": 123 }));
    assert_eq!(log().len(), 0, "not within the page's own handler");
    until(|| !log().is_empty()).await;
    let [request] = log().try_into().unwrap();
    assert_eq!(request["api"], "beacon");
    let body: Json = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    let url = format!("/nowhere?b={}.0", body["stream"].as_str().unwrap());
    assert_eq!(request["url"], url);
    let event = &body["events"][0];
    assert_eq!((&event["type"], &event["itemId"]), (&json!("basket"), &json!("123")));
    let at = event["at"].as_f64().unwrap();
    assert!((before.floor()..=Date::now()).contains(&at), "{at}");
    assert_eq!((tracker.count("queued"), tracker.count("acknowledged")), (1.0, 0.0));
    assert_eq!(end(&url, "beacon", Some(204), 0.0), 1);
    let [told] = tracker.told("acknowledged").try_into().unwrap();
    assert_eq!((&told["events"], &told["transport"]), (&json!(1), &json!("beacon")));
    assert_eq!((&told["url"], &told["destination"]), (&json!(url), &json!("batch /nowhere")));
    assert_eq!(told["bytes"], request["body"].as_str().unwrap().len());
}

#[test]
async fn the_end_of_a_beacon_acknowledges_only_its_own_batch() {
    for (kind, status, redirect_start, acknowledged) in [
        ("beacon", Some(204), 0.0, 1.0),
        ("beacon", None, 0.0, 0.0),
        ("beacon", Some(0), 0.0, 0.0),
        ("beacon", Some(500), 0.0, 0.0),
        ("beacon", Some(200), 0.0, 0.0),
        ("beacon", Some(200), 1.5, 0.0),
        ("fetch", Some(204), 0.0, 0.0),
    ] {
        reset();
        watch_ends();
        let tracker = start_here(batch());
        tracker.call("basket", json!({ "itemId": 1 }));
        until(|| !log().is_empty()).await;
        let url = log()[0]["url"].as_str().unwrap().to_owned();
        end(&format!("https://shop.example{url}&more=1"), kind, status, redirect_start);
        end("https://shop.example/picture.png?b=1", "img", Some(200), 0.0);
        let counts = (tracker.count("acknowledged"), tracker.count("queued"));
        assert_eq!(counts, (acknowledged, 1.0 - acknowledged), "{kind} {status:?}");
    }
}

#[test]
async fn events_forbidden_by_policy_are_kept_with_one_warning() {
    for (endpoint, blocked, directive, disposition, told) in [
        ("/nowhere", "", "connect-src", "enforce", 1),
        ("/nowhere", "", "connect-src", "report", 0),
        ("/nowhere", "", "img-src", "enforce", 0),
        ("https://collector.example/v1", "https://collector.example", "connect-src", "enforce", 1),
        ("https://collector.example/v1", "https://other.example", "connect-src", "enforce", 0),
    ] {
        let batch = json!({ "protocol": "batch", "endpoint": endpoint });
        let tracker = start(json!({ "destinations": batch }));
        tracker.call("basket", json!({ "itemId": 1 }));
        until(|| !log().is_empty()).await;
        let url = here(log()[0]["url"].as_str().unwrap());
        for _ in 0..2 {
            forbid(if blocked.is_empty() { &url } else { blocked }, directive, disposition);
        }
        let warnings = tracker.told("warning");
        assert_eq!(warnings.len(), told, "{endpoint} {blocked} {directive} {disposition}");
        assert!(warnings.iter().all(|warning| warning["code"] == "unreachable"));
        assert_eq!(tracker.count("queued"), 1.0);
    }
}

#[test]
async fn a_refused_beacon_is_sent_by_fetch() {
    for answer in ["false", "throws"] {
        let tracker = start(batch());
        beacons(answer);
        tracker.call("basket", json!({ "itemId": 1 }));
        until(|| tracker.count("acknowledged") == 1.0).await;
        let log = log();
        let fetched = log.last().unwrap();
        assert_eq!((&fetched["api"], &fetched["method"]), (&json!("fetch"), &json!("POST")));
        assert_eq!(
            (&fetched["keepalive"], &fetched["credentials"]),
            (&json!(true), &json!("include"))
        );
        assert!(fetched.get("headers").is_none(), "no header, so that no preflight is needed");
        if answer == "false" {
            assert_eq!((&log[0]["url"], &log[0]["body"]), (&fetched["url"], &fetched["body"]));
        }
        assert_eq!(tracker.told("acknowledged")[0]["transport"], "fetch");
    }
}

#[test]
async fn a_batch_refused_by_beacon_and_fetch_returns_to_the_queue() {
    let tracker = start(batch());
    beacons("false");
    fetches("reject", None);
    tracker.call("basket", json!({ "itemId": 1 }));
    until(|| log().len() == 2).await;
    turn().await;
    assert_eq!((tracker.count("queued"), tracker.count("dropped")), (1.0, 0.0));
    assert_eq!(tracker.told("warning"), [] as [Json; 0]);
    fetches("204", None);
    fire("online");
    until(|| tracker.count("acknowledged") == 1.0).await;
}

#[test]
async fn responses_are_read() {
    for (answer, retry_after, count) in [
        ("204", None, "acknowledged"),
        ("503", Some("60"), "queued"),
        ("429", None, "queued"),
        ("404", None, "queued"),
        ("400", None, "dropped"),
        ("405", None, "queued"),
        ("200", None, "queued"),
        ("redirect", None, "queued"),
    ] {
        let mut config = batch();
        config["destinations"]["transport"] = json!("fetch");
        let tracker = start(config);
        fetches(answer, retry_after);
        tracker.call("basket", json!({ "itemId": 1 }));
        until(|| log().len() == 1).await;
        turn().await;
        assert_eq!(tracker.count(count), 1.0, "{answer}: {:?}", tracker.told.borrow());
    }
}

#[test]
async fn an_impossible_status_is_ignored() {
    let outcome = Message::Outcome.code();
    // Truncated to sixteen bits they would be 204 and 400.
    for status in [204 + 65_536, 204 - 65_536, 400 + 65_536, -4, i32::MIN] {
        let mut config = batch();
        config["destinations"]["transport"] = json!("fetch");
        let tracker = start(config);
        fetches("later", None);
        tracker.call("basket", json!({ "itemId": 1 }));
        until(|| log().len() == 1).await;
        // The number of the request does not matter.
        for id in 0..4 {
            tracker.core().happened(&json!([outcome, id, status, 0]));
        }
        let counts = ["acknowledged", "dropped", "queued"].map(|name| tracker.count(name));
        assert_eq!(counts, [0.0, 0.0, 1.0], "{status}");
        assert_eq!(tracker.told("warning"), [] as [Json; 0], "{status}");
    }
}

#[test]
async fn a_vendor_request_uses_no_cors_mode() {
    let vendor = json!({ "protocol": "ibexa", "customerId": "00000", "method": "GET" });
    let tracker = start(json!({ "destinations": vendor, "identity": { "anonymousId": "v" } }));
    fetches("opaque", None);
    tracker.call("basket", json!({ "itemId": 1 }));
    until(|| tracker.count("sent") == 1.0).await;
    let [request] = log().try_into().unwrap();
    let expected = "https://event.perso.ibexa.co/api/00000/basket/v/1/1";
    assert_eq!((&request["url"], &request["method"]), (&json!(expected), &json!("GET")));
    assert_eq!((&request["mode"], &request["credentials"]), (&json!("no-cors"), &json!("omit")));
}

#[test]
#[cfg(feature = "vendors")]
async fn a_vendor_whose_response_is_read_gets_no_cookies() {
    let destination = json!({ "protocol": "intempt", "organization": "acme", "project": "shop", "source": "1", "idempotent": true });
    let tracker = start(json!({ "destinations": destination }));
    fetches("later", None);
    tracker.call("basket", json!({ "itemId": 1 }));
    until(|| !log().is_empty()).await;
    let [request] = log().try_into().unwrap();
    assert_eq!((&request["mode"], &request["credentials"]), (&json!(null), &json!("omit")));
}

#[test]
fn events_are_sent_within_the_visibilitychange_and_pagehide_handlers() {
    for leave in [(|| becomes("hidden")) as fn(), || fire("pagehide")] {
        let tracker = start(batch());
        tracker.call("click", json!({ "itemId": 1 }));
        assert_eq!(log().len(), 0);
        leave();
        assert_eq!(log().len(), 1);
    }
}

#[test]
fn a_page_loaded_in_the_background_counts_as_hidden() {
    let tracker = start(batch());
    becomes("hidden");
    fire("pageshow");
    tracker.call("click", json!({ "itemId": 1 }));
    assert_eq!(log().len(), 1, "a hidden page sends at once");
    becomes("visible");
    fire("pageshow");
    tracker.call("click", json!({ "itemId": 2 }));
    assert_eq!(log().len(), 1);
}

#[test]
fn an_unknown_message_is_ignored() {
    let tracker = start(batch());
    tracker.call("click", json!({ "itemId": 1 }));
    for message in
        [json!([11]), json!([255, "a"]), json!([-1]), json!(["1"]), json!([null]), json!([])]
    {
        tracker.core().happened(&message);
        assert_eq!((log().len(), tracker.count("queued")), (0, 1.0), "{message}");
    }
    let hidden = Message::Hidden.code();
    tracker.core().happened(&json!([hidden]));
    assert_eq!(log().len(), 1);
}

#[test]
async fn flush_resolves_after_the_response() {
    let mut config = batch();
    config["destinations"]["transport"] = json!("fetch");
    let tracker = start(config);
    tracker.call("click", json!({ "itemId": 1 }));
    let done = Rc::new(Cell::new(0));
    let count = done.clone();
    let callback = Closure::<dyn FnMut()>::new(move || count.set(count.get() + 1));
    let callback = callback.into_js_value().unchecked_into::<Function>();
    tracker.core().flush(callback);
    assert_eq!((done.get(), log().len()), (0, 1));
    until(|| done.get() == 1).await;
    assert_eq!(tracker.count("acknowledged"), 1.0);
}

#[test]
async fn dispose_removes_all_listeners_and_timers() {
    reset();
    watch_listeners();
    let tracker = start_here(batch());
    assert!(listeners().contains("window pagehide"), "{}", listeners());
    assert!(!listeners().contains("scroll"), "activity matters only while a timer runs");
    assert!(
        !listeners().contains("window unload"),
        "an unload listener keeps a page out of the back/forward cache"
    );
    let options = json!({ "by": "time", "fullAfterMs": 60_000 });
    let args = Array::of3(&js(&json!({ "itemId": 1 })), &js(&options), &1.into());
    tracker.core().call("consumeTimer", &args, Date::now());
    assert!(listeners().contains("window scroll"), "{}", listeners());
    tracker.call("stopTimer", json!(1));
    assert!(!listeners().contains("scroll"), "{}", listeners());
    tracker.call("click", json!({ "itemId": 1 }));
    tracker.core().call("dispose", &Array::new(), Date::now());
    assert_eq!(listeners(), "");
    let asked = log().len();
    tracker.call("basket", json!({ "itemId": 1 }));
    becomes("hidden");
    fire("pagehide");
    turn().await;
    assert_eq!(log().len(), asked);
}
