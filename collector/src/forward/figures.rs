//! The state of each destination, for operators: `GET /v1/status`.

use super::worker::State;
use crate::store::Store;
use crate::store::forward::{self, Counts};
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
        object.whole("inFlight", self.in_flight as u64).whole("pausedSeconds", self.paused_seconds);
        if let Some((at, text)) = &self.failure {
            object.whole("lastErrorAt", *at).text("lastError", text);
        }
        object.end();
    }
}
