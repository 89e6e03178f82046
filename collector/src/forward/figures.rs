//! The state of each destination, for operators: `GET /v1/status` and `GET /metrics`.

use super::worker::State;
use crate::store::Store;
use crate::store::forward::{self, Counts};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use recobeacon_engine::json::Object;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// The figures of a destination.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The destination's name.
    pub name: String,
    /// The numbers of its queue. `None`: the database does not answer.
    pub counts: Option<Counts>,
    /// Seconds since the oldest event that is not delivered was received, or 0.
    pub lag_seconds: u64,
    /// Events whose request failed since the start and that are sent again.
    pub retried: u64,
    /// Events that the vendor has refused since the start.
    pub refused: u64,
    /// Requests in flight.
    pub in_flight: usize,
    /// Seconds until the end of the pause after failures, or 0.
    pub paused_seconds: u64,
    /// The time and the text of the last failure since the start.
    pub failure: Option<(u64, String)>,
}

/// Reads the figures of a destination at this time.
pub(super) async fn read(state: &State, store: &Store, now: u64) -> Figures {
    let name = Arc::clone(&state.destination.name);
    let counts = store.query(move |connection| forward::counts(connection, &name)).await.ok();
    let oldest = counts.and_then(|counts| counts.oldest);
    Figures {
        name: state.destination.name.to_string(),
        counts,
        lag_seconds: oldest.map_or(0, |at| now.saturating_sub(at) / 1000),
        retried: state.retried.load(Ordering::Relaxed),
        refused: state.refused.load(Ordering::Relaxed),
        in_flight: state.in_flight.load(Ordering::Relaxed),
        paused_seconds: state.pause().as_millis().div_ceil(1000) as u64,
        failure: state.failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    }
}

impl Figures {
    /// Writes the figures as JSON.
    pub fn write(&self, out: &mut String) {
        let mut object = Object::new(out);
        object.text("name", &self.name);
        if let Some(counts) = &self.counts {
            object
                .whole("waiting", counts.waiting)
                .whole("lagSeconds", self.lag_seconds)
                .whole("delivered", counts.delivered)
                .whole("deadLetters", counts.dead)
                .whole("dropped", counts.dropped);
        }
        object
            .whole("retried", self.retried)
            .whole("refused", self.refused)
            .whole("inFlight", self.in_flight as u64)
            .whole("pausedSeconds", self.paused_seconds);
        if let Some((at, text)) = &self.failure {
            object.whole("lastErrorAt", *at).text("lastError", text);
        }
        object.end();
    }
}

/// The destination, by its configured name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct To {
    destination: String,
}

type Gauges = Family<To, Gauge>;
type Counters = Family<To, Counter>;

/// The figures as `GET /metrics` has them.
#[derive(Debug, Default)]
pub struct Series {
    waiting: Gauges,
    lag: Gauges,
    dead: Gauges,
    delivered: Counters,
    dropped: Counters,
    retried: Counters,
    refused: Counters,
}

impl Series {
    /// Registers them. A destination has a value after [`Series::set`].
    pub fn register(&self, registry: &mut Registry) {
        let Self { waiting, lag, dead, delivered, dropped, retried, refused } = self;
        let registry = registry.sub_registry_with_prefix("recobeacon_forward");
        for (name, help, gauges) in [
            ("waiting_events", "Events that are not delivered", waiting),
            ("dead_letters", "Events that are not sent again", dead),
        ] {
            registry.register(name, help, gauges.clone());
        }
        let help = "Time since the oldest event that is not delivered was received";
        registry.register_with_unit("lag", help, Unit::Seconds, lag.clone());
        for (name, help, counters) in [
            ("delivered_events", "Delivered events since the database was made", delivered),
            ("dropped_events", "Events that were not queued because of max_events", dropped),
            ("retried_events", "Events that are sent again after a request that failed", retried),
            ("refused_events", "Events that the vendor refused", refused),
        ] {
            registry.register(name, help, counters.clone());
        }
    }

    /// Sets the values of a destination. Numbers of the queue that could not be read stay as they
    /// are.
    pub fn set(&self, figures: &Figures) {
        let to = To { destination: figures.name.clone() };
        let gauge = |gauges: &Gauges, value: u64| {
            gauges.get_or_create(&to).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        // The values are counted elsewhere and only grow, as a counter must.
        let counter = |counters: &Counters, value: u64| {
            counters.get_or_create(&to).inner().store(value, Ordering::Relaxed);
        };
        if let Some(counts) = &figures.counts {
            gauge(&self.waiting, counts.waiting);
            gauge(&self.lag, figures.lag_seconds);
            gauge(&self.dead, counts.dead);
            counter(&self.delivered, counts.delivered);
            counter(&self.dropped, counts.dropped);
        }
        counter(&self.retried, figures.retried);
        counter(&self.refused, figures.refused);
    }
}
