//! The acknowledgement cookie and the renewed identity cookie.

use crate::common::{Server, batch, changed, click};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

const DOMAIN: &str = "[cookie]\ndomain = \"shop.example\"\n";
const ID: &str = "4fGk29sLQe7RzT0bXcVwAa";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The cookies set for a batch. `ack` is true unless `changes` overrides it.
async fn set(server: &Server, headers: &str, changes: serde_json::Value) -> Vec<String> {
    let body = changed(batch("AbC-_9", 12, &[click(1)]), json!({ "ack": true }));
    let body = changed(body, changes).to_string();
    let answer = server.send("POST", "/v1/events?b=AbC-_9.12", headers, body.as_bytes()).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    answer.all("set-cookie").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_batch_is_acknowledged_by_its_own_cookie() {
    let server = Server::start().await;
    let expected = ["reco_ack_AbC-_9.12=1; Path=/; Max-Age=600; SameSite=Lax"];
    assert_eq!(set(&server, "", json!({})).await, expected);
    assert_eq!(set(&server, "Origin: https://www.shop.example\r\n", json!({})).await, expected);
    // A copy of a stored batch is acknowledged as well, because its first response may have been
    // lost.
    assert_eq!(set(&server, "", json!({})).await, expected);
}

#[tokio::test]
async fn only_stored_batches_that_ask_for_it_are_acknowledged() {
    let server = Server::with(DOMAIN).await;
    assert!(set(&server, "", json!({ "ack": null })).await.is_empty());
    assert!(set(&server, "", json!({ "ack": false })).await.is_empty());
    let body = changed(batch("s1", 0, &[]), json!({ "ack": true }));
    let answer = server.post(body).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (400, None));
}

#[tokio::test]
async fn the_cookie_has_a_domain_if_the_page_has_a_different_host() {
    let server = Server::with(DOMAIN).await;
    let own = "reco_ack_AbC-_9.12=1; Path=/; Max-Age=600; SameSite=Lax";
    let shared = format!("{own}; Domain=shop.example");
    for (host, origin, expected) in [
        ("t.shop.example", Some("https://www.shop.example"), shared.as_str()),
        ("t.shop.example:8443", Some("https://www.shop.example:8443"), &shared),
        ("www.shop.example", Some("https://www.shop.example"), own),
        ("WWW.shop.example:8443", Some("http://www.shop.example"), own),
        ("www.shop.example", None, own),
        ("www.shop.example", Some("null"), own),
    ] {
        let origin = origin.map_or(String::new(), |origin| format!("Origin: {origin}\r\n"));
        let cookies = set(&server, &format!("Host: {host}\r\n{origin}"), json!({})).await;
        assert_eq!(cookies, [expected], "{host} {origin}");
    }
}

/// The renewed cookies, without the acknowledgement.
async fn renewed(server: &Server, cookie: &str, more: &str) -> Vec<String> {
    let headers = format!("Cookie: {cookie}\r\n{more}");
    set(server, &headers, json!({})).await.into_iter().skip(1).collect()
}

#[tokio::test]
async fn an_identity_that_is_a_day_old_is_renewed() {
    let server = Server::with(DOMAIN).await;
    let (day, minute) = (86_400, 60);
    let cookies =
        |age: u64, by: &str| format!("a=1; reco_id={ID}; reco_id_at={}.{by}; b=2", now() - age);
    let https = "Origin: https://www.shop.example\r\n";
    for by in ["c", "s"] {
        let before = now();
        let set = renewed(&server, &cookies(day + minute, by), https).await;
        let attributes = "; Domain=shop.example; Path=/; Max-Age=7776000; SameSite=Lax; Secure";
        assert_eq!(set.len(), 2, "{set:?}");
        assert_eq!(set[0], format!("reco_id={ID}{attributes}"));
        let at = set[1].strip_prefix("reco_id_at=").unwrap().strip_suffix(attributes).unwrap();
        let at: u64 = at.strip_suffix(".s").unwrap().parse().unwrap();
        assert!((before..=now()).contains(&at));
    }
    // Not Secure for an http page, which could not read the cookie otherwise.
    let plain =
        renewed(&server, &cookies(day + minute, "c"), "Origin: http://www.shop.example\r\n").await;
    assert_eq!(
        plain[0],
        format!("reco_id={ID}; Domain=shop.example; Path=/; Max-Age=7776000; SameSite=Lax")
    );
    // A clock was eighty years ahead at the last write. Without this case the cookie would not be
    // renewed before that time.
    let future = format!("reco_id={ID}; reco_id_at={}.c", now() + 80 * 365 * day);
    assert_eq!(renewed(&server, &future, https).await.len(), 2);
    // Two Cookie headers count as one list.
    let split = format!("Cookie: reco_id_at={}.c\r\n{https}", now() - day - minute);
    assert_eq!(renewed(&server, &format!("reco_id={ID}"), &split).await.len(), 2);
}

#[tokio::test]
async fn an_identity_without_a_known_old_date_is_not_renewed() {
    let server = Server::with(DOMAIN).await;
    let old = now() - 2 * 86_400;
    for cookie in [
        format!("reco_id={ID}; reco_id_at={}.c", now() - 86_000),
        format!("reco_id={ID}; reco_id_at={}.c", now() + 1000),
        format!("reco_id={ID}"),
        format!("reco_id_at={old}.c"),
        format!("reco_id=; reco_id_at={old}.c"),
        format!("reco_id=a\"b; reco_id_at={old}.c"),
        format!("reco_id={ID}; reco_id_at={old}"),
        format!("reco_id={ID}; reco_id_at={old}.x"),
        format!("reco_id={ID}; reco_id_at=x.c"),
        format!("xreco_id={ID}; xreco_id_at={old}.c"),
        "nothing".to_owned(),
    ] {
        assert!(renewed(&server, &cookie, "").await.is_empty(), "{cookie}");
    }
    let good = format!("Cookie: reco_id={ID}; reco_id_at={old}.c\r\n");
    assert!(set(&server, &good, json!({ "ack": null })).await.is_empty(), "no cookie without ack");
    assert_eq!(set(&server, &good, json!({})).await.len(), 3);
}

#[tokio::test]
async fn without_the_cookie_table_no_identity_is_renewed() {
    let server = Server::start().await;
    let cookie = format!("reco_id={ID}; reco_id_at={}.c", now() - 2 * 86_400);
    assert!(renewed(&server, &cookie, "").await.is_empty());
}

#[tokio::test]
async fn name_and_lifetime_of_the_identity_cookie_are_configurable() {
    let server = Server::with("[cookie]\nname = \"visitor\"\ndays = 30\n").await;
    let cookie =
        format!("visitor={ID}; visitor_at={}.c; reco_id=x; reco_id_at=1.c", now() - 2 * 86_400);
    let set = renewed(&server, &cookie, "").await;
    assert_eq!(set[0], format!("visitor={ID}; Path=/; Max-Age=2592000; SameSite=Lax"));
    assert!(set[1].starts_with("visitor_at="));
}
