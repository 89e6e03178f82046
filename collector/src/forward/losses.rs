//! Tells the operator which events a vendor does not get because of a limit. Dropped events leave no
//! other trace than a figure, so their line is repeated, at most once a minute. Expired ones are dead
//! letters, so one line for each destination is enough.

use super::worker::State;
use crate::clock::now_ms;
use crate::limits::Limits;
use crate::minutely::Minutely;
use crate::store::forward::{self, Losses};
use crate::store::{Store, db};
use std::sync::{Arc, Once};
use tokio_util::sync::CancellationToken;

/// The losses of all destinations.
pub struct Untold {
    since: u64,
    all: Vec<Told>,
}

/// The losses of a destination that the log has told of.
struct Told {
    state: Arc<State>,
    /// The dropped events that were known at the start, and those that were told since.
    dropped_before: Option<u64>,
    dropped: Minutely,
    expired: Once,
    deleted: Once,
}

impl Untold {
    /// Notes the losses before the start, which are no news.
    pub async fn of(states: &[Arc<State>], store: &Store) -> Self {
        let since = now_ms();
        let mut all = Vec::new();
        for state in states {
            let before = read(state, store, since).await;
            all.push(Told {
                state: Arc::clone(state),
                dropped_before: before.map(|losses| losses.dropped),
                dropped: Minutely::default(),
                expired: Once::new(),
                deleted: Once::new(),
            });
        }
        Self { since, all }
    }

    /// Looks for losses regularly, and once more at the end.
    pub async fn tell(mut self, store: Arc<Store>, stop: CancellationToken) {
        loop {
            let is_last = stop.is_cancelled();
            for told in &mut self.all {
                if let Some(losses) = read(&told.state, &store, self.since).await {
                    told.log(&losses);
                }
            }
            if is_last {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Limits::EXPIRE_PAUSE) => {}
            }
        }
    }
}

/// `None`: the database does not answer.
async fn read(state: &State, store: &Store, since: u64) -> Option<Losses> {
    let name = Arc::clone(&state.destination.name);
    let query = move |connection: &db::Connection| forward::losses(connection, &name, since);
    store.query(query).await.ok()
}

impl Told {
    fn log(&mut self, losses: &Losses) {
        let destination = &self.state.destination;
        let name = &destination.name;
        let before = *self.dropped_before.get_or_insert(losses.dropped);
        if losses.dropped > before && self.dropped.due().is_some() {
            self.dropped_before = Some(losses.dropped);
            tracing::warn!(
                "forward {name}: {} events wait (max_events), so further events were stored and are \
                 not forwarded: {} since the last line; GET /v1/status has the vendor's last error. If \
                 there is none, raise requests_per_second, connections or max_events",
                destination.max_events,
                losses.dropped - before
            );
        }
        if losses.has_expired {
            self.expired.call_once(|| {
                tracing::warn!(
                    "forward {name}: events were not delivered within max_age_hours; they are dead \
                     letters without ids and are not sent again"
                );
            });
        }
        if losses.dead >= Limits::DEAD_LETTERS {
            self.deleted.call_once(|| {
                tracing::warn!(
                    "forward {name}: there are {} dead letters, and a further one deletes the oldest; \
                     mend the cause, then replay or delete them (recobeacon-collector dead-letters list)",
                    Limits::DEAD_LETTERS
                );
            });
        }
    }
}
