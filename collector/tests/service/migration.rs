//! Databases of every released version of the tables, and migrations that fail or are killed.
//!
//! `schemas/<version>.sql` is a database that the collector of this version made.

use crate::common::desk::{Desk, buy, texts};
use crate::common::process::{BINARY, FREE, Process};
use crate::common::{batch, send};
use rusqlite::Connection;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const VERSION_1: &str = include_str!("schemas/1.sql");

fn older(desk: &Desk) -> Connection {
    let connection = desk.open();
    connection.execute_batch(VERSION_1).unwrap();
    connection
}

fn version(desk: &Desk) -> i64 {
    desk.number("PRAGMA user_version")
}

async fn read(collector: &Process, target: &str, list: &str) -> Vec<Value> {
    let answer = send(collector.admin, "GET", target, "", b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json: Value = serde_json::from_slice(&answer.body).unwrap();
    json[list].as_array().unwrap().clone()
}

/// A new version of the tables needs a database of the version before.
#[tokio::test]
async fn every_released_version_has_a_database() {
    let desk = Desk::new();
    drop(desk.start());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/schemas");
    for version in 1..version(&desk) {
        let file = folder.join(format!("{version}.sql"));
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(text.contains(&format!("PRAGMA user_version = {version};")), "{}", file.display());
    }
}

#[tokio::test]
async fn a_database_of_version_1_keeps_its_rows_and_counts_orders_once() {
    let desk = Desk::new();
    let before = texts(
        &older(&desk),
        "SELECT row || id || type || at || received_at || source || fields || coalesce(user, '-')
             || coalesce(anonymous, '-') || coalesce(key, '-')
         FROM events WHERE row NOT IN (7, 8) ORDER BY row",
    );
    let collector = desk.start();
    let after = desk.texts(
        "SELECT row || id || type || at || received_at || source || fields || coalesce(user, '-')
             || coalesce(anonymous, '-') || coalesce(key, '-')
         FROM events ORDER BY row",
    );
    // Rows 7 and 8 are lines of A-1 that another device had reported again.
    assert_eq!(after, before);
    let orders = read(&collector, "/v1/orders", "orders").await;
    let told: Vec<_> = orders
        .iter()
        .map(|order| {
            format!(
                "{} {} {} {}",
                order["orderId"], order["reported"], order["lines"], order["copies"]
            )
        })
        .collect();
    assert_eq!(told, ["\"A-1\" \"page\" 4 2", "\"A-2\" \"page\" 1 0"]);
    // Their events and another device still count once. A new order gets the next row.
    let lines = [buy(6, "A-1", "x"), buy(30, "A-1", "z"), buy(31, "A-2", "x"), buy(32, "A-3", "x")];
    let body = batch("new", 0, &lines).to_string();
    assert_eq!(
        send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await.status,
        204
    );
    assert_eq!(desk.number("SELECT max(row) FROM events"), 15);
    assert_eq!(desk.number("SELECT count(*) FROM events"), after.len() as i64 + 1);
    // Ids in the fields of old rows are found: two vendors' rows have this one.
    let done = desk.run(&["export-visitor"], "company-1");
    assert_eq!(done.out.lines().count(), 2, "{}", done.log);
    assert_eq!(desk.run(&["export-visitor"], "device-1").out.lines().count(), 7);
}

#[tokio::test]
async fn a_backup_of_version_1_is_restored_and_migrated() {
    let desk = Desk::new();
    let old = Desk::new();
    drop(older(&old));
    // The new version copies the old database as it is.
    let copy = old.path("copy");
    let done = old.run(&["backup", copy.to_str().unwrap()], "");
    assert_eq!((done.code, version(&old)), (Some(0), 1), "{}", done.log);
    let done = desk.run(&["restore", copy.to_str().unwrap()], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert!(done.out.contains("the next start migrates it, and erases"), "{}", done.out);
    // A command does not migrate.
    let done = desk.run(&["export-visitor"], "device-1");
    assert!(done.log.contains("start this version of the collector once"), "{}", done.log);
    let collector = desk.start();
    assert_eq!(read(&collector, "/v1/events", "events").await.len(), 11);
}

/// Adds many rows to a database of version 1: ten thousand orders of two lines, each three times.
fn large(desk: &Desk) {
    older(desk)
        .execute_batch(
            "WITH RECURSIVE n(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n WHERE n < 59999)
             INSERT INTO events (id, type, at, received_at, source, stream, fields)
             SELECT printf('0193bdc1-0000-7000-9000-%012x', n), 'buy', 1763683199000, 1763683200000,
                    'batch', 's' || (n / 2),
                    json_object('itemType', '1', 'itemId', 'x', 'orderId', 'L-' || (n / 2 % 10000))
             FROM n",
        )
        .unwrap();
}

fn wal_size(desk: &Desk) -> u64 {
    desk.path("events.sqlite-wal").metadata().map_or(0, |file| file.len())
}

/// Starts the collector and kills it when the log has this much of the migration.
fn kill_within_the_migration(desk: &Desk, bytes: u64) {
    let mut command = Command::new(BINARY);
    command.args(FREE).args(desk.arguments()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while wal_size(desk) <= bytes {
        assert!(begun.elapsed() < Duration::from_secs(60), "the migration did not begin");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_killed_migration_changes_nothing_and_the_next_start_does_it() {
    let fresh = Desk::new();
    large(&fresh);
    let rows = fresh.number("SELECT count(*) FROM events");
    let desk = Desk::new();
    for bytes in [0, 1024 * 1024, 4 * 1024 * 1024] {
        // On a busy machine a migration may end before the signal.
        let killed = (0..5).any(|_| {
            for name in ["events.sqlite", "events.sqlite-wal", "events.sqlite-shm"] {
                let _ = std::fs::remove_file(desk.path(name));
            }
            std::fs::copy(&fresh.database, &desk.database).unwrap();
            kill_within_the_migration(&desk, bytes);
            version(&desk) == 1
        });
        assert!(killed, "no migration was killed");
        assert_eq!(desk.number("SELECT count(*) FROM events"), rows);
    }
    let collector = desk.start();
    assert_ne!(version(&desk), 1);
    assert_eq!(desk.number("SELECT count(*) FROM events"), 11 + 20_000);
    assert_eq!(desk.number("SELECT count(*) FROM orders"), 10_002);
    assert_eq!(desk.number("SELECT sum(copies) FROM orders"), 40_002);
    assert_eq!(desk.texts("PRAGMA integrity_check"), ["ok"]);
    drop(collector);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_during_the_migration_changes_nothing() {
    let desk = Desk::new();
    large(&desk);
    let rows = desk.number("SELECT count(*) FROM events");
    let size = desk.database.metadata().unwrap().len();
    let content = desk.texts("SELECT id FROM events ORDER BY row");
    // Less than the log needs. The unit is 512 bytes.
    let script = "trap '' XFSZ; ulimit -S -f 6000; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, BINARY]).args(FREE).args(desk.arguments());
    assert!(size > 6000 * 512, "the limit must not be smaller than what the database has: {size}");
    let done = crate::common::desk::run(&mut command, "");
    assert_eq!(done.code, Some(1));
    assert!(done.log.contains("the database") && done.log.contains("disk"), "{}", done.log);
    assert_eq!(version(&desk), 1);
    assert_eq!(desk.number("SELECT count(*) FROM events"), rows);
    assert_eq!(desk.texts("SELECT id FROM events ORDER BY row"), content);
    drop(desk.start());
    assert_ne!(version(&desk), 1);
}

#[tokio::test]
async fn a_migration_waits_for_another_program_and_reports_it() {
    let desk = Desk::new();
    let other = older(&desk);
    other.execute_batch("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE").unwrap();
    let done = desk.run(&FREE, "");
    assert_eq!(done.code, Some(1));
    assert!(done.log.contains("database is locked"), "{}", done.log);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(version(&desk), 1);
    drop(desk.start());
    assert_ne!(version(&desk), 1);
}
