//! A full disk, a locked database, removed files, and a growing log.

use crate::common::process::{BINARY, FREE, Process};
use crate::common::{Answer, PATIENCE, Server, batch, changed, click, send};
use recobeacon_collector::limits::Limits;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A batch of a hundred large events.
fn large(seq: u64) -> Value {
    let title = "x".repeat(1900);
    let event = |n| changed(click(seq * 100 + n), json!({ "title": title }));
    batch("large", seq, &(0..100).map(event).collect::<Vec<_>>())
}

async fn post(collector: &Process, body: &Value) -> Answer {
    let body = body.to_string();
    send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await
}

async fn health(collector: &Process) -> u16 {
    send(collector.address, "GET", "/healthz", "", b"").await.status
}

/// Waits until `is` returns true.
async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is().await {
        assert!(begun.elapsed() < PATIENCE, "timeout: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn lines(log: &str, of: &str) -> usize {
    log.lines().filter(|line| line.contains(of)).count()
}

/// Stops the collector. Counts the log lines about a failing database and about its recovery.
fn told(collector: Process) -> (usize, usize) {
    collector.signal("-TERM");
    let (code, _, log) = collector.end();
    assert_eq!(code, Some(0), "{log}");
    // The refused requests add no further lines.
    assert_eq!(lines(&log, "refused:"), 0, "{log}");
    (lines(&log, "the database does not work"), lines(&log, "works again"))
}

/// A limit for the file size fails a write like a full disk does. It needs no special rights,
/// unlike a small file system.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_unhealthy_until_it_has_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("events.sqlite");
    // SIGXFSZ is ignored, because it would end the process. The unit is 512 bytes.
    let script = "trap '' XFSZ; ulimit -S -f 1000; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, BINARY]).args(FREE).arg("--database").arg(&database);
    let collector = Process::of(&mut command);
    assert_eq!(health(&collector).await, 200);
    let mut stored = 0;
    let refused = loop {
        let answer = post(&collector, &large(stored)).await;
        if answer.status != 204 {
            break answer;
        }
        stored += 1;
        assert!(stored < 10, "the limit was not reached");
    };
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    for n in 0..20 {
        assert_eq!(post(&collector, &large(stored + n)).await.status, 503);
    }
    assert_eq!(health(&collector).await, 503);

    let pid = collector.child.id().to_string();
    let freed = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status();
    assert!(freed.unwrap().success());
    until("healthy again", async || health(&collector).await == 200).await;
    assert_eq!(post(&collector, &large(stored)).await.status, 204);
    assert_eq!(told(collector), (1, 1));
    let count: i64 = Connection::open(&database)
        .unwrap()
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count as u64, (stored + 1) * 100, "exactly the events that were answered with 204");
}

#[tokio::test]
async fn a_locked_database_is_unhealthy_until_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("events.sqlite");
    let collector = Process::start(&["--database", database.to_str().unwrap()]);
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    assert_eq!(health(&collector).await, 503);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let batch = batch("s1", 0, &[click(1)]);
    assert_eq!(post(&collector, &batch).await.status, 503);
    other.execute_batch("ROLLBACK").unwrap();
    until("healthy again", async || health(&collector).await == 200).await;
    assert_eq!(post(&collector, &batch).await.status, 204);
    assert_eq!(told(collector), (1, 1));
}

#[cfg(unix)]
#[tokio::test]
async fn a_removed_database_accepts_no_events() {
    let folder = tempfile::tempdir().unwrap();
    for (name, gone) in [("a", ""), ("b", "-wal"), ("c", "-shm")] {
        let database = folder.path().join(name);
        let collector = Process::start(&["--database", database.to_str().unwrap()]);
        assert_eq!(post(&collector, &batch("s1", 0, &[click(1)])).await.status, 204);
        let (lost, away) = (beside(&database, gone), beside(&database, ".away"));
        std::fs::rename(&lost, &away).unwrap();
        assert_eq!(health(&collector).await, 503, "{gone}");
        for n in 1..5 {
            assert_eq!(post(&collector, &batch("s1", n, &[click(1 + n)])).await.status, 503);
        }
        // Another file in its place is not accepted.
        std::fs::copy(&away, &lost).unwrap();
        send(collector.admin, "GET", "/v1/events", "", b"").await;
        assert_eq!(post(&collector, &batch("s1", 5, &[click(6)])).await.status, 503);
        std::fs::rename(&away, &lost).unwrap();
        until("healthy again", async || health(&collector).await == 200).await;
        assert_eq!(post(&collector, &batch("s1", 6, &[click(7)])).await.status, 204);
        // Nothing is read from the file that replaced it.
        let answer = send(collector.admin, "GET", "/v1/events", "", b"").await;
        let rows: Value = serde_json::from_slice(&answer.body).unwrap();
        let last = rows["events"].as_array().unwrap().last().unwrap();
        assert_eq!(last["id"], crate::common::id(7), "{gone}");
        assert_eq!(told(collector), (1, 1), "{gone}");
    }
}

/// The collector notices it without a request.
#[cfg(unix)]
#[tokio::test]
async fn a_deleted_database_is_logged_without_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("events.sqlite");
    let collector = Process::start(&["--database", database.to_str().unwrap()]);
    std::fs::remove_file(&database).unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(told(collector), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_truncated_after_a_long_reader_ends() {
    const BOUND: u64 = Limits::WAL_BYTES;
    let server = Server::start().await;
    let wal = beside(&server.database(), "-wal");
    let size = || std::fs::metadata(&wal).unwrap().len();
    let reader = Connection::open(server.database()).unwrap();
    let count = || reader.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0));
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count().unwrap(), 0);
    let mut seq = 0;
    while size() <= BOUND * 3 / 2 {
        assert_eq!(server.post(large(seq)).await.status, 204);
        seq += 1;
    }
    assert_eq!(count().unwrap(), 0, "the reader still sees its snapshot");
    reader.execute_batch("COMMIT").unwrap();
    // No event is written any more.
    until("the log is truncated", async || size() < BOUND).await;
    assert_eq!(count().unwrap() as u64, seq * 100);
}
