//! Deleting by age, the limit for the database's size, and damaged databases.

use crate::common::desk::{Desk, buy, by};
use crate::common::process::{FREE, Process};
use crate::common::{PATIENCE, batch, changed, click, send};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};

async fn post(collector: &Process, stream: &str, seq: u64, events: &[Value]) -> u16 {
    let body = batch(stream, seq, events).to_string();
    send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await.status
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
}

pub async fn until(is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < PATIENCE, "timeout");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const AGED: &str = "UPDATE events SET received_at = received_at - 3456000000;
    UPDATE batches SET received_at = received_at - 3456000000;
    UPDATE orders SET first_at = first_at - 3456000000";

/// 20,000 old rows are deleted while events arrive, and no event waits for all of them.
#[tokio::test]
async fn old_rows_are_deleted_while_events_are_stored() {
    let desk = Desk::with("[retention]\ndays = 30\n");
    let collector = desk.start();
    for seq in 0..20 {
        let events: Vec<_> = (1..=1000).map(|n| click(seq * 1000 + n)).collect();
        assert_eq!(post(&collector, "old", seq, &events).await, 204);
    }
    assert_eq!(post(&collector, "order", 0, &[buy(50_000, "A-1", "x")]).await, 204);
    collector.signal("-TERM");
    collector.end();
    desk.sql(AGED);
    let collector = desk.start();
    let mut n = 0;
    let old = format!("SELECT count(*) FROM events WHERE received_at < {}", now() - 86_400_000);
    let left = desk.watch(&old);
    while !left.is_finished() {
        assert_eq!(post(&collector, "new", n, &[click(100_000 + n)]).await, 204);
        n += 1;
    }
    // Events were stored between the steps: rows were neither deleted at once, nor only at the end.
    let mut steps = left.join().unwrap();
    steps.dedup();
    assert!(steps.len() > 3, "{steps:?}");
    assert_eq!(desk.number("SELECT count(*) FROM events") as u64, n);
    until(|| desk.number("SELECT count(*) FROM batches") as u64 == n).await;
    // An order counts once for ever.
    assert_eq!(post(&collector, "again", 0, &[buy(60_000, "A-1", "x")]).await, 204);
    assert_eq!(desk.number("SELECT count(*) FROM events WHERE type = 'buy'"), 0);
    collector.signal("-TERM");
    assert!(collector.end().2.contains("rows were deleted because of their age"));
}

#[tokio::test]
async fn customers_have_times_of_their_own_and_orders_too() {
    let desk = Desk::with(
        "[retention]\ndays = 30\norders_days = 30\n[retention.customers]\n00001 = 90\n00002 = 0\n00003 = 7\n",
    );
    let collector = desk.start();
    assert_eq!(post(&collector, "s", 0, &[click(1), buy(2, "A-1", "x")]).await, 204);
    for customer in ["00001", "00002", "00003", "00004"] {
        let path = format!("/api/{customer}/click/a/1/9");
        assert_eq!(send(collector.address, "GET", &path, "", b"").await.status, 204);
    }
    collector.signal("-TERM");
    collector.end();
    desk.sql(AGED);
    let collector = desk.start();
    until(|| desk.number("SELECT count(*) FROM orders") == 0).await;
    let left = "SELECT customer FROM events ORDER BY customer";
    assert_eq!(desk.texts(left), ["00001", "00002"]);
    assert_eq!(desk.number("SELECT count(*) FROM order_lines"), 0);
    assert_eq!(desk.number("SELECT count(*) FROM order_events"), 0);
    drop(collector);
}

/// A clock that is years ahead, for example after an empty battery, must not delete everything.
#[tokio::test]
async fn nothing_is_deleted_for_a_day_after_the_clock_jumped() {
    let desk = Desk::with("[retention]\ndays = 30\n");
    let collector = desk.start();
    assert_eq!(post(&collector, "s", 0, &[click(1)]).await, 204);
    collector.signal("-TERM");
    collector.end();
    desk.sql(AGED);
    for years in [-3, 3] {
        let last = format!(
            "DELETE FROM tending WHERE name IN ('clock', 'held since');
             INSERT INTO tending VALUES ('clock', {})",
            now() + years * 365 * 86_400_000
        );
        desk.sql(&last);
        let collector = desk.start();
        until(|| desk.number("SELECT count(*) FROM tending WHERE name = 'held since'") == 1).await;
        assert_eq!(post(&collector, "s", 1, &[click(1)]).await, 204);
        assert_eq!(desk.number("SELECT count(*) FROM events"), 1);
        collector.signal("-TERM");
        assert!(collector.end().2.contains("nothing is deleted by age for the next 24 hours"));
    }
}

/// A batch of a hundred large events.
fn large(seq: u64) -> Vec<Value> {
    let title = "x".repeat(1900);
    (0..100).map(|n| changed(click(seq * 100 + n), json!({ "title": title }))).collect()
}

#[tokio::test]
async fn a_database_at_its_limit_refuses_events_stays_readable_and_recovers() {
    let limited = "[limits]\ndatabase_mib = 2\n";
    let desk = Desk::with(limited);
    let collector = desk.start();
    let mut stored = 0;
    let refused = loop {
        let body = batch("large", stored, &large(stored)).to_string();
        let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
        if answer.status != 204 {
            break answer;
        }
        stored += 1;
        assert!(stored < 20, "the limit was not reached");
    };
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert!(refused.text().contains("limits.database_mib"), "{}", refused.text());
    for path in ["/healthz", "/readyz"] {
        let state = send(collector.admin, "GET", path, "", b"").await;
        assert_eq!(state.status, 503, "{path}");
        assert!(state.text().contains("limits.database_mib"), "{path} {}", state.text());
    }
    let figures = send(collector.admin, "GET", "/metrics", "", b"").await;
    let figures = figures.text();
    let free = figures.lines().find_map(|line| line.strip_prefix("recobeacon_disk_free_bytes "));
    assert!(free.unwrap().parse::<u64>().unwrap() <= 2 * 1024 * 1024, "{free:?}");
    assert_eq!(send(collector.address, "GET", "/healthz", "", b"").await.status, 503);
    let answer = send(collector.admin, "GET", "/v1/events?limit=10000", "", b"").await;
    let json: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["events"].as_array().unwrap().len() as u64, stored * 100);
    assert!(desk.database.metadata().unwrap().len() <= 2 * 1024 * 1024);
    // Deleted rows make space, and the collector works again by itself.
    desk.sql("DELETE FROM events WHERE row <= 300");
    assert_eq!(post(&collector, "large", stored, &large(stored)).await, 204);
    // The result of a health check is kept for a second.
    let begun = Instant::now();
    while send(collector.address, "GET", "/healthz", "", b"").await.status != 200 {
        assert!(begun.elapsed() < PATIENCE, "timeout");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    collector.signal("-TERM");
    let log = collector.end().2;
    assert!(log.contains("it has reached limits.database_mib; raise the limit"), "{log}");
    assert!(log.contains("works again"), "{log}");
    assert_eq!(desk.number("SELECT count(*) FROM events") as u64, (stored + 1) * 100 - 300);
}

/// A reader in a long transaction keeps the log from being written into the database.
#[tokio::test]
async fn the_log_has_a_limit_too() {
    let desk = Desk::with("[limits]\ndatabase_mib = 8\n");
    let collector = desk.start();
    assert_eq!(post(&collector, "s", 0, &[by(1, None, None)]).await, 204);
    let reader = desk.open();
    reader.execute_batch("BEGIN").unwrap();
    let count = || reader.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0));
    assert_eq!(count().unwrap(), 1);
    // The same event again and again: the database does not grow, but its log does.
    let mut n = 0;
    let batches = "SELECT count(*) FROM batches";
    while post(&collector, "s", n % 10, &large(1)).await == 204 {
        n += 1;
        desk.sql("UPDATE events SET fields = fields || ' '");
        assert!(n < 400, "the log has no limit");
    }
    assert!(desk.number(batches) <= 10);
    let wal = desk.path("events.sqlite-wal").metadata().unwrap().len();
    assert!(wal < 80 * 1024 * 1024, "{wal}");
    reader.execute_batch("COMMIT").unwrap();
    let begun = Instant::now();
    while post(&collector, "s", 99, &large(2)).await != 204 {
        assert!(begun.elapsed() < PATIENCE, "the log was not emptied");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Restarts do not change a damaged file, and the message says what to do.
#[tokio::test]
async fn a_damaged_database_is_reported_and_not_changed() {
    let desk = Desk::new();
    let collector = desk.start();
    for n in 0..10 {
        assert_eq!(post(&collector, "s", n, &large(n)).await, 204);
    }
    collector.signal("-TERM");
    collector.end();
    let whole = std::fs::read(&desk.database).unwrap();
    let mut header = whole.clone();
    header[..16].fill(b'x');
    let mut tables = whole.clone();
    tables[100..4096].fill(0xa5);
    for (name, content) in
        [("header", header), ("tables", tables), ("cut", whole[..whole.len() / 3].to_vec())]
    {
        std::fs::write(&desk.database, &content).unwrap();
        for _ in 0..3 {
            let done = desk.run(&FREE, "");
            assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{name}: {}", done.log);
            assert!(done.log.contains("is damaged"), "{name}: {}", done.log);
            assert!(done.log.contains("Restore a backup"), "{name}: {}", done.log);
        }
        assert_eq!(std::fs::read(&desk.database).unwrap(), content, "{name}");
    }
    // With a good copy everything is there again.
    std::fs::write(desk.path("copy"), &whole).unwrap();
    let done = desk.run(&["restore", desk.path("copy").to_str().unwrap()], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert_eq!(desk.number("SELECT count(*) FROM events"), 1000);
    drop(desk.start());
}

/// Damage that a start does not see: the collector refuses events and says why.
#[tokio::test]
async fn damage_within_the_rows_refuses_events() {
    let desk = Desk::new();
    let collector = desk.start();
    for n in 0..10 {
        assert_eq!(post(&collector, "s", n, &large(n)).await, 204);
    }
    collector.signal("-TERM");
    collector.end();
    let mut content = std::fs::read(&desk.database).unwrap();
    // The index of the event ids.
    let root =
        desk.number("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'");
    let at = (root as usize - 1) * 4096;
    content[at..at + 4096].fill(0xa5);
    std::fs::write(&desk.database, &content).unwrap();
    let collector = desk.start();
    assert_eq!(post(&collector, "s", 50, &[click(99_999)]).await, 503);
    assert_eq!(send(collector.address, "GET", "/healthz", "", b"").await.status, 503);
    // The rows can still be read.
    assert_eq!(send(collector.admin, "GET", "/v1/events?limit=10", "", b"").await.status, 200);
    collector.signal("-TERM");
    let log = collector.end().2;
    assert!(log.contains("malformed") && log.contains("restore a backup"), "{log}");
}
