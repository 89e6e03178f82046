//! Refused requests are counted and logged without user ids.

use crate::common::process::Process;
use crate::common::{Server, batch, click, raw, send};
use serde_json::{Value, json};

/// The counters: request, status, reason and count.
async fn counted(server: &Server) -> Vec<(String, u64, String, u64)> {
    let status: Value = serde_json::from_slice(&server.read("/v1/status", "").await.body).unwrap();
    let rows = status["refused"].as_array().unwrap().clone();
    let row = |row: &Value| {
        let request = row["request"].as_str().unwrap().to_owned();
        let reason = row["reason"].as_str().unwrap().to_owned();
        (request, row["status"].as_u64().unwrap(), reason, row["count"].as_u64().unwrap())
    };
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn refusals_are_counted_by_address_status_and_reason() {
    let server = Server::start().await;
    assert_eq!(counted(&server).await, []);
    server.post(batch("s1", 0, &[click(1)])).await;
    assert_eq!(counted(&server).await, []);
    for _ in 0..3 {
        server.post("{").await;
    }
    server.post(json!({ "v": 1 })).await;
    server.send("POST", "/v1/events", "Content-Type: a/b\r\n", b"{").await;
    server.get("/v1/events").await;
    server.get("/api/00000/click/secret-user/1/%00").await;
    server.get("/secret-file").await;
    server.send("POST", "/secret-file", "", b"").await;
    server.send("BREW", "/v1/events", "", b"").await;
    server.read("/v1/events", "Host: attacker.example\r\n").await;
    raw(server.address, b"nonsense\r\n\r\n", false).await;
    let mut expected = [
        ("POST /v1/events", 400, "invalid", 4),
        ("POST /v1/events", 415, "media_type", 1),
        ("GET /v1/events", 403, "forbidden", 2),
        ("GET /api/{*rest}", 400, "invalid", 1),
        ("GET /...", 404, "not_found", 1),
        ("POST /...", 404, "not_found", 1),
        ("another method /v1/events", 405, "method", 1),
        ("GET (malformed)", 400, "malformed", 1),
    ]
    .map(|(request, status, reason, count)| (request.to_owned(), status, reason.to_owned(), count));
    expected.sort();
    assert_eq!(counted(&server).await, expected);
}

#[tokio::test]
async fn the_log_has_one_line_for_many_refusals_and_no_user_id() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("events.sqlite");
    let collector = Process::start(&["--database", database.to_str().unwrap()]);
    let address = collector.address;
    let user = "erika.mustermann";
    let event = json!({ "id": "x", "type": "click", "user": user, "itemId": "1", "itemType": "1" });
    let body = batch("s1", 0, &[event]).to_string();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for _ in 0..20 {
        assert_eq!(send(address, "POST", "/v1/events", "", body.as_bytes()).await.status, 400);
        for target in [
            format!("/api/00000/click/{user}/1/not-an-item%00"),
            format!("/api/00000/{user}/1"),
            format!("/ebl/00000/rendered/{user}/x/1"),
            format!("/Tracking.ff?channel=de&event={user}&userId={user}"),
            format!("/{user}.html"),
        ] {
            assert!(send(address, "GET", &target, "", b"").await.status >= 400, "{target}");
        }
        let sent = format!("sid={user}&event=cart&channel=de");
        let answer = send(address, "POST", "/Tracking.ff", form, sent.as_bytes()).await;
        assert_eq!(answer.status, 400);
        let track = format!(
            "{{\"track\":[{{\"name\":\"Product viewed\",\"payload\":[{{\"a\":\"{user}\"}}]}}]}}"
        );
        let target = format!("/v1/{user}/projects/p/track");
        assert_eq!(send(address, "POST", &target, "", track.as_bytes()).await.status, 400);
        let rest = format!("[{{\"sid\":\"{user}\",\"userId\":[\"{user}\"]}}]");
        let target = format!("/rest/v5/track/{user}/click");
        assert_eq!(send(address, "POST", &target, "", rest.as_bytes()).await.status, 400);
    }
    collector.signal("-TERM");
    let (_, _, log) = collector.end();
    assert!(!log.contains("erika") && !log.contains("mustermann"), "{log}");
    let lines = |of: &str| log.lines().filter(|line| line.contains(of)).count();
    assert_eq!(lines("refused: 400 POST /v1/events: "), 1, "{log}");
    assert!(log.contains("events[0].id: "), "{log}");
    assert_eq!(lines("refused: "), 9, "{log}");
}
