//! Events that no vendor gets: repeated lines of an order, the shop's reports, imported history, and
//! events of an erased visitor.

use super::vendor::{Reply, Vendor, status};
use super::{click, empty, ibexa, item, now};
use crate::common::database::address;
use crate::common::desk::{self, Desk, buy};
use crate::common::process::{BINARY, Process};
use crate::common::{SECRET, Server, batch, changed, id, send};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

async fn post(server: &Server, stream: &str, events: &[Value]) {
    assert_eq!(server.post(batch(stream, 0, events)).await.status, 204);
}

/// A purchase at this time, with everything that Ibexa needs.
fn bought(n: u64, order: &str, item: &str) -> Value {
    changed(buy(n, order, item), json!({ "at": now(), "anonymous": "v", "price": "1.00EUR" }))
}

/// Waits until a click that was stored last has arrived. Whatever is forwarded arrived before.
async fn settled(server: &Server, vendor: &Vendor) -> Vec<String> {
    post(server, "last", &[click(9_000_000, "v")]).await;
    assert_eq!(empty(server, "a").await["deadLetters"], 0);
    let mut targets = vendor.targets();
    assert!(targets.pop().unwrap().ends_with("/1/9000000"));
    targets.into_iter().map(|target| target.split('?').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_repeated_line_of_an_order_is_forwarded_once() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    post(&server, "s1", &[bought(1, "A-1", "11"), bought(2, "A-1", "12")]).await;
    // Another page reports the order again, with one line more.
    let again = [bought(3, "A-1", "11"), bought(4, "A-1", "12"), bought(5, "A-1", "13")];
    post(&server, "s2", &again).await;
    let targets = settled(&server, &vendor).await;
    let items: Vec<u64> = targets.iter().map(|target| item(target)).collect();
    assert_eq!(items, [11, 12, 13], "{targets:?}");
}

#[tokio::test]
async fn orders_of_the_shop_are_forwarded_when_a_page_reports_them() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let shop = json!({ "orders": [
        { "orderId": "A-1", "at": now(), "user": "johndoe",
          "items": [{ "itemId": "11", "quantity": 1, "price": "1.00EUR" }] },
    ] });
    let body = shop.to_string();
    let answer = send(server.admin, "POST", "/v1/orders", "", body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Only the page has the visitor's id. Its report adds no row.
    let first = bought(1, "A-1", "11");
    // One report has one time.
    let second = changed(bought(2, "A-1", "11"), json!({ "at": first["at"] }));
    post(&server, "s1", &[first, second]).await;
    post(&server, "s2", &[bought(3, "A-1", "11")]).await;
    post(&server, "s1", &[bought(1, "A-1", "11")]).await;
    let targets = settled(&server, &vendor).await;
    let items: Vec<u64> = targets.iter().map(|target| item(target)).collect();
    assert_eq!(items, [11, 11], "the confirmed line and the new one: {targets:?}");
    assert_eq!(server.events().await.len(), 3);
}

#[tokio::test]
async fn imported_history_is_not_forwarded() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let csv = format!("type,at,anonymous,itemId\nclick,{},v,123\n", now());
    let file = server.folder.path().join("history.csv");
    let config = server.folder.path().join("import.toml");
    std::fs::write(&file, csv).unwrap();
    let key = format!("[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n");
    std::fs::write(&config, format!("{}\n{key}", ibexa("a", &vendor, ""))).unwrap();
    let mut command = Command::new(BINARY);
    command.arg("import").arg("--config").arg(config);
    command.arg("--database").arg(address(server.folder.path())).arg(file);
    let done = tokio::task::spawn_blocking(move || desk::run(&mut command, "")).await.unwrap();
    assert!(done.code == Some(0) && done.out.starts_with("1 new event"), "{done:?}");
    assert_eq!(settled(&server, &vendor).await, [""; 0]);
    assert_eq!(server.events().await.len(), 2);
}

/// The events in the queue, in their order.
fn queued(desk: &Desk) -> Vec<String> {
    desk.texts("SELECT state || ' ' || event FROM forward ORDER BY row")
}

async fn report(collector: &Process, stream: &str, events: &[Value]) {
    let body = batch(stream, 0, events).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
}

#[tokio::test]
async fn an_erased_visitors_events_leave_the_queue() {
    // Item 1 is refused. The next one makes the vendor pause, so that all others wait.
    let vendor = Vendor::start(|seen, _| match item(&seen.target) {
        1 => status(400),
        _ => Reply::Status(503, "Retry-After: 300\r\n", String::new()),
    })
    .await;
    let desk = Desk::with(&ibexa("a", &vendor, "connections = 1"));
    let collector = desk.start();
    let mine = [1, 2, 3].map(|n| click(n, "device-1"));
    report(&collector, "s1", &mine).await;
    vendor.until(2).await;
    report(&collector, "s2", &[click(4, "device-2"), click(5, "device-1")]).await;
    let all = [(1, "dead"), (2, "waiting"), (3, "waiting"), (4, "waiting"), (5, "waiting")];
    let all = all.map(|(n, state)| format!("{state} {}", id(n)));
    let begun = Instant::now();
    while queued(&desk) != all {
        assert!(begun.elapsed() < crate::common::PATIENCE, "{:?}", queued(&desk));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // An event that was deleted by its age may still wait.
    let old = format!("DELETE FROM events WHERE id = '{}'", id(5));
    desk.sql(&old);
    let done = desk.run(&["erase-visitor"], "device-1");
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert_eq!(queued(&desk), [format!("waiting {}", id(4))]);
    let counts = "SELECT waiting || ' ' || dead FROM forward_counts";
    assert_eq!(desk.texts(counts), ["1 0"]);
}
