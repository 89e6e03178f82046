//! The shell's storage on the device, and its behaviour without storage.

use crate::common::test;
use crate::stage::*;
use js_sys::Date;
use serde_json::{Value as Json, json};

#[test]
fn a_new_visitor_gets_cookies() {
    let tracker = start(batch());
    let cookies = cookies();
    let pairs: Vec<(&str, &str)> =
        cookies.split("; ").filter_map(|pair| pair.split_once('=')).collect();
    let value = |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let id = value("reco_id").expect("reco_id");
    assert!(id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    let at: f64 = value("reco_id_at").unwrap().strip_suffix(".c").unwrap().parse().unwrap();
    assert!((at - Date::now() / 1000.0).abs() < 5.0);
    assert_eq!(pairs.len(), 2, "the test cookie was deleted: {cookies}");
    assert_eq!(tracker.core().id(false).as_deref(), Some(id));
}

#[test]
fn a_known_visitor_keeps_its_id() {
    reset();
    let now = (Date::now() / 1000.0) as u64;
    set_cookie("reco_id=0123456789abcdefABCDEF; Path=/");
    set_cookie(&format!("reco_id_at={now}.s; Path=/"));
    let tracker = start_here(batch());
    assert_eq!(tracker.core().id(false).as_deref(), Some("0123456789abcdefABCDEF"));
}

#[test]
fn an_acknowledgement_is_read_once_and_other_cookies_are_not_touched() {
    let tracker = start(batch());
    tracker.call("click", json!({ "itemId": 1 }));
    assert_eq!(outbox(), 1);
    becomes("hidden");
    let url = log()[0]["url"].as_str().unwrap().to_owned();
    let own = url.split_once("?b=").unwrap().1;
    let others = ["AAAAAAAAAAAAAAAAAAAAAA.0", "x", ""];
    for batch in others.into_iter().chain([own]) {
        set_cookie(&format!("reco_ack_{batch}=1; Path=/"));
    }
    assert_eq!((tracker.count("acknowledged"), outbox()), (0.0, 1));
    fire("pagehide");
    assert_eq!((tracker.count("acknowledged"), outbox()), (1.0, 0));
    assert!(!cookies().contains(own), "{}", cookies());
    for batch in others {
        assert!(cookies().contains(&format!("reco_ack_{batch}=1")), "{}", cookies());
    }
}

#[test]
async fn events_are_sent_without_any_storage() {
    reset();
    block_storage();
    let tracker = start_here(batch());
    assert_eq!(tracker.core().id(false).map(|id| id.len()), Some(22));
    tracker.call("login", json!("johndoe"));
    tracker.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    becomes("hidden");
    becomes("visible");
    assert_eq!(tracker.core().id(true).as_deref(), Some("johndoe"));
    assert_eq!((tracker.count("queued"), log().len()), (2.0, 1));
    assert_eq!(tracker.told("warning"), [] as [Json; 0]);
}

#[test]
fn without_cookies_an_account_lasts_for_the_page() {
    reset();
    ignore_cookies();
    let tracker = start_here(batch());
    tracker.call("login", json!("johndoe"));
    // Every page gets this event once, soon after it was opened.
    fire("pageshow");
    assert_eq!(tracker.core().id(true).as_deref(), Some("johndoe"));
}

#[test]
fn an_account_with_any_characters_is_stored() {
    let user = "Jürgen; Path=/x, 100% \"ok\"";
    let tracker = start(batch());
    tracker.call("login", json!(user));
    let encoded = "reco_user=J%C3%BCrgen%3B%20Path%3D%2Fx%2C%20100%25%20%22ok%22";
    assert!(cookies().contains(encoded), "{}", cookies());
    assert!(keeps("reco_logins").is_some());
    fire("pageshow");
    assert_eq!(tracker.core().id(true).as_deref(), Some(user));
    tracker.call("logout", json!(null));
    assert!(!cookies().contains("reco_user"), "{}", cookies());
}

#[test]
fn denied_consent_deletes_everything() {
    let tracker = start(batch());
    tracker.call("login", json!("johndoe"));
    tracker.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    tracker.call("consent", json!("denied"));
    assert_eq!(cookies(), "reco_off=1");
    assert_eq!(outbox(), 0);
    assert_eq!((keeps("reco_logins"), keeps("reco_orders")), (None, None));
    assert_eq!((tracker.core().id(true), tracker.core().id(false)), (None, None));
}
