//! `GET /v1/events/stream`: stored and new events, without gap or duplicate.

use crate::common::{EventStream, PATIENCE, Server, batch, click, send};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

const WRITERS: u64 = 8;
const BATCHES: u64 = 40;
const EVENTS: u64 = 5;
/// The event that is sent after all others are stored.
const LAST: u64 = 1_000_000;

async fn write(address: SocketAddr, writer: u64) {
    for seq in 0..BATCHES {
        let first = (writer * BATCHES + seq) * EVENTS;
        // Each batch begins with the last event of the one before, so that there are duplicates.
        let events: Vec<Value> = (first..=first + EVENTS).map(click).collect();
        let body = batch(&format!("w{writer}"), seq, &events).to_string();
        assert_eq!(send(address, "POST", "/v1/events", "", body.as_bytes()).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_that_connect_during_writes_see_every_row_once() {
    let server = Server::start().await;
    let (address, admin) = (server.address, server.admin);
    let all = |events: &[(u64, Value)]| {
        events.last().is_some_and(|(_, event)| event["id"] == crate::common::id(LAST))
    };

    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(address, writer))).collect();
    let mut readers = Vec::new();
    for n in 0..12u64 {
        let after = n * 100;
        let (target, header) = if n % 2 == 0 {
            (format!("/v1/events/stream?after={after}"), String::new())
        } else {
            // A browser that reconnects: the header overrides the query.
            ("/v1/events/stream?after=1".to_owned(), format!("Last-Event-ID: {after}\r\n"))
        };
        readers.push(tokio::spawn(async move {
            let mut stream = EventStream::open(admin, &target, &header).await;
            stream.until(all).await;
            (after, stream.events)
        }));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    server.post(batch("last", 0, &[click(LAST)])).await;
    let stored = server.events().await;
    assert_eq!(stored.len() as u64, WRITERS * BATCHES * EVENTS + 2);
    for reader in readers {
        let (after, events) = reader.await.unwrap();
        let expected = stored.iter().filter(|event| event["row"].as_u64().unwrap() > after);
        let expected: Vec<_> =
            expected.map(|event| (event["row"].as_u64().unwrap(), event.clone())).collect();
        assert!(events == expected, "after {after}");
    }
}

/// Many rounds with one row each: no further row would wake a stream that missed one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_is_seen_soon_after_it_is_stored() {
    let server = Server::start().await;
    let address = server.address;
    let mut stream = EventStream::open(server.admin, "/v1/events/stream", "").await;
    for round in 0..100u64 {
        let writers: Vec<_> = (0..4u64)
            .map(|writer| {
                let body = batch(&format!("w{writer}"), round, &[click(round * 4 + writer)]);
                let body = body.to_string();
                tokio::spawn(async move {
                    send(address, "POST", "/v1/events", "", body.as_bytes()).await
                })
            })
            .collect();
        for writer in writers {
            assert_eq!(writer.await.unwrap().status, 204);
        }
        assert!(!stream.until(|events| events.len() as u64 == (round + 1) * 4).await);
    }
    let head = stream.head.unwrap();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(head.header("cache-control"), Some("no-store"));
    assert_eq!(head.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_reader_that_does_not_read_delays_nothing() {
    let server = Server::start().await;
    let _idle = EventStream::open(server.admin, "/v1/events/stream", "").await;
    let title = "x".repeat(1500);
    for n in 0..40 {
        let event =
            |m| crate::common::changed(click(n * 100 + m), serde_json::json!({ "title": title }));
        let events: Vec<Value> = (0..100).map(event).collect();
        let answer = tokio::time::timeout(PATIENCE, server.post(batch("s1", n, &events))).await;
        assert_eq!(answer.unwrap().status, 204);
    }
    assert_eq!(server.events().await.len(), 4000);
}

#[tokio::test]
async fn streams_are_limited_and_closed_ones_free_their_place() {
    let server = Server::with("[limits]\nstreams = 2\n").await;
    let target = "/v1/events/stream";
    server.post(batch("s1", 0, &[click(1)])).await;
    let mut first = EventStream::open(server.admin, target, "").await;
    let mut second = EventStream::open(server.admin, target, "").await;
    first.until(|events| !events.is_empty()).await;
    second.until(|events| !events.is_empty()).await;
    let answer = server.read(target, "").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    drop(first);
    let free = async {
        while send(server.admin, "HEAD", target, "", b"").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
}

#[tokio::test]
async fn an_invalid_start_row_is_refused() {
    let server = Server::start().await;
    for (target, header) in [
        ("?after=x", ""),
        ("?after=-1", ""),
        ("", "Last-Event-ID: x\r\n"),
        ("", "Last-Event-ID: \r\n"),
    ] {
        let target = format!("/v1/events/stream{target}");
        assert_eq!(server.read(&target, header).await.status, 400, "{target} {header}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_the_stream_cleanly() {
    let server = Server::start().await;
    server.post(batch("s1", 0, &[click(1)])).await;
    let mut stream = EventStream::open(server.admin, "/v1/events/stream", "").await;
    stream.until(|events| !events.is_empty()).await;
    // The stream is idle now.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let stopped = std::time::Instant::now();
    server.collector.stop().await;
    assert!(stopped.elapsed() < Duration::from_secs(2), "the stream delayed the stop");
    assert!(stream.until(|_| false).await);
    assert_eq!(stream.events.len(), 1);
}
