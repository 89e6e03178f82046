//! FACT-Finder's session: creation, storage, renewal, sharing between tabs, and its visitor.

use crate::common::test;
use crate::common::{DAY_MS, Page, START, batch, calm, json, with};
use recobeacon_engine::Signals;
use recobeacon_engine::identity::Stored;
use serde_json::Value as Json;

const OWN: &str = "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw";

fn shop() -> Json {
    json!({ "destinations": { "protocol": "factfinder", "endpoint": "/ff", "channel": "de" } })
}

fn consent(state: &str) -> Json {
    with(shop(), json!({ "consent": state }))
}

/// The session id that the page would use for search requests.
fn sid(page: &mut Page) -> Option<String> {
    let now = page.now();
    page.engine.session_id(&now).map(|id| id.to_string())
}

/// The session id that an event is sent with now.
fn sent_sid(page: &mut Page) -> String {
    page.call("basket", json!({ "itemId": 1 }));
    page.advance(10);
    let body = page.sends.last().unwrap().send.request.body.clone().unwrap();
    let events: Json = serde_json::from_str(&body).unwrap();
    events[0]["sid"].as_str().unwrap().to_owned()
}

fn is_session(id: &str) -> bool {
    id.len() == 30 && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The stored session, and its last use.
fn kept(page: &Page) -> Option<(&str, u64)> {
    let (id, at) = page.kept.get("reco_session")?.split_once('.')?;
    Some((id, at.parse().unwrap()))
}

fn stored(text: &str) -> Stored {
    Stored { session: Some(text.to_owned()), ..Stored::default() }
}

#[test]
fn a_session_id_has_thirty_letters_or_digits_for_any_random_bits() {
    for bits in [[0; 16], [0xff; 16], [0x80; 16], [1; 16]] {
        let mut page = Page::open(consent("anonymous"));
        page.entropy = Some(bits);
        page.call("consent", json!("denied"));
        page.call("consent", json!("granted"));
        let id = sid(&mut page).unwrap();
        assert!(is_session(&id), "{id}");
        assert_eq!(sent_sid(&mut page), id);
    }
}

#[test]
fn events_and_searches_share_the_session() {
    let mut page = Page::open(shop());
    let id = sid(&mut page).unwrap();
    assert!(is_session(&id), "{id}");
    assert_eq!(sent_sid(&mut page), id);
    page.call("login", json!("johndoe"));
    page.advance(3_600_000);
    assert_eq!((sent_sid(&mut page), sid(&mut page)), (id.clone(), Some(id)));
}

#[test]
fn a_logout_ends_the_session() {
    let mut page = Page::open(shop());
    let first = sent_sid(&mut page);
    page.call("login", json!("johndoe"));
    assert_eq!(sent_sid(&mut page), first, "the session continues");
    page.call("logout", json!([]));
    page.entropy = Some([7; 16]);
    let second = sid(&mut page).unwrap();
    assert_ne!(second, first);
    assert_eq!(sent_sid(&mut page), second);
    let mut next = page.next(shop());
    assert_eq!(sid(&mut next), Some(second));
    // No user was logged in. A shop may call logout on every page.
    next.call("logout", json!([]));
    let third = sid(&mut next);
    assert_eq!(third.as_deref(), kept(&next).map(|(id, _)| id));
    assert_eq!(Some(sent_sid(&mut next)), third);
    // A page rendered for no user ends the session of an account that is still stored.
    next.call("login", json!("johndoe"));
    let nobody = with(shop(), json!({ "identity": { "userId": null } }));
    let mut guest = next.next(nobody.clone());
    guest.entropy = Some([8; 16]);
    let fourth = sid(&mut guest);
    assert_ne!(fourth, third);
    assert_eq!(sid(&mut guest.next(nobody)), fourth);
    // The tracker does not end the shop's own session.
    let mut page = Page::open(with(shop(), json!({ "identity": { "sessionId": OWN } })));
    page.call("logout", json!([]));
    assert_eq!(sid(&mut page).as_deref(), Some(OWN));
}

#[test]
fn sessions_differ() {
    let page = |wall| Page::start_at(&shop(), &Stored::default(), calm(), wall);
    let mut one = page(START);
    one.entropy = Some([1; 16]);
    let mut other = page(START);
    other.entropy = Some([2; 16]);
    for page in [&mut one, &mut other] {
        page.call("logout", json!({ "forget": true }));
    }
    assert_ne!(sid(&mut one), sid(&mut other));
}

#[test]
fn the_session_is_stored_for_the_next_page() {
    let mut page = Page::open(shop());
    let id = sid(&mut page).unwrap();
    assert_eq!(kept(&page), Some((id.as_str(), START)));
    let mut next = page.next(shop());
    assert_eq!(sid(&mut next), Some(id.clone()));
    next.advance(DAY_MS - 1_000);
    let mut later = next.next(shop());
    assert_eq!(sid(&mut later), Some(id));
}

#[test]
fn the_session_ends_after_a_day_without_use() {
    for (idle, renewed) in [(DAY_MS - 1, false), (DAY_MS, false), (DAY_MS + 1, true)] {
        let mut page = Page::open(shop());
        let id = sent_sid(&mut page);
        page.sleep(idle - 10);
        assert_eq!(sent_sid(&mut page) != id, renewed, "after {idle} ms in one page");

        let used = START - idle;
        let mut page = Page::open_with(shop(), &stored(&format!("{OWN}.{used}")));
        assert_eq!(sid(&mut page).as_deref() != Some(OWN), renewed, "after {idle} ms, in another");
    }
}

#[test]
fn each_use_extends_the_session_by_a_day() {
    let mut page = Page::open(shop());
    let id = sent_sid(&mut page);
    for _ in 0..5 {
        page.advance(DAY_MS - 60_000);
        assert_eq!(sent_sid(&mut page), id);
        let (kept, at) = kept(&page).unwrap();
        assert_eq!(kept, id);
        assert!(page.wall - at < 60_000, "the use is stored");
        page.advance(DAY_MS - 60_000);
        assert_eq!(sid(&mut page), Some(id.clone()), "a search counts as a use");
    }
}

#[test]
fn a_page_with_searches_only_uses_the_session() {
    let old = START - DAY_MS - 1;
    let mut page = Page::open_with(shop(), &stored(&format!("{OWN}.{old}")));
    let id = sid(&mut page).unwrap();
    assert_ne!(id, OWN);
    // Without an event, the next page still has the same session.
    let mut next = page.next(shop());
    next.entropy = Some([3; 16]);
    assert_eq!(sid(&mut next), Some(id.clone()));

    let used = START - DAY_MS / 2;
    let page = Page::open_with(shop(), &stored(&format!("{OWN}.{used}")));
    assert_eq!(kept(&page), Some((OWN, START)), "opening the page counts as a use");
}

#[test]
fn the_last_use_is_written_at_most_once_a_minute() {
    let mut page = Page::open(shop());
    page.advance(2_000);
    let kept = |page: &Page| page.kept["reco_session"].clone();
    let before = kept(&page);
    for _ in 0..100 {
        sent_sid(&mut page);
        page.advance(500);
    }
    assert_eq!(kept(&page), before);
    page.advance(60_000);
    sent_sid(&mut page);
    assert_ne!(kept(&page), before);
}

#[test]
fn a_damaged_session_is_replaced() {
    let long = format!("{OWN}x.{START}");
    for odd in [
        "",
        ".",
        OWN,
        "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw.",
        "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw.x",
        "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw.-1",
        "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTX.1763683200000",
        "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTX-.1763683200000",
        "ükCKX3fzZVOqQ1hkQt8vRA4WbZDTX.1763683200000",
        &long,
    ] {
        let mut page = Page::open_with(shop(), &stored(odd));
        let id = sid(&mut page).unwrap();
        assert!(is_session(&id) && id != OWN, "{odd} became {id}");
        assert_eq!(kept(&page), Some((id.as_str(), START)), "{odd}");
    }
}

#[test]
fn tabs_share_the_session() {
    let mut one = Page::open(shop());
    let mut other = one.next(shop());
    assert_eq!(sid(&mut one), sid(&mut other));
    // The first tab is idle for two days. The visitor continues in the other.
    other.sleep(2 * DAY_MS);
    let renewed = sent_sid(&mut other);
    one.sleep(2 * DAY_MS);
    one.kept = other.kept.clone();
    one.jar = other.jar.clone();
    one.shown();
    assert_eq!(sent_sid(&mut one), renewed);
}

#[test]
fn logout_with_forget_starts_another_session() {
    let mut page = Page::open(shop());
    let id = sid(&mut page).unwrap();
    page.call("logout", json!([]));
    assert_eq!(sid(&mut page), Some(id.clone()));
    page.call("logout", json!({ "forget": true }));
    let other = sid(&mut page).unwrap();
    assert!(other != id && is_session(&other));
    assert_eq!(sent_sid(&mut page), other);
    assert_eq!(kept(&page).map(|(id, _)| id), Some(other.as_str()));
}

#[test]
fn the_shops_own_session_is_used_but_not_stored_or_renewed() {
    let own = with(shop(), json!({ "identity": { "sessionId": OWN } }));
    let mut page = Page::open_with(own.clone(), &stored(&format!("{}.{START}", "x".repeat(30))));
    assert_eq!(sid(&mut page).as_deref(), Some(OWN));
    page.sleep(10 * DAY_MS);
    assert_eq!(sent_sid(&mut page), OWN);
    page.call("logout", json!({ "forget": true }));
    page.shown();
    assert_eq!(sent_sid(&mut page), OWN);
    assert_eq!(kept(&page), None, "the stored session is deleted as well");
}

#[test]
fn an_invalid_session_of_the_shop_gives_a_warning_and_is_not_sent_to_fact_finder() {
    let long = format!("{OWN}1");
    for odd in ["session1", &OWN[1..], &long, "mkCKX3fzZVOqQ1hkQt8vRA4WbZDT-w"] {
        let mut page = Page::open(with(shop(), json!({ "identity": { "sessionId": odd } })));
        assert_eq!(page.told(), [("out-of-range", "config.identity.sessionId")], "{odd}");
        let id = sid(&mut page).unwrap();
        assert!(id != odd && id.len() == 30, "{id}");
    }
    // Other destinations do not use it.
    let mut page = Page::open(with(batch(), json!({ "identity": { "sessionId": "session1" } })));
    assert_eq!(sid(&mut page).as_deref(), Some("session1"));
}

#[test]
fn without_fact_finder_there_is_no_session() {
    let mut page = Page::open(batch());
    assert_eq!(sid(&mut page), None);
    assert_eq!(kept(&page), None);
}

#[test]
fn with_memory_storage_the_session_is_not_stored() {
    let mut page = Page::open(with(shop(), json!({ "identity": { "storage": "memory" } })));
    let id = sent_sid(&mut page);
    assert!(is_session(&id));
    assert_eq!((page.stored_writes, sid(&mut page)), (0, Some(id)));
}

#[test]
fn while_consent_is_pending_the_session_is_in_memory() {
    let mut page = Page::open(consent("pending"));
    let id = sid(&mut page).unwrap();
    page.call("basket", json!({ "itemId": 1 }));
    assert_eq!((page.stored_writes, page.sends.len()), (0, 0));
    page.call("consent", json!("granted"));
    page.advance(10);
    assert_eq!(kept(&page), Some((id.as_str(), START)));
    assert_eq!(sent_sid(&mut page), id);
}

#[test]
fn with_anonymous_consent_a_page_has_a_separate_session() {
    let known = format!("{OWN}.{START}");
    let mut page = Page::open_with(consent("anonymous"), &stored(&known));
    let id = sid(&mut page).unwrap();
    assert!(is_session(&id) && id != OWN);
    assert_eq!(sent_sid(&mut page), id);
    assert_eq!((page.stored_writes, kept(&page)), (0, None), "the stored session is deleted");
    // After granted consent nothing links back to events sent without it.
    page.call("consent", json!("granted"));
    let granted = sid(&mut page).unwrap();
    assert!(is_session(&granted) && granted != id);
    assert_eq!(sent_sid(&mut page), granted);
}

#[test]
fn pending_events_are_sent_with_the_anonymous_session() {
    let mut page = Page::open(consent("pending"));
    let before = sid(&mut page).unwrap();
    page.call("login", json!("johndoe"));
    page.call("basket", json!({ "itemId": 1 }));
    page.call("consent", json!("anonymous"));
    page.advance(10);
    let [sent] = page.sends.as_slice() else { panic!("{:?}", page.sends) };
    let events: Json = serde_json::from_str(sent.send.request.body.as_deref().unwrap()).unwrap();
    assert_ne!(events[0]["sid"], before);
    assert_eq!(events[0]["sid"], sid(&mut page).unwrap());
    assert_eq!(events[0].get("userId"), None);
    assert_eq!(page.count("dropped"), 1, "the login");
}

#[test]
fn after_denied_consent_there_is_no_session() {
    let mut page = Page::open(shop());
    assert!(kept(&page).is_some());
    page.call("consent", json!("denied"));
    assert_eq!((sid(&mut page), kept(&page)), (None, None));
    let gpc = Signals { gpc: true, ..calm() };
    let mut page = Page::start(&shop(), &stored(&format!("{OWN}.{START}")), gpc);
    assert_eq!((sid(&mut page), kept(&page)), (None, None));
}

#[test]
fn with_anonymous_consent_the_shops_own_session_is_not_used() {
    let own = with(shop(), json!({ "identity": { "sessionId": OWN }, "consent": "anonymous" }));
    let mut page = Page::open(own);
    let id = sent_sid(&mut page);
    assert!(is_session(&id) && id != OWN, "{id}");
    assert_eq!(sid(&mut page), Some(id));
    page.call("consent", json!("granted"));
    assert_eq!(sent_sid(&mut page), OWN);
    assert_eq!(kept(&page), None);
}

#[test]
fn a_new_session_id_cannot_be_linked_to_the_new_visitor_id() {
    let mut page = Page::open(shop());
    let before = sid(&mut page).unwrap();
    page.entropy = Some([0; 16]);
    page.call("logout", json!({ "forget": true }));
    // The next page of a visitor who leaves now does not have the old session.
    assert_eq!(kept(&page), None);
    page.entropy = None;
    let after = sid(&mut page).unwrap();
    assert!(after != before && after.bytes().any(|b| b != b'0'), "{after}");
}

#[test]
fn a_session_from_before_consent_does_not_continue_with_an_account() {
    for way in [&["granted"][..], &["pending", "granted"]] {
        let mut page = Page::open(consent("anonymous"));
        let before = sent_sid(&mut page);
        for decision in way {
            page.call("consent", json!(decision));
        }
        page.call("login", json!("johndoe"));
        assert_ne!(sent_sid(&mut page), before, "{way:?}");
    }
}
