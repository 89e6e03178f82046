//! The figures of forwarding in `GET /metrics`.

use super::vendor::{Reply, Vendor, status};
use super::{click, empty, ibexa, intempt, item, now, until};
use crate::common::database;
use crate::common::{Server, batch, changed};
use serde_json::{Value, json};
use std::time::Duration;

/// The figure of a destination.
async fn figure(server: &Server, name: &str, destination: &str) -> Option<u64> {
    let text = server.read("/metrics", "").await.text();
    let start = format!("recobeacon_forward_{name}{{destination=\"{destination}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&start)).map(|value| value.parse().unwrap())
}

async fn assert_figures(server: &Server, destination: &str, expected: &[(&str, u64)]) {
    for (name, value) in expected {
        assert_eq!(figure(server, name, destination).await, Some(*value), "{destination} {name}");
    }
}

#[tokio::test]
async fn each_destination_has_its_own_figures() {
    // One vendor refuses an event and is overloaded once, the other one never answers.
    let vendor = Vendor::start(|seen, number| match (item(&seen.target), number) {
        (1, 0) => Reply::Status(429, "Retry-After: 1\r\n", String::new()),
        (2, _) => status(400),
        _ => status(200),
    })
    .await;
    let never =
        Vendor::start(|_, _| Reply::After(Duration::from_secs(60), Box::new(status(200)))).await;
    let toml = [ibexa("busy", &vendor, ""), ibexa("slow", &never, "max_events = 2")].concat();
    let server = Server::with(&toml).await;
    let all = ["waiting_events", "lag_seconds", "delivered_events_total", "retried_events_total"];
    let rest = ["refused_events_total", "dead_letters", "dropped_events_total"];
    for destination in ["busy", "slow"] {
        let none: Vec<(&str, u64)> = all.iter().chain(&rest).map(|name| (*name, 0)).collect();
        assert_figures(&server, destination, &none).await;
    }
    let events: Vec<Value> = (1..=5).map(|n| click(n, "v")).collect();
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    let status = empty(&server, "busy").await;
    assert_eq!((&status["retried"], &status["refused"]), (&json!(1), &json!(1)));
    let expected = [
        ("waiting_events", 0),
        ("lag_seconds", 0),
        ("delivered_events_total", 4),
        ("retried_events_total", 1),
        ("refused_events_total", 1),
        ("dead_letters", 1),
        ("dropped_events_total", 0),
    ];
    assert_figures(&server, "busy", &expected).await;
    let expected = [
        ("waiting_events", 2),
        ("delivered_events_total", 0),
        ("retried_events_total", 0),
        ("refused_events_total", 0),
        ("dead_letters", 0),
        ("dropped_events_total", 3),
    ];
    assert_figures(&server, "slow", &expected).await;
}

#[tokio::test]
async fn the_lag_is_the_age_of_the_oldest_event_since_it_was_received() {
    let vendor = Vendor::start(|_, _| Reply::Status(401, "", String::new())).await;
    let server = Server::with(&intempt("a", &vendor, "")).await;
    // The time of the event itself does not matter.
    let old = changed(click(1, "v"), json!({ "at": now() - 7_200_000 }));
    assert_eq!(server.post(batch("s1", 0, &[old, click(2, "w")])).await.status, 204);
    until(&server, "a", |figures| figures["pausedSeconds"] != 0).await;
    assert!(figure(&server, "lag_seconds", "a").await.unwrap() < 3600);
    let sql = "UPDATE forward SET received_at = received_at - 3600000 WHERE row = 1";
    database::run(&server.place(), sql);
    let lag = figure(&server, "lag_seconds", "a").await.unwrap();
    assert!((3600..7000).contains(&lag), "{lag}");
}

#[tokio::test]
async fn every_event_of_a_failed_request_counts_as_sent_again() {
    let vendor = Vendor::start(|_, number| status(if number == 0 { 500 } else { 201 })).await;
    let server = Server::with(&intempt("a", &vendor, "")).await;
    let events: Vec<Value> = (1..=3).map(|n| click(n, "v")).collect();
    assert_eq!(server.post(batch("s1", 0, &events)).await.status, 204);
    empty(&server, "a").await;
    let expected =
        [("retried_events_total", 3), ("delivered_events_total", 3), ("refused_events_total", 0)];
    assert_figures(&server, "a", &expected).await;
}
