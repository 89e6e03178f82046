//! Addresses of the admin listener with a slash at their end.

use crate::common::{Server, send};

const PATHS: [&str; 12] = [
    "/report",
    "/report/report.json",
    "/report/totals.csv",
    "/v1/events",
    "/v1/events/stream",
    "/v1/batches",
    "/v1/orders",
    "/v1/variants",
    "/v1/status",
    "/healthz",
    "/readyz",
    "/metrics",
];

#[tokio::test]
async fn an_address_with_a_slash_leads_to_the_one_without() {
    let server = Server::start().await;
    for path in PATHS {
        for query in ["", "?from=2026-11-01&a=b/"] {
            let answer = server.read(&format!("{path}/{query}"), "").await;
            assert_eq!(answer.status, 308, "{path}");
            assert_eq!(answer.header("location"), Some(format!("{path}{query}").as_str()));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        let method = if path.ends_with("stream") { "HEAD" } else { "GET" };
        assert_eq!(send(server.admin, method, path, "", b"").await.status, 200, "{path}");
    }
    assert_eq!(send(server.admin, "POST", "/v1/orders/", "", b"").await.status, 308);
    // No address of another host comes back.
    for path in ["/", "//", "//evil.example/", "/report//evil.example/", "/nothing/"] {
        assert_eq!(server.read(path, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_token_is_needed_except_for_the_way_to_the_form() {
    let server = Server::with("admin_token = \"a-token-of-32-characters-or-more\"\n").await;
    for path in PATHS {
        let expected = if path == "/report" { 308 } else { 401 };
        assert_eq!(server.read(&format!("{path}/"), "").await.status, expected, "{path}");
    }
    // A wrong token is told, as without the slash.
    assert_eq!(server.read("/report/", "Authorization: Bearer no\r\n").await.status, 401);
}
