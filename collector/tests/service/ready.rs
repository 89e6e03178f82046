//! `/readyz` follows the last transaction.

use crate::common::process::Process;
use crate::common::{PATIENCE, Server, batch, click, send};
use std::time::Duration;

#[tokio::test]
async fn the_collector_is_not_ready_after_a_failed_transaction_and_ready_after_the_next() {
    let server = Server::start().await;
    let answer = server.read("/readyz", "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    let lock = rusqlite::Connection::open(server.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Until a transaction fails, the collector counts as ready.
    assert_eq!(server.read("/readyz", "").await.status, 200);
    assert_eq!(server.post(batch("s1", 0, &[click(1)])).await.status, 503);
    let answer = server.read("/readyz", "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(answer.text(), "the last transaction failed\n");
    lock.execute_batch("ROLLBACK").unwrap();
    // A load balancer sends nothing to a collector that is not ready, so a test write decides.
    let ready = async {
        while server.read("/readyz", "").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.unwrap();
    assert_eq!(server.post(batch("s1", 0, &[click(1)])).await.status, 204);
}

/// A transaction that does not end, here by a trigger that counts for hours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_collector_is_not_ready_while_its_writer_is_stuck() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("events.sqlite");
    let collector = Process::start(&["--database", database.to_str().unwrap()]);
    let stuck = "CREATE TRIGGER stuck AFTER INSERT ON events BEGIN
        SELECT count(*) FROM (
            WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n
        );
    END";
    rusqlite::Connection::open(&database).unwrap().execute_batch(stuck).unwrap();
    let (address, admin) = (collector.address, collector.admin);
    assert_eq!(send(admin, "GET", "/readyz", "", b"").await.status, 200);
    let body = batch("s1", 0, &[click(1)]).to_string();
    let waiting = tokio::spawn(async move {
        let open = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        open.writable().await.unwrap();
        open.try_write(head.as_bytes()).unwrap();
        open
    });
    let open = waiting.await.unwrap();
    let answer = async {
        loop {
            let answer = send(admin, "GET", "/readyz", "", b"").await;
            if answer.status == 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await.unwrap();
    assert_eq!(answer.text(), "the disk has not answered for a long time\n");
    let figures = send(admin, "GET", "/metrics", "", b"").await.text();
    assert!(figures.contains("\nrecobeacon_ready 0\n"), "{figures}");
    drop(open);
}
