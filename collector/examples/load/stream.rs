//! A stream of NATS JetStream without a collector: a bare publisher, and the time until a writer has
//! taken all messages.

use super::crowd::percentile_ms;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Context};
use std::time::{Duration, Instant};

/// The stream of the collectors, by its default name.
const STREAM: &str = "recobeacon";
/// The stream of the bare publisher, with the same settings.
const BARE: &str = "bare";
/// Pause between two questions for the number of messages.
const PAUSE: Duration = Duration::from_millis(20);
/// A writer that takes longer has stopped.
const LONGEST: Duration = Duration::from_secs(120);

/// Where the stream is, and how it is used.
#[derive(clap::Args)]
pub struct Publish {
    /// The servers, which must be on loopback.
    #[arg(long)]
    nats: String,
    #[arg(long)]
    replicas: usize,
    /// Messages that wait for the stream at the same time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

async fn context(nats: &str) -> Context {
    assert!(nats.split(',').all(|url| url.starts_with("nats://127.0.0.1:")), "only loopback");
    let servers: Vec<&str> = nats.split(',').collect();
    jetstream::new(async_nats::connect(servers).await.unwrap())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Publishes copies of a message of the collectors' stream to a stream of its own.
pub fn publish(options: &Publish) -> String {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(options.seconds);
    let (results, bytes) = runtime().block_on(async {
        let context = context(&options.nats).await;
        let settings = Config {
            name: BARE.to_owned(),
            subjects: vec![format!("{BARE}.events")],
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: options.replicas,
            ..Config::default()
        };
        context.create_stream(settings).await.unwrap();
        let stream = context.get_stream(STREAM).await.unwrap();
        let first = stream.cached_info().state.first_sequence;
        let message = stream.get_raw_message(first).await.unwrap();
        let mut clients = Vec::new();
        for _ in 0..options.connections {
            let (context, message) = (context.clone(), message.clone());
            clients.push(tokio::spawn(async move {
                let mut micros = Vec::new();
                while Instant::now() < until {
                    let at = Instant::now();
                    let (headers, body) = (message.headers.clone(), message.payload.clone());
                    let sent =
                        context.publish_with_headers(format!("{BARE}.events"), headers, body);
                    sent.await.unwrap().await.unwrap();
                    micros.push(at.elapsed().as_micros() as u32);
                }
                micros
            }));
        }
        let mut all: Vec<u32> = Vec::new();
        for client in clients {
            all.extend(client.await.unwrap());
        }
        context.delete_stream(BARE).await.unwrap();
        all.sort_unstable();
        (all, message.payload.len())
    });
    let seconds = options.seconds;
    let (messages, p50, p99) =
        (results.len(), percentile_ms(&results, 0.5), percentile_ms(&results, 0.99));
    format!(
        r#"{{"messages":{messages},"bytes":{bytes},"seconds":{seconds},"p50Ms":{p50:.3},"p99Ms":{p99:.3}}}"#
    )
}

/// Waits until a writer has confirmed all messages. Counts those that it confirms after the first
/// ones, so that the writer's start is not a part of the time.
pub fn drain(nats: &str) -> String {
    let (messages, seconds) = runtime().block_on(async {
        let context = context(nats).await;
        let left =
            || async { context.get_stream(STREAM).await.unwrap().cached_info().state.messages };
        let (asked, all) = (Instant::now(), left().await);
        let mut begun = None;
        loop {
            let now = left().await;
            if now < all && begun.is_none() {
                begun = Some((Instant::now(), now));
            }
            if let Some((begun, rest)) = begun.filter(|_| now == 0) {
                break (rest, begun.elapsed().as_secs_f64());
            }
            assert!(asked.elapsed() < LONGEST, "the writer left {now} messages");
            tokio::time::sleep(PAUSE).await;
        }
    });
    format!(r#"{{"messages":{messages},"seconds":{seconds:.3}}}"#)
}
