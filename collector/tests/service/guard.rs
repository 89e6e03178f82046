//! Who may read events. (What the peer's address decides is tested in `http/guard.rs`.)

use crate::common::{Server, batch, click};

const TOKEN: &str = "a-token-of-32-characters-or-more";
const READERS: [&str; 3] = ["/v1/events", "/v1/batches", "/v1/events/stream"];

/// The status; of a stream its headers are enough.
async fn status(server: &Server, target: &str, headers: &str) -> u16 {
    if target.ends_with("stream") && server.get("/v1/events").await.status != 200 {
        return server.send("GET", target, headers, b"").await.status;
    }
    server
        .send(if target.ends_with("stream") { "HEAD" } else { "GET" }, target, headers, b"")
        .await
        .status
}

#[tokio::test]
async fn the_machine_itself_reads_under_its_own_names() {
    let server = Server::start().await;
    let port = server.address.port();
    for target in READERS {
        for headers in [
            String::new(),
            format!("Host: localhost:{port}\r\n"),
            format!("Host: shop.localhost:{port}\r\n"),
            "Host: LOCALHOST\r\n".to_owned(),
            format!("Host: [::1]:{port}\r\n"),
            "Host: 127.8.9.1\r\n".to_owned(),
            format!(
                "Host: localhost:{port}\r\nOrigin: http://localhost:{port}\r\nSec-Fetch-Site: same-origin\r\n"
            ),
            format!("Host: localhost:{port}\r\nSec-Fetch-Site: none\r\n"),
        ] {
            assert_eq!(status(&server, target, &headers).await, 200, "{target} {headers}");
        }
    }
}

#[tokio::test]
async fn proxies_foreign_names_and_other_pages_do_not_read() {
    let server = Server::start().await;
    let port = server.address.port();
    server.post(batch("s1", 0, &[click(1)])).await;
    for target in READERS {
        for headers in [
            "Forwarded: for=192.0.2.1\r\n".to_owned(),
            "X-Forwarded-For: 127.0.0.1\r\n".to_owned(),
            "X-Real-IP: 127.0.0.1\r\n".to_owned(),
            "Via: 1.1 proxy\r\n".to_owned(),
            format!("Host: attacker.example:{port}\r\n"),
            format!("Host: localhost.attacker.example:{port}\r\n"),
            format!("Host: 127.0.0.1.attacker.example:{port}\r\n"),
            "Host: 192.168.1.2\r\n".to_owned(),
            "Host: 0.0.0.0\r\n".to_owned(),
            "Host:\r\n".to_owned(),
            "Origin: https://attacker.example\r\n".to_owned(),
            "Origin: null\r\n".to_owned(),
            format!("Host: localhost:{port}\r\nOrigin: http://localhost:{}\r\n", port ^ 1),
            "Sec-Fetch-Site: cross-site\r\n".to_owned(),
            "Sec-Fetch-Site: same-site\r\n".to_owned(),
            format!("Authorization: Bearer {TOKEN}\r\n"),
        ] {
            let answer = server.send("GET", target, &headers, b"").await;
            let expected = if headers.starts_with("Auth") { 401 } else { 403 };
            assert_eq!(answer.status, expected, "{target} {headers}");
            assert!(!answer.text().contains("itemId"));
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    // What only takes events is open to all of them.
    let body = batch("s1", 1, &[click(2)]).to_string();
    let proxied =
        "Host: shop.example\r\nX-Forwarded-For: 192.0.2.1\r\nOrigin: https://shop.example\r\n";
    assert_eq!(server.send("POST", "/v1/events", proxied, body.as_bytes()).await.status, 204);
    assert_eq!(server.send("GET", "/healthz", proxied, b"").await.status, 200);
}

#[tokio::test]
async fn the_token_opens_and_a_wrong_one_does_not() {
    let server = Server::with(&format!("admin_token = \"{TOKEN}\"\n")).await;
    let far = "Host: collector.example\r\nX-Forwarded-For: 192.0.2.1\r\n";
    for target in ["/v1/events", "/v1/batches"] {
        for (authorization, expected) in [
            (format!("Authorization: Bearer {TOKEN}\r\n"), 200),
            (format!("Authorization: bearer {TOKEN}\r\n"), 200),
            (format!("Authorization: Bearer {TOKEN}x\r\n"), 401),
            (format!("Authorization: Bearer {}\r\n", &TOKEN[1..]), 401),
            (format!("Authorization: Basic {TOKEN}\r\n"), 401),
            ("Authorization: Bearer \r\n".to_owned(), 401),
            ("Authorization: x\r\n".to_owned(), 401),
            (String::new(), 401),
        ] {
            let answer = server.send("GET", target, &format!("{far}{authorization}"), b"").await;
            assert_eq!(answer.status, expected, "{target} {authorization}");
            if expected == 401 {
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
        // Who is wrong about the token is not let in for being local.
        assert_eq!(
            server.send("GET", target, "Authorization: Bearer no\r\n", b"").await.status,
            401
        );
        assert_eq!(server.get(target).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_read_is_kept_by_no_cache_and_loaded_by_no_other_page() {
    let server = Server::start().await;
    let answer = server.get("/v1/events").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.text(), "{\"events\":[],\"last\":0}");
}
