//! Access to stored events. The event listener gives none. The admin listener requires the token
//! or, without one, accepts only programs on this machine, and no page of another site.

use crate::common::{Answer, EventStream, Server, batch, click, proxy, raw, send};
use std::net::SocketAddr;

const TOKEN: &str = "a-token-of-32-characters-or-more";
const READERS: [&str; 3] = ["/v1/events", "/v1/batches", "/v1/events/stream"];

async fn with_token() -> Server {
    Server::with(&format!("admin_token = \"{TOKEN}\"\n")).await
}

/// Sends a request. A stream's response ends only if it is refused or requested with HEAD.
async fn ask(address: SocketAddr, target: &str, headers: &str) -> Answer {
    let method = if target.ends_with("stream") { "HEAD" } else { "GET" };
    send(address, method, target, headers, b"").await
}

#[tokio::test]
async fn the_event_listener_returns_no_stored_events() {
    for server in [Server::start().await, with_token().await] {
        server.post(batch("s1", 0, &[click(1)])).await;
        // Two ways to the listener on this machine: directly, and through a proxy that adds no
        // header.
        for address in [server.address, proxy::before(server.address).await] {
            for target in READERS {
                for headers in ["", &format!("Authorization: Bearer {TOKEN}\r\n")] {
                    let answer = send(address, "GET", target, headers, b"").await;
                    assert_eq!(answer.status, 403, "{target} {headers}");
                    assert!(answer.text().contains("admin listener"), "{}", answer.text());
                    assert!(!answer.text().contains("itemId"));
                    assert_eq!(send(address, "HEAD", target, headers, b"").await.status, 403);
                }
            }
            for target in [
                "/v1/status",
                "/v1/variants",
                "/v1/",
                "/v1/events/",
                "/v1//events",
                "/inspector.json",
            ] {
                assert_eq!(send(address, "GET", target, "", b"").await.status, 404, "{target}");
            }
            let body = batch("s1", 1, &[click(2)]).to_string();
            assert_eq!(send(address, "POST", "/v1/events", "", body.as_bytes()).await.status, 204);
            assert_eq!(send(address, "GET", "/healthz", "", b"").await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_configured_token_is_always_required() {
    let server = with_token().await;
    let proxied = proxy::before(server.admin).await;
    server.post(batch("s1", 0, &[click(1)])).await;
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    for address in [server.admin, proxied] {
        for target in
            READERS.into_iter().chain(["/healthz", "/v1/status", "/v1/variants", "/nothing"])
        {
            for authorization in [
                String::new(),
                format!("Authorization: Bearer {TOKEN}x\r\n"),
                format!("Authorization: Bearer {}\r\n", &TOKEN[1..]),
                format!("Authorization: Basic {TOKEN}\r\n"),
                "Authorization: Bearer \r\n".to_owned(),
                "Authorization: x\r\n".to_owned(),
                right.repeat(2),
                format!("{right}Authorization: Bearer no\r\n"),
                "Origin: http://127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n".to_owned(),
            ] {
                let answer = ask(address, target, &authorization).await;
                assert_eq!(answer.status, 401, "{target} {authorization}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
        // With the token, any client may read under any host name.
        let far = "Host: collector.example\r\nX-Forwarded-For: 192.0.2.1\r\n";
        for headers in [right.clone(), right.replace("Bearer", "bearer"), format!("{far}{right}")] {
            for target in READERS {
                assert_eq!(ask(address, target, &headers).await.status, 200, "{target} {headers}");
            }
        }
    }
    let mut stream = EventStream::open(server.admin, "/v1/events/stream", &right).await;
    assert!(!stream.until(|events| !events.is_empty()).await);
}

#[tokio::test]
async fn without_a_token_local_programs_may_read_under_loopback_names() {
    let server = Server::start().await;
    let port = server.admin.port();
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
            assert_eq!(ask(server.admin, target, &headers).await.status, 200, "{target} {headers}");
        }
    }
}

#[tokio::test]
async fn without_a_token_proxies_foreign_names_and_other_pages_may_not_read() {
    let server = Server::start().await;
    let (port, events) = (server.admin.port(), server.address.port());
    server.post(batch("s1", 0, &[click(1)])).await;
    for target in READERS.into_iter().chain(["/healthz"]) {
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
            "Origin: https://attacker.example\r\n".to_owned(),
            "Origin: null\r\n".to_owned(),
            format!("Host: localhost:{port}\r\nOrigin: http://localhost:{}\r\n", port ^ 1),
            // Without `inspector` the event listener's page is a foreign page as well.
            format!("Origin: http://127.0.0.1:{events}\r\nSec-Fetch-Site: same-site\r\n"),
            format!("Origin: http://127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"),
            "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n".to_owned(),
            "Sec-Fetch-Site: cross-site\r\n".to_owned(),
            "Sec-Fetch-Site: same-site\r\n".to_owned(),
            format!("Authorization: Bearer {TOKEN}\r\n"),
        ] {
            let answer = send(server.admin, "GET", target, &headers, b"").await;
            assert_eq!(answer.status, 403, "{target} {headers}");
            assert!(!answer.text().contains("itemId"));
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    // Events are accepted from every page under every name.
    let body = batch("s1", 1, &[click(2)]).to_string();
    let proxied =
        "Host: shop.example\r\nX-Forwarded-For: 192.0.2.1\r\nOrigin: https://shop.example\r\n";
    assert_eq!(server.send("POST", "/v1/events", proxied, body.as_bytes()).await.status, 204);
    assert_eq!(server.send("GET", "/healthz", proxied, b"").await.status, 200);
}

#[tokio::test]
async fn the_admin_listener_accepts_no_events() {
    let server = Server::start().await;
    let body = batch("s1", 0, &[click(1)]).to_string();
    let answer = send(server.admin, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    let target = "/api/00000/click/u/1/2";
    assert_eq!(send(server.admin, "GET", target, "", b"").await.status, 404);
    assert_eq!(server.events().await.len(), 0);
}

#[tokio::test]
async fn a_request_must_have_exactly_one_valid_host() {
    let server = Server::start().await;
    for address in [server.address, server.admin] {
        for (what, head) in [
            ("none", "GET /healthz HTTP/1.1\r\n".to_owned()),
            ("no Host, HTTP/1.0", "GET /healthz HTTP/1.0\r\n".to_owned()),
            ("an empty Host", "GET /healthz HTTP/1.1\r\nHost:\r\n".to_owned()),
            ("two", format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nHost: shop.example\r\n")),
            ("two equal Hosts", format!("GET /healthz HTTP/1.1\r\n{0}{0}", "Host: localhost\r\n")),
            ("a user", "GET /healthz HTTP/1.1\r\nHost: user@localhost\r\n".to_owned()),
            ("a path", "GET /healthz HTTP/1.1\r\nHost: localhost/a\r\n".to_owned()),
            ("a list", "GET /healthz HTTP/1.1\r\nHost: localhost, other\r\n".to_owned()),
            (
                "an absolute-form target",
                format!("GET http://{address}/healthz HTTP/1.1\r\nHost: {address}\r\n"),
            ),
            (
                "an absolute-form target with a different name",
                format!("GET http://shop.example/healthz HTTP/1.1\r\nHost: {address}\r\n"),
            ),
            ("no path", format!("CONNECT shop.example:443 HTTP/1.1\r\nHost: {address}\r\n")),
        ] {
            let request = format!("{head}Connection: close\r\n\r\n");
            assert_eq!(raw(address, request.as_bytes(), false).await.status, 400, "{what}");
        }
    }
    // The same on the event listener: nothing is stored.
    let body = batch("s1", 0, &[click(1)]).to_string();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(raw(server.address, (head + &body).as_bytes(), false).await.status, 400);
    assert_eq!(server.events().await.len(), 0);
}

#[tokio::test]
async fn stored_events_are_not_cached_and_not_loaded_by_other_origins() {
    let server = Server::start().await;
    let answer = server.read("/v1/events", "").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.text(), "{\"events\":[],\"last\":0}");
}

#[tokio::test]
async fn the_inspector_page_gets_the_admin_address_and_may_read() {
    let server = Server::with("inspector = true\n").await;
    let port = server.address.port();
    let told = format!("{{\"url\":\"http://{}\"}}", server.admin);
    assert_eq!(server.get("/inspector.json").await.text(), told);
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let headers = format!("Host: {host}:{port}\r\n");
        let answer = server.send("GET", "/inspector.json", &headers, b"").await;
        assert_eq!(answer.text(), told, "{host}");
        let origin = format!("http://{host}:{port}");
        for site in ["same-site", "cross-site"] {
            let headers = format!("Origin: {origin}\r\nSec-Fetch-Site: {site}\r\n");
            for target in READERS {
                let answer = ask(server.admin, target, &headers).await;
                assert_eq!(answer.status, 200, "{target} {headers}");
                assert_eq!(answer.header("access-control-allow-origin"), Some(&*origin));
                assert_eq!(answer.header("access-control-allow-credentials"), None);
                assert_eq!(answer.header("vary"), Some("Origin"));
            }
        }
    }
    // Pages under other names may not read and get no address.
    for name in [format!("attacker.example:{port}"), format!("localhost.example:{port}")] {
        let answer = server.send("GET", "/inspector.json", &format!("Host: {name}\r\n"), b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "{name}");
        let answer = server.read("/v1/events", &format!("Origin: http://{name}\r\n")).await;
        assert_eq!(answer.status, 403, "{name}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    // A foreign name that resolves to this machine, on either port.
    for port in [port, server.admin.port()] {
        let headers = format!("Host: attacker.example:{port}\r\nSec-Fetch-Site: same-origin\r\n");
        assert_eq!(server.read("/v1/events", &headers).await.status, 403);
    }
}

#[tokio::test]
async fn unknown_query_parameters_of_the_admin_listener_are_refused() {
    let server = Server::with(&format!("admin_token = \"{TOKEN}\"\n")).await;
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    for (path, known) in [
        ("/v1/events", "the parameters here are after, limit, order"),
        ("/v1/batches", "the parameters here are after, limit, order"),
        ("/v1/events/stream", "the parameters here are after"),
        ("/v1/variants", "the parameters here are from, to, format"),
        ("/v1/status", "this address has none"),
        ("/healthz", "this address has none"),
    ] {
        let target = format!("{path}?afer=1");
        let answer = server.read(&target, &right).await;
        let sentence = format!("\"afer\" is no parameter; {known}\n");
        assert_eq!((answer.status, answer.text()), (400, sentence), "{path}");
        // Without the token nothing is told.
        assert_eq!(server.read(&target, "").await.status, 401, "{path}");
    }
    let answer = server.read("/v1/events?after=1&after=2", &right).await;
    assert_eq!((answer.status, answer.text().as_str()), (400, "after: must be there once\n"));
    assert_eq!(server.read("/v1/events?after=0&limit=1&order=row", &right).await.status, 200);
}

/// A parameter that no page describes is found by its refusal only.
#[tokio::test]
async fn the_documentation_names_every_parameter() {
    let server = Server::start().await;
    let pages = [include_str!("../../README.md"), include_str!("../../../docs/collector.md")];
    for path in ["/v1/events", "/v1/events/stream", "/v1/batches", "/v1/orders"] {
        let refusal = server.read(&format!("{path}?unknown=1"), "").await.text();
        let (_, names) = refusal.split_once("the parameters here are ").unwrap();
        for page in pages {
            let row = page.lines().find(|line| line.starts_with(&format!("| `GET {path}?")));
            let row = row.unwrap_or_else(|| panic!("{path}"));
            for name in names.trim_end().split(", ") {
                let places = [format!("?{name}="), format!("&{name}="), format!("`{name}")];
                assert!(places.iter().any(|place| row.contains(place)), "{name}: {row}");
            }
        }
    }
}
