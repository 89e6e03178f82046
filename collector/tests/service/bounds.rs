//! Limits for one client: connections, requests and time.

use crate::common::{Answer, PATIENCE, Server, batch, changed, click, parse, send};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// "At once", with some reserve for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Without trusted proxies, loopback is counted like any other address.
const NO_PROXY: &str = "trusted_proxies = []\n";

async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Sends a request with an incomplete body, so that the server waits for the rest.
async fn busy(from: &str, to: SocketAddr) -> TcpStream {
    let mut stream = connect(from, to).await;
    let head =
        b"POST /v1/events HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut received = [0; 64];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut received)).await.unwrap().unwrap();
    assert!(received[..read].starts_with(b"HTTP/1.1 100"));
    stream
}

async fn get(from: &str, to: SocketAddr, target: &str) -> Option<Answer> {
    let mut stream = connect(from, to).await;
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let exchange = async {
        // The server resets a refused connection.
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.ok()?;
        (!received.is_empty()).then(|| parse(&received, false))
    };
    tokio::time::timeout(PATIENCE, exchange).await.unwrap()
}

/// Reads until the server closes the connection.
async fn end(mut stream: TcpStream, within: Duration) -> usize {
    let mut received = Vec::new();
    // A reset counts as closed.
    let _ = tokio::time::timeout(within, stream.read_to_end(&mut received)).await.unwrap();
    received.len()
}

async fn refused_connections(server: &Server) -> u64 {
    let status: Value = serde_json::from_slice(&server.read("/v1/status", "").await.body).unwrap();
    status["refusedConnections"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_are_closed_for_new_clients() {
    // With these timeouts no connection closes by itself.
    let limits = "[limits]\nconnections = 20\nfirst_byte_seconds = 60\nheader_seconds = 60\n";
    let server = Server::with(limits).await;
    let mut idle = Vec::new();
    for n in 0..60 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        match n % 3 {
            // Three kinds of idle connection: without a request, within a header, and after a
            // response.
            0 => {}
            1 => stream.write_all(b"GET /healthz HT").await.unwrap(),
            _ => {
                stream.write_all(b"GET /none HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
                let mut some = [0; 1024];
                let answered = tokio::time::timeout(PATIENCE, stream.read(&mut some)).await;
                assert!(answered.unwrap().unwrap() > 0);
            }
        }
        idle.push(stream);
    }
    for _ in 0..5 {
        let begun = Instant::now();
        assert_eq!(server.get("/none").await.status, 404);
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    }
    assert_eq!(refused_connections(&server).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connections_of_an_address_are_limited() {
    let limits = "[limits]\nconnections = 20\naddress_connections = 5\nbody_seconds = 60\n";
    let server = Server::with(&format!("{NO_PROXY}{limits}")).await;
    let (one, other) = ("127.0.0.1", "127.0.0.2");
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(connect(one, server.address).await);
    }
    for from in [one, other] {
        let begun = Instant::now();
        assert_eq!(get(from, server.address, "/none").await.unwrap().status, 404);
        assert!(begun.elapsed() < AT_ONCE, "{from}: {:?}", begun.elapsed());
    }
    // Busy connections are not closed for a new one.
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(busy(one, server.address).await);
    }
    assert!(get(one, server.address, "/none").await.is_none());
    assert!(get(other, server.address, "/none").await.is_some());
    assert!(refused_connections(&server).await >= 1);
    drop(open.pop());
    let free = async {
        while get(one, server.address, "/none").await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_is_exempt_from_the_limits_of_an_address() {
    for proxies in ["", "trusted_proxies = [\"127.0.0.0/8\"]\n"] {
        let limits = "[limits]\naddress_connections = 2\naddress_requests = 1\n";
        let server = Server::with(&format!("{proxies}{limits}")).await;
        let mut open = Vec::new();
        for _ in 0..10 {
            open.push(busy("127.0.0.1", server.address).await);
        }
        for _ in 0..30 {
            assert_eq!(server.get("/none").await.status, 404);
        }
    }
}

#[tokio::test]
async fn a_connection_without_a_first_byte_is_closed_early() {
    let server = Server::with("[limits]\nfirst_byte_seconds = 1\nheader_seconds = 60\n").await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(end(silent, Duration::from_secs(10)).await, 0);
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /none").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    slow.write_all(b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(end(slow, PATIENCE).await > 0, "a slow header has a timeout of its own");
}

#[tokio::test]
async fn the_request_rate_of_an_address_is_limited() {
    let server = Server::with(&format!("{NO_PROXY}[limits]\naddress_requests = 2\n")).await;
    // The requests of ten seconds may arrive at once.
    let mut statuses = Vec::new();
    let begun = Instant::now();
    for _ in 0..60 {
        statuses.push(get("127.0.0.1", server.address, "/none").await.unwrap().status);
    }
    let allowed = 20 + 2 * (begun.elapsed().as_secs() as usize + 1);
    let taken = statuses.iter().filter(|status| **status == 404).count();
    assert!((20..=allowed).contains(&taken), "{taken} of 60");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 60 - taken);

    let origin = "Origin: https://www.shop.example\r\n";
    let mut answer = server.send("POST", "/v1/events", origin, b"{").await;
    for _ in 0..60 {
        if answer.status == 429 {
            break;
        }
        answer = server.send("POST", "/v1/events", origin, b"{").await;
    }
    // The tracker honours Retry-After.
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("5")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://www.shop.example"));
    assert_eq!(get("127.0.0.2", server.address, "/none").await.unwrap().status, 404);
    // Reading still works.
    assert_eq!(server.events().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_no_response_is_disconnected() {
    const FILE: usize = 40_000_000;
    let limits = "[limits]\nwrite_seconds = 1\nstreams = 1\n";
    let film = vec![7; FILE];
    let server = Server::serving(limits, Some(&[("dist/a.js", b""), ("site/a.mp4", &film)])).await;
    let title = "x".repeat(1900);
    for seq in 0..60 {
        let event = |n| changed(click(seq * 100 + n), json!({ "title": title }));
        let events: Vec<Value> = (0..100).map(event).collect();
        assert_eq!(server.post(batch("s1", seq, &events)).await.status, 204);
    }
    let ask = async |address: SocketAddr, target: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let file = ask(server.address, "/a.mp4").await;
    let page = ask(server.admin, "/v1/events?limit=10000").await;
    let stream = ask(server.admin, "/v1/events/stream").await;
    // No client reads. After the timeout the stream's place is free again. Nothing shows when the file's
    // response ends, so a busy machine gets several times of the timeout.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let free = async {
        while send(server.admin, "HEAD", "/v1/events/stream", "", b"").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
    assert!(end(file, PATIENCE).await < FILE);
    let whole = server.read("/v1/events?limit=10000", "").await.body.len();
    assert!(whole > 11_000_000);
    assert!(end(page, PATIENCE).await < whole);
    assert!(end(stream, PATIENCE).await < whole);
}

/// A client that reads slowly is not cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_receives_the_whole_response() {
    const FILE: usize = 12_000_000;
    let film = vec![7; FILE];
    let files: [(&str, &[u8]); 2] = [("dist/a.js", b""), ("site/a.mp4", &film)];
    let server = Server::serving("[limits]\nwrite_seconds = 1\n", Some(&files)).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    stream.write_all(b"GET /a.mp4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let (mut read, mut some) = (0, vec![0; 1_000_000]);
    loop {
        let count = stream.read(&mut some).await.unwrap();
        if count == 0 {
            break;
        }
        read += count;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    assert!(read > FILE);
    assert_eq!(send(server.address, "GET", "/none", "", b"").await.status, 404);
}
