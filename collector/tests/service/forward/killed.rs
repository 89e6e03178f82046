//! Collector and vendors end at random moments. Nothing is lost that is promised, and copies occur
//! only where they are documented.

use super::three;
use super::vendor::{Seen, Vendor, status};
use super::{click, item};
use crate::common::database::{self, address, place};
use crate::common::process::Process;
use crate::common::{PATIENCE, SECRET, batch, id, send};
use recobeacon_collector::place::Place;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const VISITORS: u64 = 6;
const ROUNDS: u64 = 15;
const EVENTS: u64 = 30;

/// Random numbers with a printed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % most
    }
}

/// The two vendors. What one of them has seen stays known when it ends.
struct Both {
    addresses: [SocketAddr; 2],
    up: [Option<Vendor>; 2],
    ended: [Vec<Arc<Mutex<Vec<Seen>>>>; 2],
}

impl Both {
    async fn start() -> Self {
        let up = [Vendor::willing().await, Vendor::willing().await];
        let addresses = [up[0].address, up[1].address];
        Self { addresses, up: up.map(Some), ended: [Vec::new(), Vec::new()] }
    }

    async fn end(&mut self, which: usize) {
        if let Some(vendor) = self.up[which].take() {
            self.ended[which].push(vendor.end().await);
        }
    }

    /// What a vendor has seen in all of its lives.
    fn seen(&self, which: usize) -> Vec<Seen> {
        self.ended[which].iter().flat_map(|seen| seen.lock().unwrap().clone()).collect()
    }

    async fn again(&mut self, which: usize) {
        if self.up[which].is_none() {
            self.up[which] = Some(Vendor::at(self.addresses[which], |_, _| status(200)).await);
        }
    }
}

fn configuration(both: &Both) -> String {
    let [ibexa, intempt] = both.addresses;
    format!(
        "[[forward]]\nname = \"once\"\nprotocol = \"ibexa\"\ncustomer_id = \"1\"\n\
         endpoint = \"http://{ibexa}\"\nrequests_per_second = 10000\n\
         [[forward]]\nname = \"idempotent\"\nprotocol = \"intempt\"\norganization = \"o\"\n\
         project = \"p\"\nsource = \"1\"\nidempotent = true\nendpoint = \"http://{intempt}\"\n\
         requests_per_second = 10000\n\
         [[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n"
    )
}

/// Sends the batch until it is stored, as the tracker does. Returns false if the collector ends.
async fn stored(address: SocketAddr, body: &str) -> bool {
    let exchange = async {
        let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
        let length = body.len();
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await.ok()?;
        answer.starts_with(b"HTTP/1.1 204").then_some(())
    };
    exchange.await.is_some()
}

/// The events in the queue with this state: (destination, id, reason).
fn entries(place: &Place, state: &str) -> Vec<(String, String, Option<String>)> {
    let sql = format!("SELECT destination, event, reason FROM forward WHERE state = '{state}'");
    database::rows(place, 3, &sql).into_iter().map(three).collect()
}

/// The items in each visitor's order must rise.
fn in_order(items: impl Iterator<Item = u64>, name: &str) {
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for n in items {
        let before = last.insert(n % VISITORS, n).unwrap_or_default();
        assert!(before < n, "{name}: {n} after {before}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_at_random_moments_lose_nothing_that_is_promised() {
    let seed = super::now();
    println!("seed {seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let (place, file) = (place(folder.path()), folder.path().join("c.toml"));
    let address = address(folder.path());
    let mut both = Both::start().await;
    std::fs::write(&file, configuration(&both)).unwrap();
    let arguments = ["--config", file.to_str().unwrap(), "--database", &address];
    let mut next = 1;
    let mut waiting: Option<String> = None;
    for _ in 0..ROUNDS {
        for which in 0..2 {
            both.again(which).await;
        }
        let mut collector = Process::start(&arguments);
        let address = collector.address;
        let life = Duration::from_millis(20 + random.below(400));
        let end_of_vendor = Duration::from_millis(random.below(500));
        let begun = Instant::now();
        while begun.elapsed() < life {
            // A batch that was not answered is sent again, with the same ids.
            let body = waiting.take().unwrap_or_else(|| {
                let events: Vec<Value> = (next..next + EVENTS)
                    .map(|n| click(n, &format!("visitor-{}", n % VISITORS)))
                    .collect();
                next += EVENTS;
                batch(&format!("s{next}"), 0, &events).to_string()
            });
            let left = life.saturating_sub(begun.elapsed());
            match tokio::time::timeout(left, stored(address, &body)).await {
                Ok(true) => {}
                Ok(false) | Err(_) => waiting = Some(body),
            }
            if begun.elapsed() > end_of_vendor {
                both.end(random.below(2) as usize).await;
            }
        }
        collector.child.kill().unwrap();
        collector.child.wait().unwrap();
    }
    for which in 0..2 {
        both.again(which).await;
    }
    let collector = Process::start(&arguments);
    if let Some(body) = waiting {
        let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
        assert_eq!(answer.status, 204);
    }
    let begun = Instant::now();
    while !entries(&place, "waiting").is_empty() || !entries(&place, "sent").is_empty() {
        assert!(begun.elapsed() < PATIENCE * 3, "{:?}", entries(&place, "waiting"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(collector);
    for which in 0..2 {
        both.end(which).await;
    }
    let dead = entries(&place, "dead");
    check(&both, &dead, next);
}

fn check(both: &Both, dead: &[(String, String, Option<String>)], next: u64) {
    // At most once: no event twice, and each missing one is a dead letter of unknown outcome.
    let once: Vec<u64> = both.seen(0).iter().map(|seen| item(&seen.target)).collect();
    let distinct: BTreeSet<u64> = once.iter().copied().collect();
    assert_eq!(once.len(), distinct.len(), "a copy at a destination that counts copies");
    in_order(once.iter().copied(), "once");
    let lost: BTreeSet<&str> = dead
        .iter()
        .filter(|(name, _, _)| name == "once")
        .map(|(_, event, reason)| {
            assert_eq!(reason.as_deref(), Some("unknown"));
            event.as_str()
        })
        .collect();
    for n in 1..next {
        assert!(distinct.contains(&n) || lost.contains(id(n).as_str()), "event {n} is gone");
    }
    // Idempotent: each event at least once, and no dead letter.
    assert!(dead.iter().all(|(name, _, _)| name == "once"), "{dead:?}");
    let mut first = Vec::new();
    let mut known = BTreeSet::new();
    for seen in both.seen(1) {
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        for entry in body["track"].as_array().unwrap() {
            let item = entry["payload"][0]["data"]["productId"].as_str().unwrap();
            let n: u64 = item.parse().unwrap();
            assert_eq!(entry["payload"][0]["eventId"], id(n));
            if known.insert(n) {
                first.push(n);
            }
        }
    }
    assert_eq!(known.len() as u64, next - 1, "an event is lost");
    in_order(first.into_iter(), "idempotent");
    println!("{} events, {} of unknown outcome", next - 1, lost.len());
}
