//! Decides what is sent when: for each destination the oldest entries first, the events of a
//! visitor one request after the other, within the limits of rate and connections.

use super::client::{Client, Connection};
use super::delivery::{After, Job};
use super::seal::Seals;
use crate::clock::now_ms;
use crate::destination::Destination;
use crate::limits::Limits;
use crate::minutely::Minutely;
use crate::store::forward::{self, Change, Head, Reason};
use crate::store::{Store, db};
use recobeacon_engine::delivery::backoff::Backoff;
use recobeacon_engine::limits::Limits as Tracker;
use recobeacon_engine::protocol::BatchShape;
use recobeacon_engine::time::Now;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The state of a destination, shared with those who read its figures.
pub struct State {
    /// The destination.
    pub destination: Arc<Destination>,
    /// Connections that wait for the next request.
    pub idle: Mutex<Vec<Connection>>,
    /// The time and the text of the last failure.
    pub failure: Mutex<Option<(u64, String)>>,
    /// Requests in flight.
    pub in_flight: AtomicUsize,
    /// Events whose request failed and that are sent again.
    pub retried: AtomicU64,
    /// Events that the vendor refused.
    pub refused: AtomicU64,
    lines: Minutely,
    started: Instant,
    backoff: Mutex<Backoff<{ Limits::FORWARD_BREAKER_MS }>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("destination", &self.destination).finish_non_exhaustive()
    }
}

impl State {
    /// Before the first request.
    pub fn new(destination: Arc<Destination>) -> Self {
        Self {
            destination,
            idle: Mutex::default(),
            failure: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            retried: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            lines: Minutely::default(),
            started: Instant::now(),
            backoff: Mutex::default(),
        }
    }

    /// The rest of the pause after failures.
    pub fn pause(&self) -> Duration {
        let backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(backoff.paused_until().saturating_sub(self.now().mono_ms))
    }

    /// Notes the failure for operators, and logs at most one line a minute.
    pub fn failed(&self, text: String) {
        let name = &self.destination.name;
        if let Some(times) = self.lines.due() {
            tracing::warn!("forward {name}: {text} ({times} failures since the last line)");
        }
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = Some((now_ms(), text));
    }

    fn note(&self, after: &After) {
        let now = self.now();
        let mut backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        match after {
            After::Delivered => backoff.on_success(),
            After::Failed(least_ms) => {
                backoff.on_failure(*least_ms, &now);
            }
            After::Misconfigured => {
                backoff.open_circuit();
                backoff.on_failure(Tracker::BREAKER_MS, &now);
            }
            After::Refused | After::NotStored => {}
        }
    }

    fn now(&self) -> Now {
        let mono = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut entropy = [0; 16];
        // The bits only spread the pauses.
        let _ = getrandom::fill(&mut entropy);
        Now { wall_ms: now_ms(), mono_ms: mono, entropy }
    }
}

/// The requests of one destination.
pub struct Worker {
    state: Arc<State>,
    store: Arc<Store>,
    client: Arc<Client>,
    seals: Arc<Seals>,
    tasks: JoinSet<After>,
    /// The entries of each running task, by the task's id.
    running: Vec<(tokio::task::Id, Group)>,
    rate: Rate,
}

/// The entries of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    rows: Vec<i64>,
    visitor: Option<String>,
    kind: String,
    retried: bool,
}

impl Worker {
    /// Starts nothing yet.
    pub fn new(
        state: Arc<State>,
        store: Arc<Store>,
        client: Arc<Client>,
        seals: Arc<Seals>,
    ) -> Self {
        let rate = Rate::new(state.destination.rate);
        Self { state, store, client, seals, tasks: JoinSet::new(), running: Vec::new(), rate }
    }

    /// Sends until `stop`. Then the requests in flight get this time.
    pub async fn run(mut self, stop: CancellationToken, patience: Duration) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.recover() => {}
        }
        let mut news = self.store.last();
        while !stop.is_cancelled() {
            let wait = self.start_due().await;
            tokio::select! {
                () = stop.cancelled() => {}
                Some(done) = self.tasks.join_next_with_id() => self.finish(done),
                Ok(()) = news.changed(), if wait.is_none() => {}
                () = tokio::time::sleep(wait.unwrap_or(Limits::FORWARD_PAUSE)) => {}
            }
        }
        let rest = async {
            while let Some(done) = self.tasks.join_next_with_id().await {
                self.finish(done);
            }
        };
        // The next start decides about requests without an answer, as after a crash.
        let _ = tokio::time::timeout(patience, rest).await;
    }

    fn finish(&mut self, done: Result<(tokio::task::Id, After), tokio::task::JoinError>) {
        let (id, after) = match done {
            Ok((id, after)) => (id, after),
            Err(error) => {
                tracing::error!("forward {}: {error}", self.state.destination.name);
                (error.id(), After::NotStored)
            }
        };
        self.running.retain(|(running, _)| *running != id);
        self.state.in_flight.store(self.running.len(), Ordering::Relaxed);
        self.state.note(&after);
    }

    /// Decides about the entries whose requests a collector had begun when it ended.
    async fn recover(&self) {
        let name = Arc::clone(&self.state.destination.name);
        let query = move |connection: &db::Connection| forward::interrupted(connection, &name);
        let heads = loop {
            match self.store.query(query.clone()).await {
                Ok(heads) => break heads,
                Err(_) => tokio::time::sleep(Limits::FORWARD_PAUSE).await,
            }
        };
        let (again, lost): (Vec<Head>, Vec<Head>) = heads.into_iter().partition(|head| {
            self.state.destination.policy(&head.kind).may_repeat(head.attempts > 1)
        });
        let rows = |heads: Vec<Head>| heads.into_iter().map(|head| head.row).collect::<Vec<_>>();
        let (again, rows) = (rows(again), rows(lost));
        if !again.is_empty() {
            write(&self.store, || Change::Waiting(again.clone())).await;
        }
        if !rows.is_empty() {
            tracing::warn!(
                "forward {}: the requests of {} events had no answer when the collector ended; they are \
                 dead letters now (recobeacon-collector dead-letters list)",
                self.state.destination.name,
                rows.len()
            );
            let message = "the collector ended before the answer".to_owned();
            let (reason, now) = (Reason::Unknown, now_ms());
            let dead =
                || Change::Dead { rows: rows.clone(), reason, message: message.clone(), now };
            write(&self.store, dead).await;
        }
    }

    /// Starts the requests that may be sent now. Returns the time after which to try again, if it
    /// is known.
    async fn start_due(&mut self) -> Option<Duration> {
        let destination = Arc::clone(&self.state.destination);
        let pause = self.state.pause();
        if !pause.is_zero() {
            return Some(pause.min(Limits::FORWARD_PAUSE));
        }
        if self.running.len() >= destination.connections {
            return Some(Limits::FORWARD_PAUSE);
        }
        let wait = self.rate.wait(Instant::now());
        if !wait.is_zero() {
            return Some(wait);
        }
        let name = Arc::clone(&destination.name);
        let heads = self.store.query(move |connection| forward::waiting(connection, &name)).await;
        let Ok(heads) = heads else { return Some(Limits::FORWARD_PAUSE) };
        let shape = destination.protocol.batch_shape();
        let running: Vec<Group> = self.running.iter().map(|(_, group)| group.clone()).collect();
        for group in groups(&heads, &running, shape) {
            if self.running.len() >= destination.connections {
                return Some(Limits::FORWARD_PAUSE);
            }
            let wait = self.rate.take(Instant::now());
            if !wait.is_zero() {
                return Some(wait);
            }
            self.start(group);
        }
        None
    }

    fn start(&mut self, group: Group) {
        let job = Job {
            state: Arc::clone(&self.state),
            store: Arc::clone(&self.store),
            client: Arc::clone(&self.client),
            seals: Arc::clone(&self.seals),
            rows: group.rows.clone(),
            policy: self.state.destination.policy(&group.kind),
            retried: group.retried,
        };
        let task = self.tasks.spawn(job.run());
        self.running.push((task.id(), group));
        self.state.in_flight.store(self.running.len(), Ordering::Relaxed);
    }
}

/// The requests that can be made of these entries, the oldest first. A visitor with a request in
/// flight gets none, so that the visitor's events arrive in their order.
fn groups(heads: &[Head], running: &[Group], shape: BatchShape) -> Vec<Group> {
    let mut taken: HashSet<i64> = running.iter().flat_map(|group| group.rows.clone()).collect();
    let mut busy: HashSet<&str> =
        running.iter().filter_map(|group| group.visitor.as_deref()).collect();
    let mut groups = Vec::new();
    for (place, head) in heads.iter().enumerate() {
        let visitor = head.visitor.as_deref();
        if taken.contains(&head.row) || visitor.is_some_and(|visitor| busy.contains(visitor)) {
            continue;
        }
        let mut rows = vec![head.row];
        if let Some(visitor) = visitor {
            busy.insert(visitor);
            let same = heads.iter().skip(place + 1).filter(|next| next.visitor == head.visitor);
            let fits = |next: &&Head| match shape {
                BatchShape::Single => false,
                BatchShape::SameKind => next.kind == head.kind,
                BatchShape::Mixed => true,
            };
            let most = Tracker::BATCH_EVENTS as usize - 1;
            rows.extend(same.take_while(fits).take(most).map(|next| next.row));
        }
        taken.extend(&rows);
        let (visitor, kind) = (head.visitor.clone(), head.kind.clone());
        groups.push(Group { rows, visitor, kind, retried: head.attempts > 0 });
    }
    groups
}

/// Writes a change, however long the disk is full: an outcome that is not written would be
/// forgotten.
pub async fn write(store: &Store, change: impl Fn() -> Change) {
    while !store.change(change()).await {
        tokio::time::sleep(Limits::FORWARD_PAUSE).await;
    }
}

/// Deletes expired ids and old dead letters regularly, until `stop`.
pub async fn expire(store: Arc<Store>, stop: CancellationToken) {
    loop {
        // A failure is logged by the writer. The next round tries again.
        store.change(Change::Expire(now_ms())).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Limits::EXPIRE_PAUSE) => {}
        }
    }
}

/// Logs entries that wait for a destination that is no longer configured.
pub async fn tell_strangers(known: Vec<String>, store: Arc<Store>) {
    let Ok(found) = store.query(forward::destinations).await else { return };
    for (name, events) in found.into_iter().filter(|(name, _)| !known.contains(name)) {
        tracing::warn!(
            "forward {name:?} is not configured: {events} events wait for it until they expire"
        );
    }
}

/// Spreads requests: at most the rate, with bursts of one second.
struct Rate {
    gap: Duration,
    next: Instant,
}

impl Rate {
    fn new(a_second: u32) -> Self {
        let gap = Duration::from_secs(1).checked_div(a_second).unwrap_or(Duration::from_secs(1));
        Self { gap, next: Instant::now() }
    }

    /// The time until a request may be sent.
    fn wait(&self, now: Instant) -> Duration {
        // `next` runs ahead of the clock by the requests of the current burst.
        self.next.saturating_duration_since(now + Duration::from_secs(1))
    }

    /// Counts a request, if it may be sent. Otherwise returns the time to wait.
    fn take(&mut self, now: Instant) -> Duration {
        let wait = self.wait(now);
        if wait.is_zero() {
            self.next = self.next.max(now) + self.gap;
        }
        wait
    }
}
