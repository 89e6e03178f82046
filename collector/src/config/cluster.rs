//! The table `[cluster]`: the stream between collectors on several machines and the writer.

use super::faults::Faults;
use super::purpose::{Purpose, of_service};
use crate::whole::Whole;
use async_nats::ServerAddr;
use serde::Deserialize;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// The stream, and the servers that have it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The NATS servers. One that can be reached is enough.
    pub servers: Servers,
    /// The name of the stream. It is also the first part of its subjects.
    pub stream: String,
    /// The servers that have each message.
    pub replicas: usize,
    /// The size of the stream above which requests are answered 503, in bytes.
    pub most_bytes: i64,
    /// The time after which a request is answered 503, while the stream has not stored its events.
    pub patience: Duration,
    /// A file with the certificates (PEM) that the servers' certificates are checked with, beside
    /// those of the operating system.
    pub ca: Option<PathBuf>,
}

/// Addresses that may have a password.
#[derive(Clone)]
pub struct Servers(pub Vec<ServerAddr>);

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Servers({})", self.0.len())
    }
}

/// The table as written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCluster {
    nats: Vec<String>,
    stream: Option<String>,
    replicas: Option<Whole>,
    stream_mib: Option<Whole>,
    timeout_seconds: Option<Whole>,
    ca: Option<PathBuf>,
}

const STREAM: &str = "recobeacon";
/// Longest name of the stream.
const NAME_BYTES: usize = 32;
/// JetStream's own bound (<https://docs.nats.io/nats-concepts/jetstream/streams>).
const REPLICAS: RangeInclusive<u64> = 1..=5;
const REPLICAS_DEFAULT: u64 = 3;
const MIB: RangeInclusive<u64> = 1..=16 * 1024 * 1024;
const MIB_DEFAULT: u64 = 10 * 1024;
const SECONDS: RangeInclusive<u64> = 1..=60;
const SECONDS_DEFAULT: u64 = 5;

impl FileCluster {
    pub fn check(self, purpose: Purpose, faults: &mut Faults<'_>) -> Cluster {
        let mut whole = |name: &str, given, bounds, default| {
            faults.whole_or(format!("cluster.{name}"), given, bounds, default)
        };
        let replicas = whole("replicas", self.replicas, &REPLICAS, REPLICAS_DEFAULT);
        let mib = whole("stream_mib", self.stream_mib, &MIB, MIB_DEFAULT);
        let seconds = whole("timeout_seconds", self.timeout_seconds, &SECONDS, SECONDS_DEFAULT);
        let mut servers = Vec::new();
        for (place, address) in self.nats.iter().enumerate() {
            let server = server(address);
            if server.is_none() {
                // The sentence does not repeat the address, which may have a password.
                let sentence =
                    "must be an address like nats://10.0.0.1:4222 or tls://nats.example:4222";
                faults.add(format!("cluster.nats[{place}]"), sentence);
            }
            servers.extend(server);
        }
        if self.nats.is_empty() {
            faults.add("cluster.nats".to_owned(), "must have at least one address");
        }
        let stream = self.stream.unwrap_or_else(|| STREAM.to_owned());
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if !((1..=NAME_BYTES).contains(&stream.len()) && stream.bytes().all(is_plain)) {
            let sentence = format!("must be 1 to {NAME_BYTES} letters, digits and -_");
            faults.add("cluster.stream".to_owned(), sentence);
        }
        let is_wrong = |file: &&PathBuf| purpose.needs_all() && !file.is_file();
        if let Some(file) = self.ca.as_ref().filter(is_wrong) {
            if purpose.is_of_service(file) {
                faults.add_note("cluster.ca", of_service(file));
            } else {
                faults.add("cluster.ca".to_owned(), format!("{} is not a file", file.display()));
            }
        }
        Cluster {
            servers: Servers(servers),
            stream,
            replicas: replicas as usize,
            most_bytes: (mib * 1024 * 1024) as i64,
            patience: Duration::from_secs(seconds),
            ca: self.ca,
        }
    }
}

/// The address of a NATS server. Other schemes, such as WebSocket, are not compiled in.
fn server(address: &str) -> Option<ServerAddr> {
    let host = ["nats://", "tls://"].iter().find_map(|scheme| address.strip_prefix(scheme))?;
    let is_plain = !host.is_empty() && !host.contains(['/', ' ', '?', '#']);
    if is_plain { address.parse().ok() } else { None }
}
