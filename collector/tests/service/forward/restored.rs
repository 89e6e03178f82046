//! A restored backup has a queue whose events the vendors may have by now.

use super::vendor::{Vendor, status};
use super::{ibexa, intempt, now};
use crate::common::desk::Desk;
use crate::common::process::Process;
use crate::common::{PATIENCE, batch, id, send};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

async fn until(desk: &Desk, condition: &str) {
    let begun = Instant::now();
    let sql = format!("SELECT ({condition}) FROM (SELECT 1)");
    while desk.number(&sql) == 0 {
        assert!(begun.elapsed() < PATIENCE, "{condition}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn stop(collector: Process) {
    collector.signal("-TERM");
    collector.end();
}

const DELIVERED: &str = "SELECT group_concat(destination || delivered, ' ')
    FROM (SELECT * FROM forward_counts ORDER BY destination)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_queue_is_not_sent_to_vendors_that_count_copies() {
    let is_up = Arc::new(AtomicBool::new(false));
    let vendor = || {
        let is_up = Arc::clone(&is_up);
        Vendor::start(move |_, _| status(if is_up.load(Ordering::SeqCst) { 200 } else { 503 }))
    };
    let (once, idempotent, gone) = (vendor().await, vendor().await, vendor().await);
    let more = ibexa("gone", &gone, "");
    let kept = format!("{}{}", ibexa("a", &once, ""), intempt("b", &idempotent, ""));
    let key = format!("[[keys]]\nnumber = 3\nsecret = \"{}\"\n", crate::common::SECRET);
    let desk = Desk::without_key(&format!("{kept}{more}{key}"));
    let collector = desk.start();
    let event = |n: u64, kind: &str| {
        json!({ "id": id(n), "type": kind, "at": now(), "anonymous": format!("v{n}"),
                "itemType": "1", "itemId": n.to_string() })
    };
    let consume = |n: u64| {
        let mut event = event(n, "consume");
        event["percentage"] = json!(50);
        event
    };
    let body = batch("s1", 0, &[event(1, "buy"), consume(2)]).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204);
    let copy = desk.path("copy");
    let copy = copy.to_str().unwrap();
    assert_eq!(desk.run(&["backup", copy], "").code, Some(0));
    is_up.store(true, Ordering::SeqCst);
    until(&desk, "SELECT count(*) = 0 FROM forward").await;
    stop(collector);
    let requests = bought(&once);
    assert!(requests > 0);

    let done = desk.run(&["restore", copy], "");
    assert!(done.out.contains("events wait for vendors"), "{} {}", done.out, done.log);
    desk.set(&format!("{kept}{key}"));
    let collector = desk.start();
    // Ibexa's `consume` and the idempotent vendor go on.
    until(&desk, "SELECT count(*) = 1 FROM forward WHERE state = 'dead'").await;
    until(&desk, "SELECT count(*) = 0 FROM forward WHERE destination = 'b'").await;
    until(&desk, "SELECT count(*) = 1 FROM forward WHERE destination = 'a'").await;
    assert_eq!(bought(&once), requests);
    let list = desk.run(&["dead-letters", "list"], "").out;
    let letter: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((&letter["type"], &letter["reason"]), (&json!("buy"), &json!("unknown")));
    assert!(letter["message"].as_str().unwrap().contains("backup was restored"), "{letter}");
    let replayed = desk.run(&["dead-letters", "replay", "--reason", "unknown"], "");
    assert_eq!(replayed.out, "replayed: 1\n");
    until(&desk, "SELECT count(*) = 0 FROM forward WHERE destination = 'a'").await;
    assert_eq!(bought(&once), requests + 1);
    let delivered = desk.texts(DELIVERED).remove(0);
    assert!(delivered.starts_with("a2 b"), "{delivered}");
    // The entries of a vendor that is gone do not outlive their time.
    let hours = "UPDATE forward SET expires_at = expires_at - 26 * 3600000";
    Connection::open(&desk.database).unwrap().execute(hours, []).unwrap();
    until(&desk, "SELECT count(*) = 0 FROM forward WHERE sealed IS NOT NULL").await;
    stop(collector);
}

/// The number of requests with a purchase.
fn bought(vendor: &Vendor) -> usize {
    vendor.targets().iter().filter(|target| target.contains("/buy/")).count()
}
