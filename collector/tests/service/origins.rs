//! The origins whose pages may send: `origins`, and those of each customer.

use crate::common::process::Process;
use crate::common::{Answer, Server, batch, click, send};
use serde_json::Value;

const SHOP: &str = "https://www.shop.example";
const OTHER: &str = "https://www.attacker.example";
const FF: &str = r#"[{"id":"1","query":"bag","pos":1,"sid":"s"}]"#;
const INTEMPT: &str = r#"{"track":[{"name":"Product viewed","payload":[{"eventId":"1","userId":"u","data":{"productId":"1"}}]}]}"#;

/// A request to each interface.
fn requests() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("POST", "/v1/events", batch("s1", 0, &[click(1)]).to_string()),
        ("POST", "/v1/events", raw_batch()),
        ("POST", "/api/00000/click/u/1/1", String::new()),
        ("GET", "/api/00000/click/u/1/1", String::new()),
        ("GET", "/clickrecommended/u/1/1?scenario=a", String::new()),
        ("GET", "/ebl/00000/click/u/1/1", String::new()),
        ("POST", "/rest/v5/track/de/click", FF.to_owned()),
        ("GET", "/Tracking.ff?channel=de&event=login&userId=u&sid=s", String::new()),
        ("POST", "/v1/o/projects/p/sources/1/track", INTEMPT.to_owned()),
    ]
}

fn raw_batch() -> String {
    r#"{"v":1,"stream":"r1","seq":0,"raw":[["click",[{"itemId":"1"}],1763683199000]]}"#.to_owned()
}

fn taken(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 204)
}

#[tokio::test]
async fn every_interface_takes_events_of_listed_origins_only() {
    let server =
        Server::with(&format!("origins = [\"{SHOP}\", \"https://*.shop.example:8443\"]\n")).await;
    let mut stored = 0;
    for (method, target, body) in requests() {
        let ask = async |headers: &str| server.send(method, target, headers, body.as_bytes()).await;
        for origin in [
            OTHER,
            "null",
            "https://www.shop.example.attacker.example",
            "https://shop.example",
            "http://www.shop.example",
            "https://www.shop.example:8443.attacker.example",
            "https://WWW.shop.example",
            "",
            "garbage",
        ] {
            let answer = ask(&format!("Origin: {origin}\r\n")).await;
            assert_eq!(answer.status, 403, "{method} {target} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{target} {origin}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{target} {origin}");
            assert_eq!(answer.header("set-cookie"), None);
        }
        // A wrong type does not hide the cause.
        let wrong = format!("Origin: {OTHER}\r\nContent-Type: a/b\r\n");
        assert_eq!(ask(&wrong).await.status, 403, "{method} {target}");
        let answer = ask(&format!("Origin: {SHOP}\r\nOrigin: {SHOP}\r\n")).await;
        assert_eq!(answer.status, 403, "two: {method} {target}");
        assert_eq!(server.events().await.len(), stored, "{target}");
        for origin in [SHOP, "https://a.b.shop.example:8443"] {
            let answer = ask(&format!("Origin: {origin}\r\n")).await;
            assert!(taken(&answer), "{method} {target}: {}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{target}");
        }
        // A server's request has no Origin.
        assert!(taken(&ask("").await), "{method} {target}");
        stored = server.events().await.len();
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_listed_origins_only() {
    let server = Server::with(&format!("origins = [\"{SHOP}\"]\n")).await;
    for (_, target, _) in requests() {
        let asks = |origin| format!("Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n");
        let answer = server.send("OPTIONS", target, &asks(SHOP), b"").await;
        assert_eq!(answer.status, 204, "{target}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{target}");
        let answer = server.send("OPTIONS", target, &asks(OTHER), b"").await;
        assert_eq!(answer.status, 403, "{target}");
        for header in ["origin", "methods", "headers", "credentials"] {
            let name = format!("access-control-allow-{header}");
            assert_eq!(answer.header(&name), None, "{target}");
        }
    }
}

#[tokio::test]
async fn refusals_of_other_causes_cannot_be_read_by_other_origins() {
    let server = Server::with(&format!("origins = [\"{SHOP}\"]\n")).await;
    for (origin, readable) in [(SHOP, Some(SHOP)), (OTHER, None)] {
        let headers = format!("Origin: {origin}\r\n");
        let long = format!("/api/00000/click/u/1/1?{}", "x".repeat(9000));
        for (target, status) in [(&*long, 414), ("/api/00000/click", 400)] {
            let answer = server.send("POST", target, &headers, b"").await;
            assert_eq!(
                answer.status,
                if readable.is_some() || status == 414 { status } else { 403 }
            );
            assert_eq!(answer.header("access-control-allow-origin"), readable, "{target}");
        }
    }
}

#[tokio::test]
async fn the_files_of_the_tracker_are_for_every_origin() {
    let files: [(&str, &[u8]); 2] = [("dist/reco.js", b"1"), ("site/index.html", b"2")];
    let server = Server::serving(&format!("origins = [\"{SHOP}\"]\n"), Some(&files)).await;
    let headers = format!("Origin: {OTHER}\r\n");
    let answer = server.send("GET", "/dist/reco.js", &headers, b"").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    assert_eq!(server.send("GET", "/", &headers, b"").await.status, 200);
}

/// Ibexa's GET of an image has no Origin.
#[tokio::test]
async fn without_an_origin_the_referrer_decides_except_for_links_of_messages() {
    let server = Server::with(&format!("origins = [\"{SHOP}\"]\n")).await;
    let mail = "Referer: https://mail.example/inbox?u=1\r\n";
    for (target, referrer, status) in [
        ("/api/00000/click/u/1/1", "Referer: https://www.shop.example/a?b\r\n", 204),
        ("/api/00000/click/u/1/1", "Referer: https://www.shop.example/\r\n", 204),
        ("/api/00000/click/u/1/1", mail, 403),
        ("/ebl/00000/click/u/1/1", mail, 403),
        ("/Tracking.ff?channel=de&event=login&userId=u&sid=s", mail, 403),
        // Not the address of a page.
        ("/api/00000/click/u/1/1", "Referer: about:blank\r\n", 204),
        ("/api/00000/triggeropened/u?triggername=a", mail, 204),
        ("/api/00000/clicktriggered/u/1/1?triggername=a", mail, 204),
        ("/clickrecommended/u/1/1?scenario=a", mail, 204),
    ] {
        let answer = server.send("GET", target, referrer, b"").await;
        let expected = if target.starts_with("/Tracking") && status == 204 { 200 } else { status };
        assert_eq!(answer.status, expected, "{target} {referrer}");
    }
    // The Origin takes precedence.
    let both = format!("Origin: {OTHER}\r\nReferer: https://www.shop.example/\r\n");
    assert_eq!(server.send("POST", "/api/00000/click/u/1/1", &both, b"").await.status, 403);
}

#[tokio::test]
async fn each_customer_has_its_own_list() {
    let server = Server::with(
        "origins = [\"https://all.example\"]\n\
         [[customers]]\ninterface = \"ibexa\"\nname = \"00001\"\norigins = [\"https://one.example\"]\n\
         [[customers]]\ninterface = \"factfinder\"\nname = \"de\"\norigins = [\"https://de.example\", \"null\"]\n\
         [[customers]]\ninterface = \"intempt\"\nname = \"o/p/1\"\norigins = [\"https://int.example\"]\n\
         [[customers]]\ninterface = \"batch\"\nname = \"shop-a\"\norigins = [\"https://a.example\"]\n\
         [[customers]]\ninterface = \"batch\"\nname = \"shop-b\"\norigins = [\"https://*.b.example\"]\n",
    )
    .await;
    let events = batch("s1", 0, &[click(1)]).to_string();
    let form = "channel=de&event=login&userId=u&sid=s";
    let cases = [
        ("/api/00001/click/u/1/1", "", "https://one.example", true),
        ("/api/00001/click/u/1/1", "", "https://all.example", false),
        ("/api/00002/click/u/1/1", "", "https://all.example", true),
        ("/api/00002/click/u/1/1", "", "https://one.example", false),
        ("/ebl/00001/click/u/1/1", "", "https://one.example", false),
        ("/rest/v5/track/de/click", FF, "https://de.example", true),
        ("/rest/v5/track/de/click", FF, "null", true),
        ("/rest/v5/track/d%65/click", FF, "https://all.example", false),
        ("/rest/v5/track/at/click", FF, "https://de.example", false),
        ("/Tracking.ff", form, "https://de.example", true),
        ("/Tracking.ff", form, "https://all.example", false),
        ("/v1/o/projects/p/sources/1/track", INTEMPT, "https://int.example", true),
        ("/v1/o/projects/p/track", INTEMPT, "https://int.example", false),
        ("/v1/events", &events, "https://a.example", true),
        ("/v1/events", &events, "https://www.b.example", true),
        ("/v1/events", &events, "https://all.example", true),
        ("/v1/events", &events, "https://one.example", false),
    ];
    for (target, body, origin, may) in cases {
        let kind = if target == "/Tracking.ff" {
            "application/x-www-form-urlencoded"
        } else {
            "text/plain"
        };
        let headers = format!("Origin: {origin}\r\nContent-Type: {kind}\r\n");
        let answer = server.send("POST", target, &headers, body.as_bytes()).await;
        assert_eq!(taken(&answer), may, "{target} {origin}: {}", answer.text());
        let readable = may.then_some(origin);
        assert_eq!(answer.header("access-control-allow-origin"), readable, "{target} {origin}");
        // Each origin is in a list, so its preflight is answered.
        let asks = format!("Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n");
        assert_eq!(server.send("OPTIONS", target, &asks, b"").await.status, 204);
    }
}

#[tokio::test]
async fn a_batch_is_stored_with_the_customer_of_its_origin() {
    let server = Server::with(
        "[[customers]]\ninterface = \"batch\"\nname = \"shop-a\"\norigins = [\"https://a.example\"]\n\
         [[customers]]\ninterface = \"batch\"\nname = \"shop-b\"\norigins = [\"https://b.example\"]\n",
    )
    .await;
    for (n, origin) in ["https://b.example", "https://a.example"].into_iter().enumerate() {
        let body = batch("s1", n as u64, &[click(n as u64)]).to_string();
        let headers = format!("Origin: {origin}\r\n");
        assert_eq!(server.send("POST", "/v1/events", &headers, body.as_bytes()).await.status, 204);
    }
    assert_eq!(server.post(batch("s1", 2, &[click(2)])).await.status, 204);
    // With a list for batches, an origin in no list is refused, also without `origins`.
    let body = batch("s1", 3, &[click(3)]).to_string();
    let other = format!("Origin: {OTHER}\r\n");
    assert_eq!(server.send("POST", "/v1/events", &other, body.as_bytes()).await.status, 403);
    let rows = server.events().await;
    let customers: Vec<_> = rows.iter().map(|row| row["customer"].as_str()).collect();
    assert_eq!(customers, [Some("shop-b"), Some("shop-a"), None]);
    // The vendors' interfaces have no list.
    assert_eq!(server.send("POST", "/api/0/click/u/1/1", &other, b"").await.status, 204);
}

#[tokio::test]
async fn without_a_list_every_origin_may_send() {
    let server = Server::start().await;
    for (method, target, body) in requests() {
        for origin in [OTHER, "null"] {
            let headers = format!("Origin: {origin}\r\n");
            let answer = server.send(method, target, &headers, body.as_bytes()).await;
            assert!(taken(&answer), "{method} {target} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        }
    }
}

#[tokio::test]
async fn refused_origins_are_counted_and_logged_once_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("c.toml"), format!("origins = [\"{SHOP}\"]\n")).unwrap();
    let collector =
        Process::start(&["--config", &at("c.toml"), "--database", &at("events.sqlite")]);
    let headers = format!("Origin: {OTHER}\r\n");
    for _ in 0..5 {
        let answer = send(collector.address, "POST", "/v1/events", &headers, b"{}").await;
        let sentence = format!(
            "pages of {OTHER} may not send here (origins in the collector's configuration)\n"
        );
        assert_eq!((answer.status, answer.text()), (403, sentence));
    }
    let long = format!("Origin: https://{}\r\n", "a".repeat(2000));
    assert_eq!(send(collector.address, "POST", "/api/0/click/u/1/1", &long, b"").await.status, 403);
    let status = send(collector.admin, "GET", "/v1/status", "", b"").await;
    let status: Value = serde_json::from_slice(&status.body).unwrap();
    let counted = status["refused"].as_array().unwrap();
    let batches = counted.iter().find(|row| row["request"] == "POST /v1/events").unwrap();
    assert_eq!(
        (&batches["status"], &batches["reason"], &batches["count"]),
        (&403.into(), &"origin".into(), &5.into())
    );
    collector.signal("-TERM");
    let (_, _, log) = collector.end();
    let line = format!("refused: 403 POST /v1/events: pages of {OTHER} may not send here");
    assert_eq!(log.matches(&line).count(), 1, "{log}");
    assert!(
        log.contains("pages of an unclear origin may not send here") && !log.contains("aaaaaaaa")
    );
}
