//! Consent: the stored, sent and deleted data in each state and after each change.

use crate::common::test;
use crate::common::{DAY_MS, Page, START, answered, batch, calm, json, with};
use recobeacon_engine::Signals;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

fn consent(state: &str) -> Json {
    with(batch(), json!({ "consent": state }))
}

fn decide(page: &mut Page, state: &str) {
    page.call("consent", json!(state));
}

/// A visitor from the day before.
fn known() -> Stored {
    let seconds = (START - DAY_MS / 2) / 1000;
    Stored {
        id: Some("0123456789abcdefABCDEF".to_owned()),
        id_at: Some(format!("{seconds}.c")),
        user: Some("johndoe".to_owned()),
        orders: Some("1.1763683000".to_owned()),
        logins: Some("2.1763683000".to_owned()),
        ..Stored::default()
    }
}

fn gpc() -> Signals {
    Signals { gpc: true, ..calm() }
}

/// The names of everything stored on the device.
fn device(page: &Page) -> Vec<&String> {
    page.jar.keys().chain(page.kept.keys()).collect()
}

#[test]
fn pending_sends_and_stores_nothing() {
    let mut page = Page::open(consent("pending"));
    page.call("login", json!("johndoe"));
    page.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    page.feed(Input::Hidden);
    page.shown();
    page.call("flush", json!([]));
    page.advance(DAY_MS / 2);
    assert_eq!((page.sends.len(), page.stored_writes, page.wake), (0, 0, None));
    assert_eq!(page.engine.user_id(), Some("johndoe"));
    assert_eq!(page.engine.anonymous_id(), None);
    assert_eq!((page.count("accepted"), page.count("queued")), (2, 2));
}

#[test]
fn pending_then_granted_sends_the_held_events() {
    let mut page = Page::open(consent("pending"));
    page.call("login", json!("johndoe"));
    page.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    page.advance(10_000);
    decide(&mut page, "granted");
    page.advance(50);
    let events = page.events();
    assert_eq!(events.len(), 2);
    let anonymous = page.engine.anonymous_id().unwrap();
    for event in &events {
        assert_eq!((&event["user"], &event["at"]), (&json!("johndoe"), &json!(START)));
        assert_eq!(event["anonymous"], anonymous);
    }
    assert_eq!(page.jar["reco_id"].0, anonymous);
    assert_eq!(page.jar["reco_user"].0, "johndoe");
    // Values that were only in memory are stored from now on.
    let mut next = page.next(batch());
    next.call("login", json!("johndoe"));
    next.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    next.advance(2_000);
    assert_eq!(next.events(), [] as [Json; 0]);
}

#[test]
fn pending_then_anonymous_removes_the_identity_from_held_events() {
    let mut page = Page::open(consent("pending"));
    page.call("login", json!("johndoe"));
    page.call("buy", json!({ "itemId": 1 }));
    decide(&mut page, "anonymous");
    page.advance(50);
    let [event] = page.events().try_into().unwrap();
    assert_eq!(event["type"], "buy");
    assert!(event.get("user").is_none() && event.get("anonymous").is_none(), "{event}");
    assert!(page.batches()[0].get("ack").is_none());
    assert_eq!(page.stored_writes, 0);
    assert_eq!((page.engine.user_id(), page.engine.anonymous_id()), (None, None));
    assert_eq!(page.count("dropped"), 1, "a login has no meaning without ids");
}

#[test]
fn pending_then_denied_drops_the_held_events() {
    let mut page = Page::open(consent("pending"));
    page.call("login", json!("johndoe"));
    page.click(1);
    decide(&mut page, "denied");
    page.advance(DAY_MS);
    assert_eq!((page.sends.len(), page.count("dropped"), page.count("queued")), (0, 2, 0));
    assert_eq!(device(&page), ["reco_off"]);
    decide(&mut page, "granted");
    page.advance(DAY_MS);
    assert_eq!(page.sends.len(), 0, "events from before a refusal are not sent");
}

#[test]
fn anonymous_sends_but_stores_nothing_and_has_no_identity() {
    let mut page = Page::open(consent("anonymous"));
    page.call("login", json!("johndoe"));
    page.click(1);
    page.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    page.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    page.shown();
    page.advance(2_000);
    assert_eq!(page.events().len(), 2, "the repeated order is recognised from memory");
    for event in page.events() {
        assert!(event.get("user").is_none() && event.get("anonymous").is_none(), "{event}");
    }
    assert_eq!((page.stored_writes, page.engine.user_id()), (0, None));
}

#[test]
fn each_change_of_consent_starts_a_new_stream() {
    let mut page = Page::open(batch());
    for decision in
        ["granted", "anonymous", "granted", "anonymous", "pending", "granted", "denied", "granted"]
    {
        decide(&mut page, decision);
        page.click(1);
        page.advance(2_000);
    }
    let streams: Vec<String> =
        page.batches().iter().map(|batch| batch["stream"].as_str().unwrap().to_owned()).collect();
    // Events held while consent was pending share a stream with the later ones, and denied sends
    // nothing.
    assert_eq!(streams.len(), 6, "{streams:?}");
    for (place, stream) in streams.iter().enumerate() {
        assert!(!streams[..place].contains(stream), "{streams:?}");
        let named = page.events().iter().any(|event| event["anonymous"] == stream.as_str());
        assert!(!named, "{stream} is the visitor's id");
    }
}

#[test]
fn granted_then_anonymous_deletes_the_identity() {
    let mut page = Page::open(batch());
    let before = page.engine.anonymous_id().unwrap().to_owned();
    page.call("login", json!("johndoe"));
    page.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    page.advance(2_000);
    page.click(1);
    decide(&mut page, "anonymous");
    assert_eq!(device(&page), [""; 0]);
    page.click(2);
    page.advance(2_000);
    let last = page.events();
    for event in &last[2..] {
        assert!(event.get("user").is_none() && event.get("anonymous").is_none(), "{event}");
    }
    decide(&mut page, "granted");
    let after = page.engine.anonymous_id().unwrap();
    assert_ne!(after, before);
    assert_eq!(page.jar["reco_id"].0, after);
    assert_eq!(page.engine.user_id(), None);
}

#[test]
fn denied_deletes_stored_values_and_is_remembered() {
    let mut page = Page::open_with(batch(), &known());
    page.click(1);
    decide(&mut page, "denied");
    assert_eq!(device(&page), ["reco_off"]);
    assert_eq!(page.jar["reco_off"], ("1".to_owned(), 180));
    page.click(2);
    page.call("login", json!("johndoe"));
    page.call("consumeTimer", json!([{ "itemId": 1 }, { "by": "time", "fullAfterMs": 1_000 }, 1]));
    page.feed(Input::Hidden);
    page.advance(DAY_MS);
    assert_eq!((page.sends.len(), page.warnings.len()), (0, 0));
    assert_eq!((page.engine.user_id(), page.engine.anonymous_id()), (None, None));

    // The refusal overrides the next page's configuration.
    for state in ["granted", "anonymous", "pending"] {
        let mut next = page.next(consent(state));
        next.click(1);
        next.advance(DAY_MS);
        assert_eq!((next.sends.len(), next.stored_writes), (0, 0), "{state}");
    }
}

/// The answer to a request from before the no sets it afterwards.
#[test]
fn after_a_no_each_acknowledgement_cookie_is_deleted() {
    let mut page = Page::open_with(batch(), &known());
    decide(&mut page, "denied");
    page.jar.insert("reco_ack_s0.0".to_owned(), ("1".to_owned(), 1));
    page.feed(Input::Acknowledged(vec!["s0.0".to_owned()]));
    assert_eq!(device(&page), ["reco_off"]);
}

/// The keys of all features, of pages with other destinations, of the stub and of the drop-in.
const KEYS: [&str; 8] = [
    "reco_o_0123456789abcdefABCDEF_1",
    "reco_l_0123456789abcdefABCDEF",
    "reco_q1763683200000.5",
    "reco_raw_0123456789abcdefABCDEF",
    "reco_orders",
    "reco_logins",
    "reco_session",
    "reco_ycq 1 1000000 0.5",
];

#[test]
fn without_consent_nothing_of_any_page_is_left() {
    for state in ["denied", "anonymous"] {
        let mut page = Page::open(batch());
        for key in KEYS.into_iter().chain(["shop_key", "recommendations"]) {
            page.kept.insert(key.to_owned(), "1".to_owned());
        }
        decide(&mut page, state);
        page.click(1);
        page.advance(DAY_MS);
        let off = (state == "denied").then_some("reco_off");
        let left: Vec<_> = off.into_iter().chain(["recommendations", "shop_key"]).collect();
        assert_eq!(device(&page), left, "{state}");
    }
}

#[test]
fn granted_ends_denied_with_a_new_visitor() {
    let mut page = Page::open_with(batch(), &known());
    let before = page.engine.anonymous_id().unwrap().to_owned();
    decide(&mut page, "denied");
    let mut page = page.next(batch());
    decide(&mut page, "granted");
    page.click(1);
    page.advance(2_000);
    assert_eq!(page.events().len(), 1);
    let after = page.engine.anonymous_id().unwrap();
    assert_ne!(after, before);
    assert_eq!(page.jar.keys().collect::<Vec<_>>(), ["reco_id", "reco_id_at"]);
    assert_eq!(page.next(batch()).engine.anonymous_id(), Some(after));
}

#[test]
fn a_privacy_signal_acts_as_denied_but_is_not_stored() {
    let mut page = Page::start(&batch(), &known(), gpc());
    page.click(1);
    page.advance(2_000);
    assert_eq!((page.sends.len(), page.stored_writes), (0, 0));
    assert_eq!(
        device(&page),
        [""; 0],
        "deleted, and no reco_off, because the browser repeats the signal"
    );
}

#[test]
fn the_respected_signals_are_configurable() {
    let dnt = Signals { dnt: true, ..calm() };
    for (respect, signals, tracked) in [
        (json!({}), gpc(), false),
        (json!({}), dnt, true),
        (json!({ "gpc": false }), gpc(), true),
        (json!({ "dnt": true }), dnt, false),
        (json!({ "gpc": false, "dnt": true }), gpc(), true),
    ] {
        let config = with(batch(), json!({ "respect": respect }));
        let mut page = Page::start(&config, &Stored::default(), signals);
        page.click(1);
        page.advance(2_000);
        assert_eq!(page.sends.len(), usize::from(tracked), "{respect} {signals:?}");
    }
}

#[test]
fn granted_by_a_call_overrides_the_signal() {
    let mut page = Page::start(&consent("granted"), &Stored::default(), gpc());
    decide(&mut page, "granted");
    page.click(1);
    page.advance(2_000);
    assert_eq!(page.events().len(), 1);
    let id = page.jar["reco_id"].0.clone();
    assert_eq!(page.engine.anonymous_id(), Some(id.as_str()));
}

#[test]
fn granted_after_a_signal_stores_a_new_visitor() {
    // The signal deleted a cookie that was written today. Granted consent must write one again.
    let mut page = Page::start(&batch(), &known(), gpc());
    decide(&mut page, "granted");
    let kept = page.jar.get("reco_id").map(|(id, _)| id.as_str());
    assert_eq!(kept, page.engine.anonymous_id());
    assert_ne!(kept, known().id.as_deref(), "the deleted id is not used again");
    assert_eq!(page.engine.user_id(), None);
}

#[test]
fn denied_in_another_tab_applies_here() {
    let mut page = Page::open_with(batch(), &known());
    page.click(1);
    page.jar.clear();
    page.kept.clear();
    page.jar.insert("reco_off".to_owned(), ("1".to_owned(), 180));
    page.shown();
    page.click(2);
    page.advance(DAY_MS);
    assert_eq!((page.sends.len(), page.count("dropped")), (0, 1));
    assert_eq!(device(&page), ["reco_off"]);
}

#[test]
fn a_request_in_flight_is_not_repeated_after_denied() {
    let fetch = json!({ "destinations": { "transport": "fetch" } });
    for outcome in [answered(503), answered(401), answered(413)] {
        let mut page = Page::open(with(batch(), fetch.clone()));
        page.network(|_| None);
        page.click(1);
        page.click(2);
        page.advance(2_000);
        decide(&mut page, "denied");
        page.settle(page.sends[0].send.id, outcome);
        page.advance(DAY_MS / 2);
        assert_eq!(page.sends.len(), 1, "{outcome:?}");
        decide(&mut page, "granted");
        page.advance(DAY_MS / 4);
        assert_eq!(page.sends.len(), 1, "not sent again after the refusal: {outcome:?}");
    }
}

#[test]
fn a_refused_beacon_is_not_sent_by_fetch_after_denied() {
    let mut page = Page::open(batch());
    page.network(|_| None);
    page.click(1);
    page.advance(2_000);
    decide(&mut page, "denied");
    page.settle(page.sends[0].send.id, Some(recobeacon_engine::effect::Outcome::Refused));
    assert_eq!(page.sends.len(), 1);
}

#[test]
fn repeating_the_same_consent_changes_nothing() {
    let mut page = Page::open_with(batch(), &known());
    let before = page.engine.anonymous_id().unwrap().to_owned();
    decide(&mut page, "granted");
    decide(&mut page, "granted");
    assert_eq!(page.engine.anonymous_id(), Some(before.as_str()));
    assert_eq!(page.engine.user_id(), Some("johndoe"));
    let cookies = page.cookies_written.iter().filter(|name| name.starts_with("reco_id"));
    assert_eq!(cookies.count(), 0);
    decide(&mut page, "denied");
    decide(&mut page, "denied");
    assert_eq!(device(&page), ["reco_off"]);
}

#[test]
fn the_configured_account_is_used_when_consent_is_granted_later() {
    let named = |state: &str| {
        with(batch(), json!({ "consent": state, "identity": { "userId": "johndoe" } }))
    };
    for state in ["anonymous", "denied"] {
        let mut page = Page::open(named(state));
        assert_eq!(page.engine.user_id(), None);
        decide(&mut page, "granted");
        assert_eq!(page.engine.user_id(), Some("johndoe"), "{state}");
        page.advance(50);
        let [login] = page.events().try_into().unwrap();
        assert_eq!((&login["type"], &login["user"]), (&json!("login"), &json!("johndoe")));
        assert_eq!(page.jar["reco_user"].0, "johndoe");

        // A logout in the meantime takes precedence.
        let mut page = Page::open(named(state));
        page.call("logout", json!({}));
        decide(&mut page, "granted");
        assert_eq!(page.engine.user_id(), None, "{state}");
    }
    let mut page = Page::open(named("granted"));
    page.call("login", json!("jane"));
    decide(&mut page, "anonymous");
    decide(&mut page, "granted");
    assert_eq!(
        page.engine.user_id(),
        None,
        "an anonymous visitor without the page's earlier account"
    );
}
