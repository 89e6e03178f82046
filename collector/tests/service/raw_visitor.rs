//! Raw batches: the visitor of the events, and the effect of consent.

use crate::common::raw::{AT, COOKIES, VISITOR, kinds, post, raw, stored, who};
use crate::common::{Server, changed, hash};
use serde_json::{Value, json};

/// The engine, the page's code before the module, and the stub are tested with the same cases.
#[tokio::test]
async fn consent_matches_the_shared_test_vectors() {
    let cases = include_str!("../../../tests/vectors/consent.json");
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    for case in cases {
        let said = case["said"].as_array().cloned().unwrap_or_default();
        let mut calls: Vec<Value> =
            said.iter().map(|state| json!(["consent", [state], AT])).collect();
        calls.push(json!(["click", [{ "itemId": 1 }], AT + 1]));
        let config = case.get("config").cloned().unwrap_or(json!({}));
        let body = changed(raw(calls.into()), json!({ "config": config, "ack": true }));
        let is = |name: &str| case["browser"][name] == true;
        let cookies = if is("off") { COOKIES.replace("a=1", "reco_off=1") } else { COOKIES.into() };
        let gpc = if is("gpc") { "Sec-GPC: 1\r\n" } else { "" };
        let dnt = if is("dnt") { "DNT: 1\r\n" } else { "" };
        let server = Server::start().await;
        let answer = post(&server, &format!("{cookies}{gpc}{dnt}"), &body).await;
        assert_eq!(answer.status, 204, "{}", case["name"]);
        let rows = server.events().await;
        let decided = match *who(&rows) {
            // After a refusal there is a new visitor id.
            [(_, Some(_))] => ["granted", "granted"],
            [(None, None)] => ["anonymous", "anonymous"],
            [] => ["pending", "denied"],
            ref other => panic!("{other:?}"),
        };
        let expected = case["consent"].as_str().unwrap();
        assert!(decided.contains(&expected), "{}: {decided:?}", case["name"]);
    }
}

#[tokio::test]
async fn consent_has_the_same_effect_as_in_the_page() {
    let (user, visitor) = (hash("Jörg D"), hash(VISITOR));
    let known = (Some(&*user), Some(&*visitor));
    let nobody = (None, None);
    let (gpc, off) = ("Sec-GPC: 1\r\n", "Cookie: reco_off=1\r\n");
    let (none, first, both) = (vec![], vec!["click 1"], vec!["click 1", "click 2"]);
    let second = vec!["click 2"];
    // The page's configuration; the consent before, between and after two clicks; the headers.
    for (config, said, headers, expected, of) in [
        (json!(null), ["", "", ""], "", &both, known),
        (json!({ "consent": "granted" }), ["", "", ""], "", &both, known),
        (json!({ "consent": null }), ["", "", ""], "", &both, known),
        (json!({ "consent": "denied" }), ["", "", ""], "", &none, nobody),
        (json!({ "consent": "pending" }), ["", "", ""], "", &none, nobody),
        (json!({ "consent": "pending" }), ["", "", "granted"], "", &both, known),
        (json!({ "consent": "pending" }), ["", "", "anonymous"], "", &both, nobody),
        (json!({ "consent": "pending" }), ["", "", "denied"], "", &none, nobody),
        (json!({ "consent": "anonymous" }), ["", "", ""], "", &both, nobody),
        (json!(null), ["", "", "denied"], "", &none, nobody),
        (json!(null), ["", "denied", ""], "", &none, nobody),
        (json!(null), ["", "", "anonymous"], "", &both, nobody),
        (json!(null), ["", "", "pending"], "", &none, nobody),
        // Consent is not decided yet.
        (json!({ "consentFrom": "tcf" }), ["", "", ""], "", &none, nobody),
        (json!({ "consentFrom": {} }), ["granted", "", ""], "", &both, known),
        (json!({ "consentFrom": false }), ["", "", ""], "", &both, known),
        (json!({ "consentFrom": "tcf", "consent": "granted" }), ["", "", ""], "", &both, known),
        // The browser's signals. An explicit consent of the visitor overrides them.
        (json!({ "consent": "granted" }), ["", "", ""], gpc, &none, nobody),
        (json!(null), ["", "", "anonymous"], gpc, &none, nobody),
        (json!({ "respect": { "gpc": false } }), ["", "", ""], gpc, &both, known),
        (json!(null), ["", "", ""], "Sec-GPC: 0\r\n", &both, known),
        (json!(null), ["", "", ""], "DNT: 1\r\n", &both, known),
        (json!({ "respect": { "dnt": true } }), ["", "", ""], "DNT: 1\r\n", &none, nobody),
        (json!({ "consent": "granted" }), ["", "", ""], off, &none, nobody),
        (json!({ "identity": { "storage": "memory" } }), ["", "", ""], off, &none, nobody),
    ] {
        let say = |state: &str, at| json!(["consent", [state], at]);
        let calls = json!([
            say(said[0], AT),
            ["click", [{ "itemId": 1 }], AT + 1],
            say(said[1], AT + 2),
            ["click", [{ "itemId": 2 }], AT + 3],
            say(said[2], AT + 4),
        ]);
        let row = format!("{config} {said:?} {headers}");
        let body = changed(raw(calls), json!({ "config": config, "ack": true }));
        let headers = if headers == off {
            COOKIES.replace("a=1", "reco_off=1")
        } else {
            COOKIES.to_owned() + headers
        };
        let server = Server::start().await;
        let answer = post(&server, &headers, &body).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{row}");
        let rows = server.events().await;
        assert_eq!(kinds(&rows), *expected, "{row}");
        assert!(who(&rows).into_iter().all(|whose| whose == of), "{row}: {:?}", who(&rows));
        assert_eq!(server.batches().await.is_empty(), expected.is_empty(), "{row}");
        // A cookie counts as storage on the device.
        let set = answer.all("set-cookie").len();
        assert_eq!(set == 1, of == known, "{row}");
    }
    // Consent granted or denied between the calls: later calls are treated like in the page.
    let calls = |one: &str, other: &str| {
        let (one, other) = (json!(["consent", [one], AT]), json!(["consent", [other], AT]));
        raw(json!([one, ["click", [{ "itemId": 1 }], AT], other, ["click", [{ "itemId": 2 }], AT]]))
    };
    assert_eq!(kinds(&stored(gpc, calls("granted", "")).await), both);
    assert_eq!(kinds(&stored(gpc, calls("", "granted")).await), second);
    assert_eq!(kinds(&stored(off, calls("", "granted")).await), second);
    let rows = stored(COOKIES, calls("denied", "granted")).await;
    assert_eq!(kinds(&rows), second);
    assert_eq!(who(&rows)[0].0, None, "after a refusal the visitor is anonymous");
    assert_ne!(who(&rows)[0].1, Some(&*visitor));
    let rows = stored(COOKIES, calls("anonymous", "pending")).await;
    assert!(rows.is_empty());
    // Events sent by a flush stay sent, as in the page.
    let calls =
        json!([["click", [{ "itemId": 1 }], AT], ["flush", [], AT], ["consent", ["denied"], AT]]);
    assert_eq!(kinds(&stored("", raw(calls)).await), first);
    let calls = json!([["click", [{ "itemId": 1 }], AT], ["dispose", [], AT], ["click", [{ "itemId": 2 }], AT]]);
    assert_eq!(kinds(&stored("", raw(calls)).await), first);
}

#[tokio::test]
async fn the_visitor_comes_from_the_page_or_the_cookies() {
    let (cookie, user) = (hash(VISITOR), hash("Jörg D"));
    let one = || raw(json!([["click", [{ "itemId": 1 }], AT]]));
    let (page, account) = (hash("AbCdEfGh12"), hash("johndoe"));
    for (change, headers, of) in [
        (json!({}), COOKIES, (Some(&user), Some(&cookie))),
        (json!({}), &*COOKIES.replace("reco_user", "x"), (None, Some(&cookie))),
        (json!({ "anonymous": null, "user": null }), COOKIES, (Some(&user), Some(&cookie))),
        // The ids come from the page: either both or none.
        (json!({ "anonymous": "AbCdEfGh12" }), COOKIES, (None, Some(&page))),
        (
            json!({ "anonymous": "AbCdEfGh12", "user": "johndoe" }),
            "",
            (Some(&account), Some(&page)),
        ),
        (
            json!({ "config": { "identity": { "anonymousId": "AbCdEfGh12" } } }),
            COOKIES,
            (Some(&user), Some(&page)),
        ),
        (json!({ "config": { "identity": { "userId": null } } }), COOKIES, (None, Some(&cookie))),
        (
            json!({ "config": { "identity": { "cookieName": "a" } } }),
            &*COOKIES.replace("a=1", "a=AbCdEfGh12"),
            (Some(&user), Some(&page)),
        ),
        // An id that the tracker would refuse is ignored.
        (json!({}), &*COOKIES.replace("%20D", "%40doe.example"), (None, Some(&cookie))),
        (json!({}), &*COOKIES.replace("%20", "%zz"), (None, Some(&cookie))),
        (json!({ "anonymous": "AbCdEfGh12", "user": "j@doe.example" }), "", (None, Some(&page))),
    ] {
        let rows = stored(headers, changed(one(), change.clone())).await;
        assert_eq!(
            who(&rows),
            [(of.0.map(String::as_str), of.1.map(String::as_str))],
            "{change} {headers}"
        );
    }
    // Without ids: a visitor of this page only.
    let body = changed(one(), json!({ "config": { "identity": { "storage": "memory" } } }));
    let memory = stored(COOKIES, body).await;
    let short = stored("Cookie: reco_id=short\r\n", one()).await;
    let none = stored("", one()).await;
    let other = Server::start().await;
    other.post(changed(one(), json!({ "stream": "s2" }))).await;
    let other = other.events().await;
    assert_eq!((who(&memory)[0].0, who(&memory)), (None, who(&none)));
    assert_eq!(who(&short), who(&none));
    assert!(who(&none)[0].1.is_some() && who(&none) != who(&other));
    let server = Server::with("[cookie]\nname = \"visitor\"\n").await;
    let headers = COOKIES.replace("reco_id", "visitor");
    assert_eq!(post(&server, &headers, &one()).await.status, 204);
    assert_eq!(who(&server.events().await), [(Some(&*user), Some(&*cookie))]);
}

#[tokio::test]
async fn login_and_logout_have_the_same_effect_as_in_the_page() {
    let click = |n: u64| json!(["click", [{ "itemId": n }], AT + n]);
    let calls = json!([
        click(1),
        ["login", ["johndoe"], AT + 1],
        click(2),
        ["login", ["johndoe"], AT + 2],
        ["logout", [], AT + 2],
        click(3),
        ["logout", [{ "forget": true }], AT + 3],
        click(4),
    ]);
    let rows = stored(&COOKIES.replace("reco_user", "x"), raw(calls.clone())).await;
    assert_eq!(kinds(&rows), ["click 1", "login", "click 2", "click 3", "click 4"]);
    let (user, visitor) = (hash("johndoe"), hash(VISITOR));
    let (user, visitor) = (Some(&*user), Some(&*visitor));
    let of = who(&rows);
    assert_eq!(of[..4], [(None, visitor), (user, visitor), (user, visitor), (None, visitor)]);
    assert!(of[4].0.is_none() && of[4].1.is_some() && of[4].1 != visitor);
    // The login of the account in the cookie was sent when it happened.
    let body = changed(raw(calls), json!({ "anonymous": VISITOR, "user": "johndoe" }));
    assert_eq!(kinds(&stored("", body).await), ["click 1", "click 2", "click 3", "click 4"]);
    // The account of a page rendered on the server.
    let config = json!({ "config": { "identity": { "userId": "johndoe" } } });
    let rows = stored(COOKIES, changed(raw(json!([click(1)])), config.clone())).await;
    assert_eq!(kinds(&rows), ["login", "click 1"]);
    assert_eq!((who(&rows), &rows[0]["at"]), (vec![(user, visitor); 2], &json!(AT + 1)));
    let body = changed(changed(raw(json!([click(1)])), config), json!({ "user": "johndoe" }));
    assert_eq!(
        kinds(&stored("", changed(body, json!({ "anonymous": VISITOR }))).await),
        ["click 1"]
    );
    // The login made from the configuration has the time of the first call, or else the batch's.
    let config = json!({ "config": { "identity": { "userId": "johndoe" } } });
    let rows = stored("", changed(raw(json!([5])), config)).await;
    assert_eq!((kinds(&rows), &rows[0]["at"]), (vec!["login".to_owned()], &json!(AT + 1000)));
    // With this consent visitors are not told apart.
    let calls = json!([["consent", ["anonymous"], AT], ["login", ["johndoe"], AT], click(1)]);
    let rows = stored("", raw(calls)).await;
    assert_eq!((kinds(&rows), who(&rows)), (vec!["click 1".to_owned()], vec![(None, None)]));
}

#[tokio::test]
async fn no_plain_user_id_is_in_the_database() {
    let server = Server::start().await;
    let calls = json!([["login", ["johndoe"], AT], ["click", [{ "itemId": 1 }], AT]]);
    assert_eq!(post(&server, COOKIES, &raw(calls)).await.status, 204);
    assert_eq!(server.events().await.len(), 2);
    for name in ["events.sqlite", "events.sqlite-wal"] {
        let bytes = std::fs::read(server.folder.path().join(name)).unwrap();
        for user in ["johndoe", "Jörg", VISITOR] {
            let found = bytes.windows(user.len()).any(|some| some == user.as_bytes());
            assert!(!found, "{user} is in {name}");
        }
    }
}
