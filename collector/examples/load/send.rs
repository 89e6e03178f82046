//! Sends batches on many connections. Each connection sends the next batch when the last one is
//! answered, as a crowd of pages does.

use super::Send;
use super::body::{Random, batch, now_ms};
use std::time::{Duration, Instant};
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
    assert!(options.address.ip().is_loopback(), "only loopback addresses");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let until = begun + Duration::from_secs(options.seconds);
    let sent = runtime.block_on(async {
        let connections: Vec<_> = (0..options.connections as u64)
            .map(|number| {
                let (address, size, days) = (options.address, options.batch, options.spread_days);
                tokio::spawn(async move {
                    let mut random = Random(now_ms().wrapping_mul(0x1_0001) ^ number << 48);
                    let stream = format!("load{:016x}", random.next());
                    let mut socket = TcpStream::connect(address).await.unwrap();
                    socket.set_nodelay(true).unwrap();
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
                })
            })
            .collect();
        let mut all = Vec::new();
        for connection in connections {
            all.push(connection.await.unwrap());
        }
        all
    });
    let seconds = begun.elapsed().as_secs_f64();
    let mut micros: Vec<u32> = sent.iter().flat_map(|one| one.micros.iter().copied()).collect();
    micros.sort_unstable();
    let at = |share: f64| f64::from(micros[(micros.len() as f64 * share) as usize]) / 1000.0;
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
