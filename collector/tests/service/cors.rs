//! CORS of the vendors' interfaces: which requests other origins may send, and which responses they
//! can read.

use crate::common::{Answer, Server};

const ORIGIN: &str = "https://www.shop.example";
const CLICK: &[u8] = br#"[{"id":"1","query":"bag","pos":1,"sid":"s"}]"#;
const VIEW: &[u8] =
    br#"{"track":[{"name":"Product viewed","payload":[{"eventId":"1","userId":"u","data":{"productId":"1"}}]}]}"#;

/// An interface: allowed methods, an accepted and a refused address, and a body for each.
type Interface = (&'static str, &'static str, &'static str, &'static [u8], &'static [u8]);

const ADDRESSES: [Interface; 7] = [
    ("GET, POST, OPTIONS", "/api/00000/click/u/1/1", "/api/00000/click/u/1/", b"", b""),
    ("GET, POST, OPTIONS", "/ebl/00000/click/u/1/1", "/ebl/00000/click/u/9/1", b"", b""),
    ("POST, OPTIONS", "/rest/v5/track/de/click", "/rest/v5/track/de/click", CLICK, b"[{}]"),
    (
        "GET, POST, OPTIONS",
        "/Tracking.ff?channel=de&event=login&userId=u&sid=s",
        "/Tracking.ff?channel=de&event=login&sid=s",
        b"",
        b"",
    ),
    (
        "POST, OPTIONS",
        "/v1/o/projects/p/sources/1/track",
        "/v1/o/projects/p/sources/1/track",
        VIEW,
        b"{}",
    ),
    ("POST, OPTIONS", "/v1/o/projects/p/track", "/v1/o/projects/p/track", VIEW, b"{}"),
    ("POST, OPTIONS", "/v1/events/projects/p/track", "/v1/events/projects/p/track", VIEW, b"{}"),
];

fn can_be_read(answer: &Answer, target: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{target}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{target}");
    assert_eq!(answer.header("access-control-expose-headers"), Some("Retry-After"), "{target}");
    assert_eq!(answer.header("vary"), Some("Origin"), "{target}");
}

#[tokio::test]
async fn preflights_are_answered() {
    let server = Server::start().await;
    for (methods, target, ..) in ADDRESSES {
        let asks = format!(
            "Origin: {ORIGIN}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: authorization,content-type,x-ff-api-key\r\n"
        );
        let answer = server.send("OPTIONS", target, &asks, b"").await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{target}");
        can_be_read(&answer, target);
        assert_eq!(answer.header("access-control-allow-methods"), Some(methods), "{target}");
        let headers = answer.header("access-control-allow-headers");
        assert_eq!(headers, Some("content-type, authorization, x-ff-api-key"), "{target}");
        assert_eq!(answer.header("access-control-max-age"), Some("7200"), "{target}");
    }
    assert!(server.events().await.is_empty());
}

#[tokio::test]
async fn pages_can_read_responses_and_refusals() {
    let server = Server::start().await;
    let origin = format!("Origin: {ORIGIN}\r\n");
    for (_, taken, refused, right, wrong) in ADDRESSES {
        let answer = server.send("POST", taken, &origin, right).await;
        assert!(matches!(answer.status, 200 | 204), "{taken}: {}", answer.text());
        can_be_read(&answer, taken);
        let answer = server.send("POST", refused, &origin, wrong).await;
        assert_eq!(answer.status, 400, "{refused}");
        can_be_read(&answer, refused);
        let answer = server.send("PUT", taken, &origin, right).await;
        assert_eq!(answer.status, 405, "{taken}");
        can_be_read(&answer, taken);
        let long = format!("{taken}?{}", "x".repeat(8192));
        let answer = server.send("POST", &long, &origin, right).await;
        assert_eq!(answer.status, 414, "{taken}");
        can_be_read(&answer, taken);
    }
    // Intempt's three addresses are different sources, so none of the events is a copy.
    assert_eq!(server.events().await.len(), ADDRESSES.len());
}

#[tokio::test]
async fn a_request_without_origin_gets_no_cors_headers() {
    let server = Server::start().await;
    let answer = server.get("/api/00000/click/u/1/1").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, None));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_refusal_for_a_missing_key_has_cors_headers() {
    let server = Server::with("[factfinder]\nkeys = [\"a\"]\n[intempt]\nkeys = [\"a.b\"]\n").await;
    let origin = format!("Origin: {ORIGIN}\r\n");
    for target in
        ["/rest/v5/track/de/click", "/Tracking.ff?channel=de", "/v1/o/projects/p/sources/1/track"]
    {
        let answer = server.send("POST", target, &origin, b"").await;
        assert_eq!(answer.status, 401, "{target}");
        can_be_read(&answer, target);
        // With `Basic` a browser would ask the visitor for a password.
        assert_eq!(answer.header("www-authenticate"), Some("ApiKey"), "{target}");
    }
}
