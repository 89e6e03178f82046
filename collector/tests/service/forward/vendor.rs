//! A vendor on loopback that records requests and answers as a test asks.

use crate::common::PATIENCE;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With this status, further header lines, and body.
    Status(u16, &'static str, String),
    /// After a time.
    After(Duration, Box<Reply>),
    /// The connection ends without an answer.
    Reset,
}

pub fn status(status: u16) -> Reply {
    Reply::Status(status, "", String::new())
}

type Answer = dyn FnMut(&Seen, usize) -> Reply + Send;

pub struct Vendor {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Vendor {
    /// Answers each request with the closure's reply. Its second argument counts the requests from
    /// 0.
    pub async fn start(answer: impl FnMut(&Seen, usize) -> Reply + Send + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    pub async fn at(
        address: SocketAddr,
        answer: impl FnMut(&Seen, usize) -> Reply + Send + 'static,
    ) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<Mutex<Box<Answer>>> = Arc::new(Mutex::new(Box::new(answer)));
        let task = tokio::spawn(accept(listener, Arc::clone(&seen), answer));
        Self { address, seen, task }
    }

    /// Takes every request.
    pub async fn willing() -> Self {
        Self::start(|_, _| status(200)).await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// Waits for this number of requests.
    pub async fn until(&self, requests: usize) {
        let begun = Instant::now();
        while self.seen.lock().unwrap().len() < requests {
            assert!(begun.elapsed() < PATIENCE, "{:#?}", self.seen());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the vendor. Its connections end as well.
    pub async fn end(self) -> Vec<Seen> {
        self.task.abort();
        let seen = self.seen();
        let _ = self.task.await;
        seen
    }
}

async fn accept(
    listener: TcpListener,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Box<Answer>>>,
) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Box<Answer>>>,
) {
    let mut received = Vec::new();
    while let Some(request) = read(&mut stream, &mut received).await {
        let mut reply = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            let number = seen.len() - 1;
            (*answer.lock().unwrap())(&request, number)
        };
        while let Reply::After(time, then) = reply {
            tokio::time::sleep(time).await;
            reply = *then;
        }
        let Reply::Status(status, headers, body) = reply else { return };
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Seen> {
    loop {
        if let Some(seen) = parse(received) {
            return Some(seen);
        }
        let mut some = [0; 65536];
        let count = stream.read(&mut some).await.ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&some[..count]);
    }
}

/// Takes a whole request off the received bytes.
fn parse(received: &mut Vec<u8>) -> Option<Seen> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    if received.len() < end + 4 + length {
        return None;
    }
    seen.body = String::from_utf8(received[end + 4..end + 4 + length].to_vec()).unwrap();
    received.drain(..end + 4 + length);
    Some(seen)
}
