//! The log: its two forms, and the access log.

use crate::common::process::{BINARY, FREE, Process};
use crate::common::{batch, changed, click, send};
use serde_json::{Value, json};
use std::process::Command;

struct Run {
    folder: tempfile::TempDir,
    collector: Process,
}

impl Run {
    fn start(toml: &str) -> Self {
        Self::at_level(toml, "")
    }

    fn at_level(toml: &str, level: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(at("c.toml"), toml).unwrap();
        std::fs::create_dir_all(at("site/a b")).unwrap();
        std::fs::write(at("site/a b/film.html"), "x".repeat(5000)).unwrap();
        let site = at("site");
        let arguments =
            ["--config", &at("c.toml"), "--database", &at("events.sqlite"), "--site", &site];
        let mut command = Command::new(BINARY);
        command.args(FREE).args(arguments).env("RECOBEACON_LOG", level);
        let collector = Process::of(&mut command);
        Self { folder, collector }
    }

    fn end(self) -> String {
        self.collector.signal("-TERM");
        let (code, _, log) = self.collector.end();
        assert_eq!(code, Some(0), "{log}");
        drop(self.folder);
        log
    }
}

/// Requests whose addresses, bodies and headers have the visitor's id.
async fn requests(run: &Run) {
    let (address, admin) = (run.collector.address, run.collector.admin);
    let headers =
        "User-Agent: erika\r\nCookie: reco_id=erika\r\nReferer: https://erika.example/\r\n";
    let event = changed(click(1), json!({ "user": "erika", "title": "erika" }));
    let body = batch("s1", 0, &[event]).to_string();
    assert_eq!(
        send(address, "POST", "/v1/events?b=s1.0", headers, body.as_bytes()).await.status,
        204
    );
    assert_eq!(
        send(address, "GET", "/api/0/click/erika/1/1?q=erika", headers, b"").await.status,
        204
    );
    assert_eq!(send(address, "GET", "/erika.html?q=erika", headers, b"").await.status, 404);
    assert_eq!(send(address, "GET", "/a%20b/film.html?q=erika", headers, b"").await.status, 200);
    assert_eq!(send(address, "ERIKA", "/erika", headers, b"").await.status, 404);
    assert_eq!(send(admin, "GET", "/v1/events?after=0", "", b"").await.status, 200);
    assert_eq!(send(admin, "GET", "/v1/events?erika=0", "", b"").await.status, 400);
    let twice = br#"{"erika":1,"erika":2}"#;
    assert_eq!(send(address, "POST", "/v1/events", headers, twice).await.status, 400);
}

#[tokio::test]
async fn an_e_mail_address_as_an_id_is_logged_without_the_address() {
    let run = Run::start("");
    let event = changed(click(1), json!({ "user": "jane@shop.example" }));
    let body = batch("s1", 0, &[event]).to_string();
    let answer = send(run.collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204);
    let log = run.end();
    assert!(log.contains("ids, which were left out: 1. Send pseudonyms"), "{log}");
    assert!(!log.contains("jane@"), "{log}");
}

#[tokio::test]
async fn the_access_log_has_one_line_for_each_response_and_no_id() {
    let run = Run::start("[log]\nformat = \"json\"\naccess = true\n");
    requests(&run).await;
    let log = run.end();
    assert!(
        !log.contains("erika") && !log.contains("ERIKA") && !log.contains("127.0.0.1"),
        "{log}"
    );
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let access = lines.iter().filter(|line| line["target"] == "recobeacon_collector::access");
    let found: Vec<(&str, &str, &str, u64)> = access
        .inspect(|line| {
            let time = line["milliseconds"].as_f64().unwrap();
            assert!(time > 0.0 && time < 60_000.0);
            assert!(line["bytes"].is_u64() && line["timestamp"].is_string());
            assert_eq!(
                (line["level"].as_str(), line["message"].as_str()),
                (Some("INFO"), Some("request"))
            );
        })
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap();
            (text("listener"), text("method"), text("path"), line["status"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("events", "POST", "/v1/events", 204),
            ("events", "GET", "/api/{*rest}", 204),
            ("events", "GET", "/...", 404),
            ("events", "GET", "/a%20b/film.html", 200),
            ("events", "another method", "/...", 404),
            ("admin", "GET", "/v1/events", 200),
            ("admin", "GET", "/v1/events", 400),
            ("events", "POST", "/v1/events", 400),
        ]
    );
    let film = lines.iter().find(|line| line["path"] == "/a%20b/film.html").unwrap();
    assert_eq!(film["bytes"], 5000);
    // Refusals have a line of their own, with the reason as a field.
    let reasons: Vec<_> = lines.iter().filter_map(|line| line["reason"].as_str()).collect();
    assert_eq!(reasons, ["not_found", "not_found", "unknown_parameter", "duplicate_key"]);
}

#[tokio::test]
async fn without_the_setting_there_is_no_access_log() {
    let run = Run::start("");
    requests(&run).await;
    let log = run.end();
    assert!(!log.contains("access") && !log.contains("erika"), "{log}");
    assert!(log.contains("INFO") && log.contains("refused: 404 GET /...: there is nothing here"));
    assert!(serde_json::from_str::<Value>(log.lines().next().unwrap()).is_err());
}

#[tokio::test]
async fn the_access_log_in_text() {
    let run = Run::start("[log]\naccess = true\n");
    requests(&run).await;
    let log = run.end();
    assert!(!log.contains("erika"), "{log}");
    let line = log.lines().find(|line| line.contains("film.html")).unwrap();
    for part in ["method=\"GET\"", "path=\"/a%20b/film.html\"", "status=200", "bytes=5000"] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn a_level_that_does_not_exist_is_reported_and_the_log_has_the_usual_lines() {
    for level in ["verbose", "info,verbose", "debug=verbose"] {
        let log = Run::at_level("", level).end();
        let sentence = format!("RECOBEACON_LOG is \"{level}\": it must be error, warn, info");
        assert!(log.contains(&sentence) && log.contains("stopping"), "{level}: {log}");
    }
    for level in
        ["", "info", "DEBUG", "warn,recobeacon_collector=info,recobeacon_collector_main=info"]
    {
        let log = Run::at_level("", level).end();
        assert!(!log.contains("RECOBEACON_LOG"), "{level}: {log}");
    }
    assert_eq!(Run::at_level("", "error").end(), "");
}

#[tokio::test]
async fn full_feeds_are_logged_once_with_the_remedy() {
    let run = Run::start("[feeds]\nitems = 1000\n");
    let address = run.collector.address;
    for seq in 0..5 {
        let events: Vec<Value> = (0..500)
            .map(|n| changed(click(seq * 500 + n), json!({ "itemId": format!("i{seq}-{n}") })))
            .collect();
        let body = batch("s1", seq, &events).to_string();
        let answer = send(address, "POST", "/v1/events", "", body.as_bytes()).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
    for customer in 0..1001 {
        let target = format!("/api/{customer}/click/v/1/1");
        assert_eq!(send(address, "GET", &target, "", b"").await.status, 204);
    }
    let read = async {
        let done = "\nrecobeacon_feeds_behind_rows 0\n";
        let all = "\nrecobeacon_last_row 3501\n";
        loop {
            let text = send(run.collector.admin, "GET", "/metrics", "", b"").await.text();
            if text.contains(done) && text.contains(all) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::common::PATIENCE, read).await.unwrap();
    let log = run.end();
    for sentence in
        ["the model is full (feeds.items = 1000)", "events of more than 1000 customers were stored"]
    {
        assert_eq!(log.matches(sentence).count(), 1, "{sentence}: {log}");
    }
    assert!(log.contains("raise feeds.items") && !log.contains("visits were open"), "{log}");
}

#[tokio::test]
async fn unknown_events_are_logged_once_for_each_interface_and_without_their_names() {
    let run = Run::start("");
    let strange = |n| changed(click(n), json!({ "type": "erika" }));
    for seq in 0..3 {
        let body = batch("s1", seq, &[click(2 * seq), strange(2 * seq + 1)]).to_string();
        let answer = send(run.collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
    let log = run.end();
    let sentence =
        "WARN recobeacon_collector::http::status: batch: events of unknown names are left";
    assert_eq!(log.matches(sentence).count(), 1, "{log}");
    assert!(!log.contains("erika"), "{log}");
}
