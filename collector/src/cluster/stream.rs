//! The connection to the NATS servers, and the stream.

use crate::config::cluster::Cluster;
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::minutely::Minutely;
use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::{Client, ConnectOptions, Event};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The longest pause between two attempts to connect.
const RECONNECT: Duration = Duration::from_secs(2);

/// The connection to the servers.
#[derive(Clone, Debug)]
pub struct Link {
    client: Client,
    /// The interface to JetStream.
    pub context: Context,
    cluster: Cluster,
}

impl Link {
    /// Connects. The servers need not be there yet: the client tries until they are.
    ///
    /// # Errors
    /// A file cannot be read.
    pub async fn connect(cluster: &Cluster) -> Result<Self, ConfigError> {
        let client = connect(cluster).await?;
        // No bound for unconfirmed messages of its own: the publisher has one.
        let context = ContextBuilder::new().timeout(cluster.patience).build(client.clone());
        Ok(Self { client, context, cluster: cluster.clone() })
    }

    /// The subject of the events.
    pub fn subject(&self) -> String {
        format!("{}.events", self.cluster.stream)
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Resolves after the connection of this moment was lost and there is a new one.
    pub fn renewed(&self) -> impl Future<Output = ()> + use<> {
        let statistics = self.client.statistics();
        let count = move || statistics.connects.load(Ordering::Relaxed);
        let before = count();
        async move {
            while count() == before {
                tokio::time::sleep(Limits::STREAM_PAUSE).await;
            }
        }
    }

    /// Makes the stream if it does not exist, and checks its settings.
    ///
    /// # Errors
    /// One sentence for the log.
    pub async fn open(&self) -> Result<Stream, String> {
        let wanted = self.settings();
        let name = &wanted.name;
        let stream = self.context.get_or_create_stream(wanted.clone()).await;
        let stream =
            stream.map_err(|error| format!("the stream {name:?} cannot be opened: {error}"))?;
        check(&stream.cached_info().config, &wanted)?;
        Ok(stream)
    }

    /// The settings of a new stream.
    fn settings(&self) -> Config {
        Config {
            name: self.cluster.stream.clone(),
            subjects: vec![self.subject()],
            // A message leaves the stream when a writer has confirmed it.
            retention: RetentionPolicy::WorkQueue,
            // A full stream refuses new messages. The other policy would delete unread ones.
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: self.cluster.replicas,
            max_bytes: self.cluster.most_bytes,
            description: Some("Events of recobeacon collectors for the writer".to_owned()),
            ..Config::default()
        }
    }

    /// The number of messages in the stream. `None` if it does not answer in time.
    pub async fn messages(&self) -> Option<u64> {
        let asked = self.context.get_stream(&self.cluster.stream);
        let stream = tokio::time::timeout(Limits::HEALTHY, asked).await.ok()?.ok()?;
        Some(stream.cached_info().state.messages)
    }
}

async fn connect(cluster: &Cluster) -> Result<Client, ConfigError> {
    let lines = Minutely::default();
    let mut options = ConnectOptions::new()
        .name("recobeacon-collector")
        .retry_on_initial_connect()
        .max_reconnects(None)
        .connection_timeout(cluster.patience)
        .request_timeout(Some(cluster.patience))
        .reconnect_delay_callback(|attempts| {
            let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
            Duration::from_millis(100).saturating_mul(attempts).min(RECONNECT)
        })
        .event_callback(move |event| {
            log(&event, &lines);
            std::future::ready(())
        });
    if let Some(file) = &cluster.ca {
        options = options.add_root_certificates(file.clone());
    }
    let connecting = options.connect(&cluster.servers.0).await;
    connecting.map_err(|error| ConfigError::new(format!("cluster.nats: {error}")))
}

/// The addresses of the servers are not logged, because they may have a password. Errors are logged
/// once a minute: each attempt to connect causes one.
fn log(event: &Event, lines: &Minutely) {
    let error = match event {
        Event::Connected => return tracing::info!("connected to a NATS server"),
        Event::Disconnected => return tracing::warn!("the connection to the NATS server is lost"),
        Event::ClientError(error) => error.to_string(),
        Event::ServerError(error) => error.to_string(),
        Event::SlowConsumer(_) | Event::LameDuckMode | Event::Draining | Event::Closed => return,
    };
    if lines.due().is_some() {
        tracing::warn!("a NATS server cannot be used: {error}");
    }
}

/// Refuses a stream that could lose events.
fn check(has: &Config, wanted: &Config) -> Result<(), String> {
    let name = &wanted.name;
    let losing = [
        ("retention", has.retention != wanted.retention),
        ("discard", has.discard != wanted.discard),
        ("storage", has.storage != wanted.storage),
        ("subjects", has.subjects != wanted.subjects),
        ("max_age", !has.max_age.is_zero()),
        ("no_ack", has.no_ack),
    ];
    if let Some((setting, _)) = losing.into_iter().find(|(_, differs)| *differs) {
        return Err(format!(
            "the stream {name:?} has another {setting} than this collector needs, and could lose \
             events; delete it, or set cluster.stream to another name"
        ));
    }
    if has.num_replicas != wanted.num_replicas || has.max_bytes != wanted.max_bytes {
        tracing::warn!(
            "the stream {name:?} has {} replicas and max_bytes {}, not those of [cluster]; \
             change it with `nats stream edit`",
            has.num_replicas,
            has.max_bytes
        );
    }
    Ok(())
}
