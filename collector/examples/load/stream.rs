//! A stream of NATS JetStream without a collector: a bare publisher, and the time until a writer has
//! taken all messages.

use super::crowd::runtime;
use async_nats::jetstream::stream::Config;
use async_nats::jetstream::{self, Context};
use std::time::{Duration, Instant};

/// The stream of the collectors, by its default name.
const STREAM: &str = "recobeacon";
/// The stream of the bare publisher, and its subject.
const BARE: &str = "bare";
const SUBJECT: &str = "bare.events";
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

/// Publishes copies of a message of the collectors' stream to a stream of its own, which has the same
/// settings.
pub fn publish(options: &Publish) -> String {
    let (messages, bytes) = runtime().block_on(async {
        let context = context(&options.nats).await;
        let stream = context.get_stream(STREAM).await.unwrap();
        let (settings, state) = (&stream.cached_info().config, &stream.cached_info().state);
        let message = stream.get_raw_message(state.first_sequence).await.unwrap();
        let subjects = vec![SUBJECT.to_owned()];
        let settings = Config { name: BARE.to_owned(), subjects, ..settings.clone() };
        context.create_stream(settings).await.unwrap();
        let until = Instant::now() + Duration::from_secs(options.seconds);
        let mut clients = Vec::new();
        for _ in 0..options.connections {
            let (context, message) = (context.clone(), message.clone());
            clients.push(tokio::spawn(async move {
                let mut messages = 0;
                while Instant::now() < until {
                    let (headers, body) = (message.headers.clone(), message.payload.clone());
                    let sent = context.publish_with_headers(SUBJECT, headers, body);
                    sent.await.unwrap().await.unwrap();
                    messages += 1;
                }
                messages
            }));
        }
        let mut all = 0_u64;
        for client in clients {
            all += client.await.unwrap();
        }
        context.delete_stream(BARE).await.unwrap();
        (all, message.payload.len())
    });
    let seconds = options.seconds;
    format!(r#"{{"messages":{messages},"bytes":{bytes},"seconds":{seconds}}}"#)
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
