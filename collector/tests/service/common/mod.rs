//! A collector in this process on a free port, and an HTTP client that sends requests unchanged.
//! Other clients would correct the malformed requests of these tests.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

pub mod database;
pub mod desk;
pub mod process;
pub mod proxy;
pub mod raw;

use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use recobeacon_collector::place::Place;
use recobeacon_collector::pseudonym::{Hasher, Key, parse_secret};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest time for any step of a test.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The key of every test server. The hashes in `pseudonym.rs` are tested with the same key.
pub const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// The hash of `johndoe` with that key, computed by Python's `hmac`.
pub const JOHNDOE: &str = "a1bf54c2232c966f8201ba97add4126b";
/// The hash of `Js79009234YU7`, computed in the same way.
pub const VISITOR: &str = "0d59260b596534e092c7a98579fc032f";

pub struct Server {
    pub collector: Collector,
    pub address: SocketAddr,
    /// The address of the admin listener.
    pub admin: SocketAddr,
    pub folder: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// Starts a server with this TOML before the key.
    pub async fn with(toml: &str) -> Self {
        Self::serving(toml, None).await
    }

    /// Starts a server with these files, as name and content, under `dist/` or `site/`.
    pub async fn serving(toml: &str, files: Option<&[(&str, &[u8])]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files.into_iter().flatten() {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Self::within(folder, toml, files.is_some()).await
    }

    async fn within(folder: TempDir, toml: &str, has_files: bool) -> Self {
        let toml = format!("{toml}\n[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n");
        let flags = Overrides {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            admin_listen: Some("127.0.0.1:0".parse().unwrap()),
            database: Some(database::place(folder.path())),
            dist: has_files.then(|| folder.path().join("dist")),
            site: has_files.then(|| folder.path().join("site")),
            inspector: false,
        };
        let config = Config::from_toml(&toml, flags).unwrap();
        let collector = Collector::start(config).await.unwrap();
        let (address, admin) = (collector.address().unwrap(), collector.admin_address());
        Self { address, admin, collector, folder }
    }

    /// Stops this server and starts one with another TOML on the same database.
    pub async fn again(self, toml: &str) -> Self {
        let Self { collector, folder, .. } = self;
        collector.stop().await;
        Self::within(folder, toml, false).await
    }

    /// The database of this server.
    pub fn place(&self) -> Place {
        database::place(self.folder.path())
    }

    /// The file of a database of SQLite.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("events.sqlite")
    }

    /// Sends one request on its own connection.
    pub async fn send(&self, method: &str, target: &str, headers: &str, body: &[u8]) -> Answer {
        send(self.address, method, target, headers, body).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "", b"").await
    }

    /// The number of events that were left out because their names are unknown.
    pub async fn unknown_events(&self) -> u64 {
        let status: Value =
            serde_json::from_slice(&self.read("/v1/status", "").await.body).unwrap();
        status["unknownEvents"].as_u64().unwrap()
    }

    /// Sends one request to the admin listener.
    pub async fn read(&self, target: &str, headers: &str) -> Answer {
        send(self.admin, "GET", target, headers, b"").await
    }

    pub async fn post(&self, body: impl ToString) -> Answer {
        self.send("POST", "/v1/events", "", body.to_string().as_bytes()).await
    }

    /// All stored events.
    pub async fn events(&self) -> Vec<Value> {
        self.list("events").await
    }

    /// All batches.
    pub async fn batches(&self) -> Vec<Value> {
        self.list("batches").await
    }

    async fn list(&self, name: &str) -> Vec<Value> {
        let answer = self.read(&format!("/v1/{name}?limit=10000"), "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json: Value = serde_json::from_slice(&answer.body).unwrap();
        json[name].as_array().unwrap().clone()
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request on its own connection. `headers` are lines that end with CRLF. Without a
/// `Host` line the server's address is used.
pub async fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> Answer {
    let names_host = |line: &str| line.to_ascii_lowercase().starts_with("host:");
    let host = if headers.lines().any(names_host) {
        String::new()
    } else {
        format!("Host: {address}\r\n")
    };
    let length = if body.is_empty() && method != "POST" {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let head =
        format!("{method} {target} HTTP/1.1\r\n{host}Connection: close\r\n{length}{headers}\r\n");
    raw(address, &[head.as_bytes(), body].concat(), method == "HEAD").await
}

/// Sends these bytes and reads the response until the connection closes.
pub async fn raw(address: SocketAddr, bytes: &[u8], head_only: bool) -> Answer {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        parse(&received, head_only)
    };
    tokio::time::timeout(PATIENCE, exchange).await.unwrap()
}

pub fn parse(received: &[u8], head_only: bool) -> Answer {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| {
        panic!("no answer: {:?}", String::from_utf8_lossy(received));
    });
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: received[end + 4..].to_vec() };
    if answer.header("transfer-encoding") == Some("chunked") {
        let (body, finished) = unchunk(&mut answer.body);
        assert!(finished, "the response ends within a chunk");
        answer.body = body;
    } else if let Some(length) = answer.header("content-length").filter(|_| !head_only) {
        assert_eq!(answer.body.len(), length.parse::<usize>().unwrap(), "the body is cut off");
    }
    answer
}

/// Returns the complete chunks, and whether the last one has arrived. `bytes` keeps the incomplete
/// rest.
pub fn unchunk(bytes: &mut Vec<u8>) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    let mut done = 0;
    let mut ended = false;
    while let Some(line) = bytes[done..].windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&bytes[done..done + line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let start = done + line + 2;
        if bytes.len() < start + size + 2 {
            break;
        }
        body.extend_from_slice(&bytes[start..start + size]);
        done = start + size + 2;
        ended |= size == 0;
    }
    bytes.drain(..done);
    (body, ended)
}

/// The hash of a user id with [`SECRET`]. `pseudonym.rs` tests that hashes are correct.
pub fn hash(id: &str) -> String {
    let secret = parse_secret(SECRET).unwrap();
    Hasher::new(&[Key { number: 3, secret }], Path::new("unused")).unwrap().hash(id)
}

/// A stored row of a vendor's request without the fields that differ between runs. Asserts that
/// these fields are present.
pub fn neutral(mut row: Value, source: &str, customer: &str) -> Value {
    let fields = row.as_object_mut().unwrap();
    let (at, received_at) = (fields.remove("at").unwrap(), fields.remove("receivedAt").unwrap());
    assert!(at == received_at && at.as_u64().unwrap() > 1_763_683_200_000);
    let id = fields.remove("id").unwrap();
    assert_eq!((id.as_str().unwrap().len(), &id.as_str().unwrap()[14..15]), (36, "7"));
    fields.remove("row").unwrap();
    assert_eq!(fields.remove("source").unwrap(), source);
    assert_eq!(fields.remove("customer").unwrap(), customer);
    if fields.contains_key("user") || fields.contains_key("anonymous") {
        assert_eq!(fields.remove("key").unwrap(), 3);
    }
    row
}

/// An event id: a UUIDv7 that contains `n`.
pub fn id(n: u64) -> String {
    format!("0193bdc1-0000-7000-8000-{n:012x}")
}

/// A click with that id.
pub fn click(n: u64) -> Value {
    json!({ "id": id(n), "type": "click", "at": 1_763_683_199_000u64, "itemType": "1", "itemId": "123" })
}

/// A batch in the tracker's format.
pub fn batch(stream: &str, seq: u64, events: &[Value]) -> Value {
    json!({
        "v": 1, "client": "recobeacon/0.1.0", "stream": stream, "seq": seq,
        "sentAt": 1_763_683_200_000u64, "events": events,
    })
}

/// The object with some fields changed. `null` removes a field.
pub fn changed(mut object: Value, changes: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    object
}

/// An open event stream.
pub struct EventStream {
    stream: TcpStream,
    received: Vec<u8>,
    text: Vec<u8>,
    ended: bool,
    pub head: Option<Answer>,
    /// The received events: id and data.
    pub events: Vec<(u64, Value)>,
}

impl EventStream {
    pub async fn open(address: SocketAddr, target: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (received, text, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { stream, received, text, ended: false, head: None, events }
    }

    /// Reads until `enough` returns true for the received events, or until the stream ends. Returns
    /// whether it ended.
    pub async fn until(&mut self, enough: impl Fn(&[(u64, Value)]) -> bool) -> bool {
        let read = async {
            while !self.ended && !enough(&self.events) {
                let mut some = [0; 65536];
                let count = self.stream.read(&mut some).await.unwrap();
                assert!(count > 0, "the stream was aborted");
                self.received.extend_from_slice(&some[..count]);
                self.take();
            }
            self.ended
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap()
    }

    fn take(&mut self) {
        if self.head.is_none() {
            let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") else {
                return;
            };
            let head: Vec<u8> = self.received.drain(..end + 4).collect();
            self.head = Some(parse(&[&head, b"0\r\n\r\n".as_slice()].concat(), true));
        }
        let (body, ended) = unchunk(&mut self.received);
        self.ended = ended;
        self.text.extend_from_slice(&body);
        while let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            let block = String::from_utf8(block).unwrap();
            if block.starts_with(':') {
                continue;
            }
            let lines: Vec<&str> = block.trim_end().lines().collect();
            let [id, "event: event", data] = lines[..] else { panic!("not an event: {block}") };
            let id = id.strip_prefix("id: ").unwrap().parse().unwrap();
            let data = data.strip_prefix("data: ").unwrap();
            self.events.push((id, serde_json::from_str(data).unwrap()));
        }
    }
}
