//! Decisions that follow an earlier one: of this page, of another tab, of an earlier page.

use crate::common::test;
use crate::common::{Page, batch, json, with};
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

fn consent(state: &str) -> Json {
    with(batch(), json!({ "consent": state }))
}

fn decide(page: &mut Page, state: &str) {
    page.call("consent", json!(state));
}

#[test]
fn a_way_through_pending_gives_the_visitor_another_id_and_the_configured_account() {
    for state in ["anonymous", "denied"] {
        for way in [&["granted"][..], &["pending", "granted"]] {
            let config = with(consent(state), json!({ "identity": { "userId": "johndoe" } }));
            let mut page = Page::open(config);
            for decision in way {
                decide(&mut page, decision);
            }
            page.click(1);
            page.advance(10_000);
            let events = page.events();
            assert!(events.iter().all(|event| event["user"] == "johndoe"), "{state} {way:?}");
            assert_eq!(events.len(), 2, "{state} {way:?}: login and click");
        }
    }
}

#[test]
fn a_denial_stays_where_nothing_is_stored() {
    let memory = || with(batch(), json!({ "identity": { "storage": "memory" } }));
    let mut page = Page::open_with(memory(), &Stored { off: true, ..Stored::default() });
    page.click(1);
    page.advance(10_000);
    assert_eq!(page.sends.len(), 0);
    decide(&mut page, "denied");
    assert!(page.jar.contains_key("reco_off"));
    decide(&mut page, "granted");
    assert!(page.jar.is_empty() && page.kept.is_empty());
}

/// Another tab has been given consent before this one, and has stored an id.
fn another_tab_has_an_id(page: &mut Page) {
    for (name, value) in [("reco_id", "0123456789abcdefABCDEF"), ("reco_id_at", "1763683000.c")] {
        page.jar.insert(name.to_owned(), (value.to_owned(), u64::MAX));
    }
}

#[test]
fn a_tab_that_waited_for_consent_takes_the_id_of_the_tab_that_got_it_first() {
    for state in ["pending", "denied"] {
        let mut page = Page::open(consent(state));
        page.click(1);
        page.call("login", json!("johndoe"));
        another_tab_has_an_id(&mut page);
        page.jar.remove("reco_off");
        decide(&mut page, "granted");
        page.click(2);
        page.advance(10_000);
        let ids: Vec<_> = page.events().iter().map(|event| event["anonymous"].clone()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| id == "0123456789abcdefABCDEF"), "{ids:?}");
        assert_eq!(page.jar["reco_id"].0, "0123456789abcdefABCDEF");
        let users: Vec<_> = page.events().iter().map(|event| event["user"].clone()).collect();
        let logged_in = users.iter().filter(|user| *user == "johndoe").count();
        assert_eq!(logged_in, if state == "pending" { 2 } else { 0 }, "{state}: {users:?}");
    }
}

#[test]
fn the_id_of_another_tab_is_not_given_to_events_made_without_consent() {
    let mut page = Page::open(consent("anonymous"));
    page.feed(Input::Online(false));
    page.click(1);
    decide(&mut page, "pending");
    page.click(2);
    another_tab_has_an_id(&mut page);
    decide(&mut page, "granted");
    page.feed(Input::Online(true));
    page.advance(10_000);
    let ids: Vec<_> = page.events().iter().map(|event| event["anonymous"].clone()).collect();
    assert_eq!(ids, [Json::Null, json!("0123456789abcdefABCDEF")]);
}
