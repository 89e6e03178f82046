//! Each event is stored once, and is on disk before the response.

use crate::common::database::{self, address, place};
use crate::common::process::Process;
use crate::common::{SECRET, Server, batch, click, id, send};
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use serde_json::json;
use std::path::Path;

fn count(folder: &Path) -> u64 {
    database::number(&place(folder), "SELECT count(*) FROM events") as u64
}

#[tokio::test]
async fn an_id_counts_once_within_a_batch_and_between_batches() {
    let server = Server::start().await;
    assert_eq!(server.post(batch("s1", 0, &[click(1), click(2), click(1)])).await.status, 204);
    assert_eq!(server.post(batch("s1", 1, &[click(2), click(3)])).await.status, 204);
    assert_eq!(server.post(batch("s2", 0, &[click(3), click(1)])).await.status, 204);
    let rows = server.events().await;
    let stored: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stored, [id(1), id(2), id(3)]);
    // The place is the one in the batch, even after an event that was stored before.
    assert_eq!(
        (&rows[2]["stream"], &rows[2]["seq"], &rows[2]["place"]),
        (&"s1".into(), &1.into(), &1.into())
    );
    let stored: Vec<_> =
        server.batches().await.iter().map(|b| (b["events"].clone(), b["stored"].clone())).collect();
    assert_eq!(stored, [(3.into(), 2.into()), (2.into(), 1.into()), (2.into(), 0.into())]);
}

#[tokio::test]
async fn an_event_of_two_destinations_is_one_row_if_both_name_its_id() {
    for intempt_first in [false, true] {
        let server = Server::start().await;
        let of_intempt = json!({ "track": [{ "name": "Product viewed", "payload": [
            { "eventId": id(1), "profileId": "v", "data": { "productId": "1" } },
        ] }] })
        .to_string();
        let intempt = "/v1/o/projects/p/sources/1/track";
        let mut sources = ["batch", "intempt"];
        if intempt_first {
            sources.reverse();
        }
        for source in sources {
            let status = match source {
                "batch" => server.post(batch("s1", 0, &[click(1)])).await.status,
                _ => server.send("POST", intempt, "", of_intempt.as_bytes()).await.status,
            };
            assert!(matches!(status, 200 | 204), "{source} {status}");
        }
        // Ibexa's request has no id.
        assert_eq!(server.get("/api/00000/click/v/1/1").await.status, 204);
        let rows = server.events().await;
        let stored: Vec<_> = rows.iter().map(|row| row["source"].as_str().unwrap()).collect();
        assert_eq!(stored, [sources[0], "ibexa"]);
        assert_eq!(rows[0]["id"], id(1));
    }
}

#[tokio::test]
async fn a_repeated_batch_is_counted_as_a_copy() {
    let server = Server::start().await;
    let body = batch("s1", 4, &[click(1), click(2)]);
    for _ in 0..3 {
        assert_eq!(server.post(&body).await.status, 204);
    }
    let batches = server.batches().await;
    assert_eq!(batches.len(), 1);
    let expected = json!({
        "row": 1, "stream": "s1", "seq": 4, "bytes": body.to_string().len(), "events": 2,
        "stored": 2, "copies": 2, "receivedAt": batches[0]["receivedAt"],
    });
    assert_eq!(batches[0], expected);
    assert_eq!(server.events().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_copies_are_stored_once() {
    let server = Server::start().await;
    let address = server.address;
    let body = batch("s1", 0, &(1..=20).map(click).collect::<Vec<_>>()).to_string();
    let copies: Vec<_> = (0..50)
        .map(|_| {
            let body = body.clone();
            tokio::spawn(async move {
                send(address, "POST", "/v1/events", "", body.as_bytes()).await.status
            })
        })
        .collect();
    for copy in copies {
        assert_eq!(copy.await.unwrap(), 204);
    }
    assert_eq!(server.events().await.len(), 20);
    assert_eq!(server.batches().await[0]["copies"], 49);
}

#[tokio::test]
async fn a_confirmed_event_is_visible_to_other_connections_at_once() {
    let server = Server::start().await;
    for n in 1..=50 {
        assert_eq!(server.post(batch("s1", n, &[click(n)])).await.status, 204);
        assert_eq!(count(server.folder.path()), n);
    }
}

#[tokio::test]
async fn a_confirmed_event_survives_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, format!("[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n")).unwrap();
    let (file, database) = (file.to_str().unwrap(), address(folder.path()));
    let mut collector = Process::start(&["--config", file, "--database", &database]);
    let address = collector.address;
    for n in 1..=20 {
        let body = batch("s1", n, &[click(n)]).to_string();
        assert_eq!(send(address, "POST", "/v1/events", "", body.as_bytes()).await.status, 204);
    }
    collector.child.kill().unwrap();
    collector.child.wait().unwrap();
    assert_eq!(count(folder.path()), 20);
}

#[tokio::test]
async fn row_numbers_continue_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let flags = Overrides {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            admin_listen: Some("127.0.0.1:0".parse().unwrap()),
            database: Some(place(folder.path())),
            ..Overrides::default()
        };
        let key = format!("[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n");
        Collector::start(Config::from_toml(&key, flags).unwrap())
    };
    for n in 1..=3 {
        let collector = start().await.unwrap();
        let body = batch("s1", n, &[click(n), click(1)]).to_string();
        assert_eq!(
            send(collector.address().unwrap(), "POST", "/v1/events", "", body.as_bytes())
                .await
                .status,
            204
        );
        // The same with a reader's connection open.
        let answer = send(collector.admin_address(), "GET", "/v1/events", "", b"").await;
        assert_eq!(answer.status, 200);
        collector.stop().await;
    }
    // After a clean close the database is a single file.
    assert!(!folder.path().join("events.sqlite-wal").exists());
    assert_eq!(count(folder.path()), 3);
}

#[tokio::test]
async fn pages_continue_without_gap_or_overlap() {
    let server = Server::start().await;
    for n in 0..7 {
        server.post(batch("s1", n, &[click(n)])).await;
    }
    for list in ["events", "batches"] {
        let mut rows = Vec::new();
        let mut after = 0;
        loop {
            let answer =
                server.read(&format!("/v1/{list}?after={after}&limit=3&order=row"), "").await;
            let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            rows.extend(
                page[list].as_array().unwrap().iter().map(|row| row["row"].as_u64().unwrap()),
            );
            if page["last"] == after {
                break;
            }
            after = page["last"].as_u64().unwrap();
        }
        assert_eq!(rows, [1, 2, 3, 4, 5, 6, 7], "{list}");
        for wrong in ["limit=0", "limit=10001", "limit=x", "after=-1", "order=at"] {
            assert_eq!(
                server.read(&format!("/v1/{list}?{wrong}"), "").await.status,
                400,
                "{wrong}"
            );
        }
    }
}
