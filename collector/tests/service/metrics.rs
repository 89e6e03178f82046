//! `GET /metrics`, and the dashboard and the documentation that name its figures.
//! `forward/figures.rs` has the values of forwarding.

use crate::common::database::{self, place};
use crate::common::{Server, batch, click, raw, send};
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The samples: name with labels, and value.
type Samples = BTreeMap<String, f64>;

async fn text(server: &Server) -> String {
    let answer = server.read("/metrics", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.text()
}

async fn samples(server: &Server) -> Samples {
    let text = text(server).await;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    lines.map(sample).collect()
}

/// The figures of a collector and a writer of a cluster. No server of its stream has to be there.
async fn of_cluster() -> String {
    let folder = tempfile::tempdir().unwrap();
    let config = || {
        let toml = "[cluster]\nnats = [\"nats://127.0.0.1:1\"]\n[[keys]]\nnumber = 1\n\
                    secret = \"000102030405060708090a0b0c0d0e0f\"";
        let any = Some("127.0.0.1:0".parse().unwrap());
        let database = Some(place(folder.path()));
        let flags = Overrides { listen: any, admin_listen: any, database, ..Overrides::default() };
        Config::from_toml(toml, flags).unwrap()
    };
    let mut text = String::new();
    for collector in [
        Collector::start(config()).await.unwrap(),
        Collector::start_writer(config()).await.unwrap(),
    ] {
        text += &send(collector.admin_address(), "GET", "/metrics", "", b"").await.text();
        collector.stop().await;
    }
    text
}

/// The names that a query can use.
async fn names() -> BTreeSet<String> {
    // The figures of forwarding need a destination, those of the feeds their table.
    let toml = "[feeds]\n[[forward]]\nname = \"a\"\nprotocol = \"ibexa\"\ncustomer_id = \"1\"\n";
    let server = Server::with(toml).await;
    // The figure of refusals begins with the first one.
    assert_eq!(server.get("/none").await.status, 404);
    let text = text(&server).await + &of_cluster().await;
    let mut names = BTreeSet::new();
    for line in text.lines() {
        let Some(line) = line.strip_prefix("# TYPE ") else { continue };
        match line.split_once(' ').unwrap() {
            (name, "histogram") => {
                names.extend(["_bucket", "_sum", "_count"].map(|end| format!("{name}{end}")));
            }
            (name, "counter" | "gauge") => {
                names.insert(name.to_owned());
            }
            (name, other) => panic!("{name} {other}"),
        }
    }
    names
}

#[tokio::test]
async fn accepted_requests_events_and_copies_are_counted_by_interface() {
    let server = Server::start().await;
    let before = samples(&server).await;
    for interface in ["batch", "ibexa", "yoochoose", "factfinder", "intempt"] {
        for name in ["accepted_requests", "stored_events", "copies"] {
            let name = format!("recobeacon_{name}_total{{interface=\"{interface}\"}}");
            assert_eq!(before.get(&name), Some(&0.0), "{name}");
        }
    }
    let twice = batch("s1", 0, &[click(1), click(2)]);
    assert_eq!(server.post(&twice).await.status, 204);
    assert_eq!(server.post(&twice).await.status, 204);
    assert_eq!(server.post(batch("s1", 1, &[click(2), click(3)])).await.status, 204);
    let unknown = json!({ "id": crate::common::id(9), "type": "new", "at": 1 });
    assert_eq!(server.post(batch("s1", 2, &[click(4), unknown])).await.status, 204);
    assert_eq!(server.get("/api/00000/click/u/1/1").await.status, 204);
    let now = samples(&server).await;
    for (name, value) in [
        ("recobeacon_accepted_requests_total{interface=\"batch\"}", 4.0),
        ("recobeacon_stored_events_total{interface=\"batch\"}", 4.0),
        ("recobeacon_copies_total{interface=\"batch\"}", 3.0),
        ("recobeacon_unknown_events_total{interface=\"batch\"}", 1.0),
        ("recobeacon_accepted_requests_total{interface=\"ibexa\"}", 1.0),
        ("recobeacon_stored_events_total{interface=\"ibexa\"}", 1.0),
        ("recobeacon_stored_events_total{interface=\"intempt\"}", 0.0),
        ("recobeacon_commit_requests_sum", 5.0),
        ("recobeacon_commit_failures_total", 0.0),
        ("recobeacon_rows", 5.0),
        ("recobeacon_ready", 1.0),
        ("recobeacon_queue_requests", 0.0),
        ("recobeacon_queue_limit_requests", 1024.0),
        ("recobeacon_connections{listener=\"admin\"}", 1.0),
        ("recobeacon_connections{listener=\"events\"}", 0.0),
        ("recobeacon_build_info{version=\"0.1.0\"}", 1.0),
    ] {
        assert_eq!(now.get(name), Some(&value), "{name}");
    }
    let commits = now["recobeacon_commit_duration_seconds_count"];
    assert!((1.0..=5.0).contains(&commits) && now["recobeacon_commit_duration_seconds_sum"] > 0.0);
    assert_eq!(now["recobeacon_commit_duration_seconds_bucket{le=\"+Inf\"}"], commits);
    let clock = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    for name in ["recobeacon_start_time_seconds", "recobeacon_last_commit_time_seconds"] {
        assert!((clock - 60.0..=clock).contains(&now[name]), "{name}");
    }
}

#[tokio::test]
async fn refused_requests_are_counted_by_interface_and_reason() {
    let server = Server::with("[limits]\ncustomer_events = 1\n[intempt]\nkeys = [\"a.b\"]\n").await;
    server.post("{").await;
    server.post(r#"{"v":1,"v":1}"#).await;
    server.send("POST", "/v1/events", "Content-Type: a/b\r\n", b"{").await;
    server.get("/api/00000/click/erika/1/%00").await;
    server.get("/news/00000/click/erika/9/1").await;
    server.get("/Tracking.ff?channel=de&event=nothing").await;
    server.send("POST", "/rest/v5/track/de/click", "", b"[]").await;
    server.send("POST", "/v1/erika/projects/p/track", "", b"{}").await;
    server.get("/erika.html").await;
    server.read("/v1/events?erika=1", "").await;
    raw(server.address, b"nonsense\r\n\r\n", false).await;
    let many: Vec<Value> = (0..50).map(click).collect();
    server.post(batch("s1", 0, &many)).await;
    server.post(batch("s1", 1, &many)).await;
    let refused: Samples = samples(&server)
        .await
        .into_iter()
        .filter(|(name, _)| name.starts_with("recobeacon_refused_requests_total"))
        .collect();
    let expected = [
        ("admin", "unknown_parameter"),
        ("batch", "customer_rate"),
        ("batch", "duplicate_key"),
        ("batch", "invalid"),
        ("batch", "media_type"),
        ("factfinder", "invalid"),
        ("ibexa", "invalid"),
        ("intempt", "api_key"),
        ("other", "malformed"),
        ("other", "not_found"),
        ("yoochoose", "invalid"),
    ];
    let name = |(interface, reason)| {
        format!(
            "recobeacon_refused_requests_total{{interface=\"{interface}\",reason=\"{reason}\"}}"
        )
    };
    let names: Vec<String> = expected.into_iter().map(name).collect();
    let found: Vec<String> = refused.keys().cloned().collect();
    assert_eq!(found, names);
    assert_eq!(refused[&name(("factfinder", "invalid"))], 2.0);
    assert!(!text(&server).await.contains("erika"));
}

#[tokio::test]
async fn the_sizes_of_the_files_and_the_free_space_are_real() {
    let server = Server::start().await;
    let title = "x".repeat(1900);
    for seq in 0..20 {
        let event = |n| crate::common::changed(click(seq * 100 + n), json!({ "title": title }));
        let events: Vec<Value> = (0..50).map(event).collect();
        assert_eq!(server.post(batch("s1", seq, &events)).await.status, 204);
    }
    let now = samples(&server).await;
    let size =
        |name: &str| std::fs::metadata(server.folder.path().join(name)).unwrap().len() as f64;
    assert_eq!(now["recobeacon_database_size_bytes"], size("events.sqlite"));
    assert_eq!(now["recobeacon_wal_size_bytes"], size("events.sqlite-wal"));
    assert!(size("events.sqlite-wal") > 1_000_000.0);
    let output = std::process::Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(server.folder.path())
        .output()
        .unwrap();
    let df = String::from_utf8(output.stdout).unwrap();
    let df: f64 = df.lines().nth(1).unwrap().trim().parse().unwrap();
    let free = now["recobeacon_disk_free_bytes"];
    // Other programs write at the same time.
    assert!((free - df).abs() < 4e9 && free > 0.0, "{free} {df}");
    assert_eq!((now["recobeacon_rows"], now["recobeacon_last_row"]), (1000.0, 1000.0));
    // A copy is no row. Events that are added count at once, deleted ones with the next count.
    let events = [click(0), click(5000)];
    assert_eq!(server.post(batch("s2", 0, &events)).await.status, 204);
    assert_eq!(samples(&server).await["recobeacon_rows"], 1001.0);
    let delete = "DELETE FROM events WHERE row <= 400";
    database::run(&server.place(), delete);
    let server = server.again("").await;
    assert_eq!(samples(&server).await["recobeacon_rows"], 601.0);
}

#[tokio::test]
async fn a_failed_commit_is_counted_and_the_figures_are_still_read() {
    let server = Server::start().await;
    database::run(&server.place(), "ALTER TABLE events RENAME TO away");
    assert_eq!(server.post(batch("s1", 0, &[click(1)])).await.status, 503);
    let now = samples(&server).await;
    assert_eq!(now["recobeacon_ready"], 0.0);
    assert!(now["recobeacon_commit_failures_total"] >= 1.0);
    let refused = "recobeacon_refused_requests_total{interface=\"batch\",reason=\"not_stored\"}";
    assert_eq!(now[refused], 1.0);
}

#[tokio::test]
async fn figures_are_read_on_the_admin_listener_only() {
    let token = "0123456789abcdef";
    let server = Server::with(&format!("admin_token = \"{token}\"\n")).await;
    assert_eq!(server.get("/metrics").await.status, 404);
    assert_eq!(server.get("/readyz").await.status, 404);
    for target in ["/metrics", "/readyz"] {
        assert_eq!(server.read(target, "").await.status, 401);
        let bearer = format!("Authorization: Bearer {token}\r\n");
        assert_eq!(server.read(target, &bearer).await.status, 200);
        let answer = send(server.admin, "POST", target, &bearer, b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    }
}

/// All strings below the fields of this name.
fn strings<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let (true, Some(text)) = (key == name, value.as_str()) {
                    found.push(text);
                }
                strings(value, name, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| strings(value, name, found)),
        _ => {}
    }
}

fn used(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("recobeacon_"))
}

#[tokio::test]
async fn every_figure_of_the_dashboard_exists_and_every_figure_is_in_it() {
    let known = names().await;
    let dashboard: Value =
        serde_json::from_str(include_str!("../../grafana/recobeacon.json")).unwrap();
    let mut queries = Vec::new();
    strings(&dashboard, "expr", &mut queries);
    strings(&dashboard, "query", &mut queries);
    let shown: BTreeSet<&str> = queries.iter().flat_map(|query| used(query)).collect();
    let unknown: Vec<_> = shown.iter().filter(|name| !known.contains(**name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // A histogram is shown by one of its three names.
    let base = |name: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
    };
    let shown: BTreeSet<String> = shown.into_iter().map(base).collect();
    let all: BTreeSet<String> = known.iter().map(|name| base(name)).collect();
    assert_eq!(shown, all);
}

#[tokio::test]
async fn the_documentation_names_every_figure_and_every_reason() {
    let known = names().await;
    let page = include_str!("../../../docs/collector-monitoring.md");
    let documented: BTreeSet<&str> = used(page).collect();
    for name in &known {
        let ends = ["_bucket", "_sum", "_count"];
        let base = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(documented.contains(base), "{base}");
    }
    let source = include_str!("../../src/error.rs");
    let reasons = source.split("fn reason(").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let reasons: Vec<&str> = reasons.split('"').skip(1).step_by(2).collect();
    assert!(reasons.len() > 10);
    for reason in reasons.into_iter().chain(["malformed"]) {
        assert!(page.contains(&format!("`{reason}`")), "{reason}");
    }
}
