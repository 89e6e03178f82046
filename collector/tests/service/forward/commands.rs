//! The command `dead-letters`, while the collector runs.

use super::vendor::{Reply, Vendor, status};
use super::{click, empty, ibexa, item, until};
use crate::common::database::{self, address};
use crate::common::desk::Desk;
use crate::common::process::run;
use crate::common::{Server, batch, id};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the command. Returns its exit code and its output.
async fn letters(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let database = address(server.folder.path());
    let mut all = vec!["dead-letters".to_owned()];
    all.extend(arguments.iter().map(|one| (*one).to_owned()));
    all.extend(["--database".to_owned(), database]);
    let output = tokio::task::spawn_blocking(move || {
        run(&all.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let output = output.await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

async fn list(server: &Server, arguments: &[&str]) -> Vec<Value> {
    let (code, text) = letters(server, &[&["list"], arguments].concat()).await;
    assert_eq!(code, Some(0), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_and_deleted_while_the_collector_runs() {
    let mended = Arc::new(AtomicBool::new(false));
    let good = Arc::clone(&mended);
    let vendor = Vendor::start(move |seen, _| match item(&seen.target) {
        _ if good.load(Ordering::SeqCst) => status(200),
        1 => Reply::Status(404, "", "no such customer".into()),
        2 => Reply::Reset,
        _ => status(400),
    })
    .await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let events = [click(1, "v1"), click(2, "v2"), click(3, "v3")];
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    until(&server, "a", |figures| figures["deadLetters"] == 3).await;

    let all = list(&server, &[]).await;
    assert_eq!(all.len(), 3);
    let refused = list(&server, &["--reason", "refused", "--destination", "a"]).await;
    let first = refused.iter().find(|one| one["id"] == id(1)).unwrap();
    assert_eq!(
        (&first["message"], &first["type"], &first["attempts"]),
        (&json!("404 no such customer"), &json!("click"), &json!(1))
    );
    let day = first["replayUntil"].as_u64().unwrap() - first["at"].as_u64().unwrap();
    assert_eq!(day, 24 * 3_600_000);
    for action in ["list", "replay", "delete"] {
        let (code, text) = letters(&server, &[action, "--destination", "b"]).await;
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains("\"b\" is neither configured nor in the queue; there are: a"),
            "{text}"
        );
    }

    // Nothing is replayed by mistake.
    for action in ["replay", "delete"] {
        let (code, text) = letters(&server, &[action]).await;
        assert!(code == Some(1) && text.contains("or use --all"), "{text}");
    }
    mended.store(true, Ordering::SeqCst);
    let (code, text) = letters(&server, &["replay", "--destination", "a"]).await;
    assert_eq!((code, text.lines().next()), (Some(0), Some("replayed: 2")), "{text}");
    assert!(text.contains("left: 1"), "{text}");
    until(&server, "a", |figures| figures["delivered"] == 2).await;
    // The vendor may have taken this one, so it is replayed only if it is asked for.
    let (_, text) = letters(&server, &["replay", "--reason", "unknown"]).await;
    assert_eq!(text, "replayed: 1\n");
    let figures = until(&server, "a", |figures| figures["delivered"] == 3).await;
    assert_eq!(figures["deadLetters"], 0);
    empty(&server, "a").await;
    assert_eq!(vendor.seen().len(), 6);
}

#[tokio::test]
async fn expired_dead_letters_are_listed_without_ids_and_cannot_be_replayed() {
    let vendor = Vendor::start(|_, _| status(400)).await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    assert_eq!(server.post(batch("s1", 0, &[click(1, "v1")])).await.status, 204);
    until(&server, "a", |figures| figures["deadLetters"] == 1).await;
    database::run(&server.place(), "UPDATE forward SET expires_at = 1");
    let (_, text) = letters(&server, &["replay", "--all"]).await;
    assert!(text.starts_with("replayed: 0\nleft: 1"), "{text}");
    let (_, text) = letters(&server, &["delete", "--row", "1"]).await;
    assert_eq!(text, "deleted: 1\n");
    assert!(list(&server, &[]).await.is_empty());
}

#[tokio::test]
async fn a_configured_destination_without_entries_is_known() {
    let vendor = Vendor::willing().await;
    let desk = Desk::with(&ibexa("a", &vendor, ""));
    drop(desk.start());
    let list = |name: &str| desk.run(&["dead-letters", "list", "--destination", name], "");
    assert_eq!((list("a").code, list("a").out.as_str()), (Some(0), ""));
    assert!(list("ibxa").log.contains("there are: a"), "{:?}", list("ibxa"));
    desk.set("");
    assert!(list("a").log.contains("there are no destinations"), "{:?}", list("a"));
}

#[tokio::test]
async fn a_database_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.sqlite");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let output = run(&["dead-letters", "list", "--database", path.to_str().unwrap()]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("another version"), "{text}");
    let missing = folder.path().join("missing.sqlite");
    let output = run(&["dead-letters", "list", "--database", missing.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!missing.exists());
}
