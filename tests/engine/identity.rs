//! The visitor's identity: cookies, accounts, other tabs.

use crate::common::test;
use crate::common::{DAY_MS, Page, START, batch, json, with};
use recobeacon_engine::identity::Stored;
use serde_json::Value as Json;

const KNOWN: &str = "0123456789abcdefABCDEF";

fn identity(options: Json) -> Json {
    with(batch(), json!({ "identity": options }))
}

/// A visitor whose cookie was written `age_ms` ago.
fn known(age_ms: u64, by: &str) -> Stored {
    let seconds = (START - age_ms) / 1000;
    Stored {
        id: Some(KNOWN.to_owned()),
        id_at: Some(format!("{seconds}.{by}")),
        ..Stored::default()
    }
}

/// The users of the sent events: type, account and visitor.
fn users(page: &mut Page) -> Vec<(Json, Json, Json)> {
    page.call("flush", json!([]));
    let of =
        |event: &Json| (event["type"].clone(), event["user"].clone(), event["anonymous"].clone());
    page.events().iter().map(of).collect()
}

#[test]
fn a_new_visitor_gets_a_cookie() {
    let mut page = Page::open(batch());
    let (id, days) = page.jar["reco_id"].clone();
    assert!(id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    assert_eq!(days, 90);
    assert_eq!(page.jar["reco_id_at"], (format!("{}.c", START / 1000), 90));
    assert_eq!(page.jar.len(), 2);
    assert_eq!(page.engine.anonymous_id(), Some(id.as_str()));
    assert_eq!(page.engine.user_id(), None);
    page.click(1);
    assert_eq!(users(&mut page), [(json!("click"), json!(null), json!(id))]);
}

#[test]
fn visitors_differ() {
    let signals = |seed| {
        let mut signals = crate::common::calm();
        signals.seed = [[seed; 16], [0; 16]];
        signals
    };
    let id = |seed| {
        let page = Page::start(&batch(), &Stored::default(), signals(seed));
        page.jar["reco_id"].0.clone()
    };
    let ids: std::collections::BTreeSet<String> = (0..=255).map(id).collect();
    assert_eq!(ids.len(), 256);
    assert!(ids.iter().all(|id| id.len() == 22));
}

#[test]
fn name_and_lifetime_are_configurable() {
    let page = Page::open(identity(json!({ "cookieName": "shop_v", "cookieDays": 30 })));
    let names: Vec<&String> = page.jar.keys().collect();
    assert_eq!(names, ["shop_v", "shop_v_at"]);
    assert!(page.jar.values().all(|(_, days)| *days == 30));
    let next = page.next(identity(json!({ "cookieName": "shop_v", "cookieDays": 30 })));
    assert_eq!(next.engine.anonymous_id(), page.engine.anonymous_id());
}

#[test]
fn a_known_visitor_keeps_its_id_and_the_cookie_is_renewed_daily() {
    let page = Page::open_with(batch(), &known(DAY_MS - 1_000, "c"));
    assert_eq!(page.engine.anonymous_id(), Some(KNOWN));
    assert_eq!(page.cookies_written, [""; 0]);

    let page = Page::open_with(batch(), &known(DAY_MS, "c"));
    assert_eq!(page.cookies_written, ["reco_id", "reco_id_at"]);
    assert_eq!(page.jar["reco_id"], (KNOWN.to_owned(), 90), "the id is unchanged");
    assert_eq!(page.next(batch()).cookies_written, [""; 0], "not a second time on the same day");
}

#[test]
fn with_the_shops_own_id_logins_and_logouts_of_other_tabs_are_read() {
    let own = || identity(json!({ "anonymousId": "shop-1" }));
    let mut page = Page::open(own());
    page.jar.insert("reco_user".to_owned(), ("johndoe".to_owned(), 90));
    page.shown();
    assert_eq!(page.engine.user_id(), Some("johndoe"), "a login in another tab");
    page.jar.remove("reco_user");
    page.shown();
    assert_eq!(page.engine.user_id(), None, "a logout in another tab");
    assert_eq!(page.engine.anonymous_id(), Some("shop-1"));

    // Where cookies are blocked, a missing one says nothing.
    let mut page = Page::open(own());
    page.call("login", json!("johndoe"));
    page.jar.clear();
    page.shown();
    assert_eq!(page.engine.user_id(), Some("johndoe"));
}

#[test]
fn a_cookie_written_by_a_server_is_not_rewritten() {
    let page = Page::open_with(batch(), &known(80 * DAY_MS, "s"));
    assert_eq!(page.engine.anonymous_id(), Some(KNOWN));
    assert_eq!(page.cookies_written, [""; 0]);
}

#[test]
fn a_cookie_from_the_future_is_renewed() {
    let seconds = (START + 10 * DAY_MS) / 1000;
    let stored = Stored { id_at: Some(format!("{seconds}.c")), ..known(0, "c") };
    let page = Page::open_with(batch(), &stored);
    assert_eq!(page.jar["reco_id_at"].0, format!("{}.c", START / 1000));
}

#[test]
fn damaged_cookies_are_replaced() {
    for odd in
        ["", "short", "a;b=cdefgh", "white space", "größe-größe", "a\\b\\c\\d\\e", "%41%42%43"]
    {
        let stored = Stored { id: Some(odd.to_owned()), ..known(0, "c") };
        let page = Page::open_with(batch(), &stored);
        assert_ne!(page.engine.anonymous_id(), Some(odd));
        assert_eq!(page.jar["reco_id"].0.len(), 22, "{odd}");
    }
    let long = "x".repeat(5_000);
    let page = Page::open_with(batch(), &Stored { id: Some(long), ..Stored::default() });
    assert_eq!(page.jar["reco_id"].0.len(), 22);
    for odd in ["", "x", "c", ".c", "-1.c", "1e9.c", "99999999999999999999.c"] {
        let stored = Stored { id_at: Some(odd.to_owned()), ..known(0, "c") };
        let page = Page::open_with(batch(), &stored);
        assert_eq!(page.engine.anonymous_id(), Some(KNOWN), "{odd}: the id itself is valid");
        assert_eq!(page.jar["reco_id_at"].0, format!("{}.c", START / 1000), "{odd}");
    }
    let garbage = Some("1.2.3,,x.y,18446744073709551616.1,\u{0}".to_owned());
    let stored = Stored { orders: garbage.clone(), logins: garbage, ..known(0, "c") };
    let mut page = Page::open_with(batch(), &stored);
    page.call("login", json!("johndoe"));
    page.call("buy", json!({ "itemId": 1, "orderId": "o" }));
    assert_eq!(users(&mut page).len(), 2);
}

#[test]
fn a_damaged_account_cookie_is_ignored() {
    // An account in the cookie must pass the rules of login(), because a single invalid event would
    // lose its whole batch.
    let huge = "x".repeat(5_000);
    for odd in ["", ".", "..", "a\\b", "a\u{0}b", "a\nb", huge.as_str()] {
        let stored = Stored { user: Some(odd.to_owned()), ..known(0, "c") };
        let page = Page::open_with(batch(), &stored);
        assert_eq!(page.engine.user_id(), None, "{}", odd.get(..10).unwrap_or(odd));
    }
}

#[test]
fn the_sites_own_visitor_id_replaces_the_trackers() {
    let config = identity(json!({ "anonymousId": "site-visitor/1 ü" }));
    let mut page = Page::open_with(config, &known(5 * DAY_MS, "c"));
    assert_eq!(page.engine.anonymous_id(), Some("site-visitor/1 ü"));
    assert_eq!(page.cookies_written, [""; 0]);
    page.call("logout", json!({ "forget": true }));
    page.click(1);
    assert_eq!(users(&mut page)[0].2, "site-visitor/1 ü");
}

#[test]
fn a_login_is_sent_once_for_each_pair() {
    let mut page = Page::open(batch());
    let anonymous = json!(page.engine.anonymous_id().unwrap());
    page.click(1);
    page.call("login", json!("Jürgen; 1"));
    page.call("login", json!("Jürgen; 1"));
    page.click(2);
    let user = json!("Jürgen; 1");
    assert_eq!(
        users(&mut page),
        [
            (json!("click"), json!(null), anonymous.clone()),
            (json!("login"), user.clone(), anonymous.clone()),
            (json!("click"), user, anonymous.clone()),
        ]
    );
    let (cookie, days) = &page.jar["reco_user"];
    assert_eq!((cookie.as_str(), *days), ("Jürgen; 1", 90), "the shell encodes the value");

    // On the next page the account is still known, and so is the pair.
    let mut page = page.next(batch());
    assert_eq!(page.engine.user_id(), Some("Jürgen; 1"));
    page.call("login", json!("Jürgen; 1"));
    assert_eq!(users(&mut page).len(), 0);
    // Another account is another pair. Its source is the anonymous visitor, not the account before.
    page.call("login", json!("jürgen; 1"));
    assert_eq!(users(&mut page), [(json!("login"), json!("jürgen; 1"), anonymous)]);
    page.call("login", json!("Jürgen; 1"));
    assert_eq!(users(&mut page).len(), 1);
    assert_eq!(page.engine.user_id(), Some("Jürgen; 1"));
}

#[test]
fn logout_returns_to_the_anonymous_visitor() {
    let mut page = Page::open(batch());
    let anonymous = page.engine.anonymous_id().unwrap().to_owned();
    page.call("login", json!("johndoe"));
    page.call("logout", json!([]));
    page.click(1);
    assert_eq!(page.engine.user_id(), None);
    assert_eq!(users(&mut page)[1], (json!("click"), json!(null), json!(anonymous)));
    assert!(!page.jar.contains_key("reco_user"));
    let next = page.next(batch());
    assert_eq!((next.engine.user_id(), next.engine.anonymous_id()), (None, Some(&*anonymous)));
}

#[test]
fn forget_makes_another_visitor() {
    let mut page = Page::open(batch());
    let before = page.engine.anonymous_id().unwrap().to_owned();
    page.call("login", json!("johndoe"));
    page.call("logout", json!({ "forget": true }));
    let after = page.engine.anonymous_id().unwrap().to_owned();
    assert_ne!(before, after);
    assert_eq!(page.jar["reco_id"].0, after);
    assert_eq!(page.engine.user_id(), None);
    // For the new visitor the account is a new pair.
    page.call("login", json!("johndoe"));
    let logins = users(&mut page);
    assert_eq!((logins.len(), &logins[1].2), (2, &json!(after)));
    assert_eq!(page.next(batch()).engine.anonymous_id(), Some(after.as_str()));
}

#[test]
fn the_configured_account_is_logged_in() {
    let config = identity(json!({ "userId": "johndoe" }));
    let mut page = Page::open(config.clone());
    assert_eq!(page.engine.user_id(), Some("johndoe"));
    page.click(1);
    let types: Vec<Json> = users(&mut page).into_iter().map(|user| user.0).collect();
    assert_eq!(types, ["login", "click"]);
    let mut page = page.next(config);
    page.click(1);
    let types: Vec<Json> = users(&mut page).into_iter().map(|user| user.0).collect();
    assert_eq!(types, ["click"], "one login event for each pair");
    // Absent: the account of the last login() stays. Null: no user is logged in.
    assert_eq!(page.next(batch()).engine.user_id(), Some("johndoe"));
    let page = page.next(identity(json!({ "userId": null })));
    assert_eq!(page.engine.user_id(), None);
    assert_eq!(page.next(batch()).engine.user_id(), None);
}

#[test]
fn a_login_in_one_tab_applies_in_all_tabs() {
    let mut here = Page::open(batch());
    let mut there = here.next(batch());
    there.call("login", json!("johndoe"));
    here.jar = there.jar.clone();
    here.kept = there.kept.clone();
    here.shown();
    assert_eq!(here.engine.user_id(), Some("johndoe"));
    here.call("login", json!("johndoe"));
    assert_eq!(users(&mut here).len(), 0, "the other tab has sent the login");

    there.call("logout", json!({ "forget": true }));
    here.jar = there.jar.clone();
    here.shown();
    assert_eq!(here.engine.user_id(), None);
    assert_eq!(here.engine.anonymous_id(), there.engine.anonymous_id());
}

#[test]
fn without_cookies_the_identity_lasts_for_the_page() {
    let mut page = Page::open(batch());
    let anonymous = page.engine.anonymous_id().unwrap().to_owned();
    page.call("login", json!("johndoe"));
    page.jar.clear();
    page.kept.clear();
    page.shown();
    page.click(1);
    assert_eq!(
        page.engine.user_id(),
        Some("johndoe"),
        "missing cookies do not mean a logout in another tab"
    );
    assert_eq!(users(&mut page)[1], (json!("click"), json!("johndoe"), json!(anonymous)));
}

#[test]
fn with_the_sites_own_visitor_id_an_account_stays_logged_in_without_the_cookie() {
    let mut page = Page::open(identity(json!({ "anonymousId": "v1", "userId": "johndoe" })));
    page.shown();
    assert_eq!(page.engine.user_id(), Some("johndoe"));
    assert_eq!(page.next(batch()).engine.user_id(), Some("johndoe"));
}

#[test]
fn storage_memory_stores_nothing() {
    let config = identity(json!({ "storage": "memory", "userId": "johndoe" }));
    let mut page = Page::open(config);
    page.call("buy", json!({ "itemId": 1, "orderId": "o-1" }));
    page.call("login", json!("other"));
    page.shown();
    assert_eq!(page.engine.user_id(), Some("other"));
    page.call("logout", json!({ "forget": true }));
    page.call("consent", json!("granted"));
    page.click(1);
    assert_eq!(users(&mut page).len(), 4);
    page.call("consent", json!("denied"));
    assert_eq!(page.stored_writes, 0, "{:?} {:?}", page.jar, page.kept);
}
