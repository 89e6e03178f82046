//! Asks for recommendations on many connections.

use super::body::Random;
use super::crowd::{self, percentile_ms};
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How `ask` asks.
#[derive(clap::Args)]
pub struct Ask {
    #[arg(long)]
    address: SocketAddr,
    /// The address without its last digits, which are those of random items.
    #[arg(long)]
    target: String,
    /// Items, from 1 on.
    #[arg(long)]
    items: u64,
    #[arg(long, default_value_t = 8)]
    connections: usize,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

pub fn run(options: &Ask) -> String {
    let (address, items, target) = (options.address, options.items, options.target.clone());
    let client = move |mut socket: TcpStream, mut random: Random, until| {
        let target = target.clone();
        async move {
            let mut micros = Vec::new();
            while Instant::now() < until {
                let item = 1 + random.next() % items;
                let at = Instant::now();
                exchange(&mut socket, &format!("{target}{item}")).await;
                micros.push(at.elapsed().as_micros() as u32);
            }
            micros
        }
    };
    let (all, seconds) = crowd::run(address, options.connections, options.seconds, client);
    let mut micros = all.concat();
    micros.sort_unstable();
    let at = |share| percentile_ms(&micros, share);
    let (answers, p50, p99) = (micros.len(), at(0.5), at(0.99));
    format!(r#"{{"answers":{answers},"seconds":{seconds:.3},"p50Ms":{p50:.3},"p99Ms":{p99:.3}}}"#)
}

/// Sends a request, and reads the whole answer.
async fn exchange(socket: &mut TcpStream, target: &str) {
    let head = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::with_capacity(4096);
    loop {
        assert!(
            socket.read_buf(&mut answer).await.unwrap() > 0,
            "the server closed the connection"
        );
        let Some(end) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if answer.len() >= end + 4 + length.unwrap().parse::<usize>().unwrap() {
            return;
        }
    }
}
