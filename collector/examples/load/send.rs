//! Sends batches on many connections.

use super::Send;
use super::body::{Random, batch};
use super::crowd::{self, percentile_ms};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The batches of one connection.
#[derive(Default)]
struct Sent {
    batches: u64,
    refused: u64,
    micros: Vec<u32>,
}

pub fn run(options: &Send) -> String {
    let Send { batch: size, spread_days: days, .. } = *options;
    let client = move |mut socket: TcpStream, mut random: Random, until| async move {
        let stream = format!("load{:016x}", random.next());
        let mut sent = Sent::default();
        while Instant::now() < until {
            let body = batch(size, sent.batches, &stream, days, &mut random);
            let at = Instant::now();
            let accepted = exchange(&mut socket, &body).await;
            sent.micros.push(at.elapsed().as_micros() as u32);
            sent.batches += 1;
            sent.refused += u64::from(!accepted);
        }
        sent
    };
    let (sent, seconds) = crowd::run(options.address, options.connections, options.seconds, client);
    let mut micros: Vec<u32> = sent.iter().flat_map(|one| one.micros.iter().copied()).collect();
    micros.sort_unstable();
    let at = |share| percentile_ms(&micros, share);
    let refused: u64 = sent.iter().map(|one| one.refused).sum();
    let accepted: u64 = sent.iter().map(|one| one.batches).sum::<u64>() - refused;
    let events = accepted * options.batch as u64;
    format!(
        r#"{{"events":{events},"seconds":{seconds:.3},"refused":{refused},"p50Ms":{:.3},"p99Ms":{:.3}}}"#,
        at(0.5),
        at(0.99)
    )
}

/// Sends a batch and reads the answer, which has no body if it is 204. Returns whether it is.
async fn exchange(socket: &mut TcpStream, body: &str) -> bool {
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::with_capacity(512);
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        assert!(
            socket.read_buf(&mut answer).await.unwrap() > 0,
            "the server closed the connection"
        );
    }
    let accepted = answer.starts_with(b"HTTP/1.1 204");
    assert!(accepted, "{}", String::from_utf8_lossy(&answer));
    accepted
}
