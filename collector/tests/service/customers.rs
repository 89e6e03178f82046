//! The bounds of each customer: its rate of events and its stored rows.

use crate::common::database;
use crate::common::{Answer, Server, batch, click, send};
use serde_json::{Value, json};
use std::time::Duration;

const IBEXA: &str = "[[customers]]\ninterface = \"ibexa\"\nname = \"1\"\n";

async fn ibexa(server: &Server, customer: &str) -> Answer {
    let target = format!("/api/{customer}/click/u/1/1");
    server.send("POST", &target, "Origin: https://www.shop.example\r\n", b"").await
}

async fn reasons(server: &Server) -> Vec<(String, u64)> {
    let status: Value = serde_json::from_slice(&server.read("/v1/status", "").await.body).unwrap();
    let rows = status["refused"].as_array().unwrap();
    let row =
        |row: &Value| (row["reason"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap());
    rows.iter().map(row).collect()
}

fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_customer_above_its_rate_is_refused_and_the_others_are_not() {
    // The smallest rate: ten events at once, then one a second.
    let server = Server::with(&format!("{IBEXA}events = 1\n")).await;
    for _ in 0..10 {
        assert_eq!(ibexa(&server, "1").await.status, 204);
    }
    let mut refused = 0;
    for _ in 0..10 {
        let answer = ibexa(&server, "1").await;
        if answer.status == 429 {
            refused += 1;
            assert!((1..=2).contains(&wait(&answer)), "{answer:?}");
            // The tracker reads the status and the header.
            assert_eq!(answer.header("access-control-expose-headers"), Some("Retry-After"));
            assert_eq!(
                answer.header("access-control-allow-origin"),
                Some("https://www.shop.example")
            );
        }
        assert_eq!(ibexa(&server, "2").await.status, 204);
    }
    assert!(refused > 0);
    // The same name in another interface is another customer.
    assert_eq!(server.get("/ebl/1/click/u/1/1").await.status, 204);
    assert_eq!(server.post(batch("s1", 0, &[click(1)])).await.status, 204);
    assert_eq!(server.events().await.len(), 20 - refused as usize + 12);
    assert_eq!(reasons(&server).await, [("customer_rate".to_owned(), refused)]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ibexa(&server, "1").await.status, 204, "the bucket refills");
}

#[tokio::test]
async fn the_events_of_a_batch_count_each() {
    let server = Server::with("[limits]\ncustomer_events = 2\n").await;
    let events = |from: u64, count: u64| (from..from + count).map(click).collect::<Vec<_>>();
    // More than a bucket at once is taken, and paid back.
    assert_eq!(server.post(batch("s1", 0, &events(0, 50))).await.status, 204);
    let answer = server.post(batch("s1", 1, &events(100, 1))).await;
    assert_eq!(answer.status, 429);
    assert!((14..=16).contains(&wait(&answer)), "{answer:?}");
    assert_eq!(server.events().await.len(), 50);
    // Invalid events take nothing.
    let server = Server::with("[limits]\ncustomer_events = 2\n").await;
    let wrong = batch("s1", 0, &[events(0, 50), vec![json!({ "id": "x" })]].concat());
    assert_eq!(server.post(wrong).await.status, 400);
    assert_eq!(server.post(batch("s1", 1, &events(0, 20))).await.status, 204);
}

#[tokio::test]
async fn a_customer_with_its_most_rows_is_refused_until_rows_are_deleted() {
    let server = Server::with(&format!("{IBEXA}rows = 3\n")).await;
    for _ in 0..3 {
        assert_eq!(ibexa(&server, "1").await.status, 204);
    }
    // The number is read once a second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for _ in 0..3 {
        let answer = ibexa(&server, "1").await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("300")));
        assert_eq!(ibexa(&server, "2").await.status, 204);
    }
    assert_eq!(reasons(&server).await, [("customer_rows".to_owned(), 3)]);
    let delete = "DELETE FROM events WHERE customer = '1' AND row IN (SELECT min(row) FROM events)";
    database::run(&server.place(), delete);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(ibexa(&server, "1").await.status, 204);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(ibexa(&server, "1").await.status, 429);
}

#[tokio::test]
async fn rows_are_counted_from_the_first_start_with_a_bound_and_copies_are_not() {
    let server = Server::start().await;
    assert_eq!(server.post(batch("s1", 0, &[click(1), click(2)])).await.status, 204);
    let place = server.place();
    let rows = || {
        let sql = "SELECT source || customer || rows FROM customer_rows ORDER BY 1";
        let is_there = [
            "SELECT count(*) FROM sqlite_schema WHERE name = 'customer_rows'",
            "SELECT count(*) FROM pg_class WHERE relname = 'customer_rows'",
        ];
        let is_there = is_there[usize::from(database::is_postgres())];
        (database::number(&place, is_there) > 0).then(|| database::texts(&place, sql))
    };
    assert_eq!(rows(), None, "without a bound nothing is counted");
    let server = server.again("[limits]\ncustomer_rows = 4\n").await;
    assert_eq!(rows().unwrap(), ["batch2"]);
    assert_eq!(server.post(batch("s1", 1, &[click(2), click(3)])).await.status, 204);
    assert_eq!(ibexa(&server, "7").await.status, 204);
    assert_eq!(rows().unwrap(), ["batch3", "ibexa71"]);
    let server = server.again("[limits]\ncustomer_rows = 3\n").await;
    assert_eq!(server.post(batch("s1", 2, &[click(4)])).await.status, 429);
    let server = server.again("").await;
    assert_eq!(server.post(batch("s1", 2, &[click(4)])).await.status, 204);
    assert_eq!(rows(), None);
}

/// A misspelt name would store a known order once more.
#[tokio::test]
async fn orders_of_an_unknown_customer_are_refused() {
    let server = Server::with(&IBEXA.replace("\"1\"", "\"shop-de\"")).await;
    assert_eq!(ibexa(&server, "00000").await.status, 204);
    for (customer, status) in [("shop-de", 200), ("00000", 200), ("shop-ed", 400), ("0000", 400)] {
        let order = json!({ "orderId": "A-1", "items": [{ "itemId": "x" }] });
        let body = json!({ "customer": customer, "orders": [order] }).to_string();
        let answer = send(server.admin, "POST", "/v1/orders", "", body.as_bytes()).await;
        assert_eq!(answer.status, status, "{customer} {}", answer.text());
        let says = "customer: is not in the configuration, and no event has this customer";
        assert_eq!(answer.text().contains(says), status == 400, "{}", answer.text());
    }
    assert_eq!(server.events().await.len(), 3);
}
