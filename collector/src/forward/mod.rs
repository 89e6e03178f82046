//! Forwards events of batches to vendors, so that pages need neither the vendors' addresses nor
//! their keys.
//!
//! | file | subject |
//! |---|---|
//! | `queue` | from stored events to entries of the queue |
//! | `content` | the part of an event that only the queue keeps, and the event made of it again |
//! | `seal` | the encryption of that part |
//! | `visitor` | the visitor's address and browser, if they are forwarded |
//! | `worker` | one for each destination: decides what is sent when |
//! | `delivery` | sends one request and writes its outcome |
//! | `client` | HTTP |
//! | `redact` | removes ids and keys from a vendor's message |
//! | `figures` | the state of each destination, for operators |
//! | `losses` | tells the operator which events a vendor does not get because of a limit |
//!
//! The encoding, the retry policy, the reaction to a status and the back-off are the tracker's own
//! (`recobeacon_engine`). `destination.rs` has a configured
//! vendor, `store/forward.rs` the tables.

mod client;
mod content;
mod delivery;
pub mod figures;
mod losses;
mod queue;
mod redact;
pub mod seal;
pub mod visitor;
mod worker;

use crate::destination::Destination;
use crate::event::{Entry, NewEvent};
use crate::store::Store;
use client::Client;
use losses::Untold;
use prometheus_client::registry::Registry;
use queue::Queue;
use seal::Seals;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use visitor::Visitor;
use worker::{State, Worker};

/// All destinations.
#[derive(Debug)]
pub struct Forwarding {
    queue: Queue,
    seals: Arc<Seals>,
    states: Vec<Arc<State>>,
    series: figures::Series,
}

impl Forwarding {
    /// Prepares the queue for these destinations.
    pub fn new(destinations: &[Arc<Destination>], seals: Seals) -> Self {
        let seals = Arc::new(seals);
        let state = |destination: &Arc<Destination>| Arc::new(State::new(Arc::clone(destination)));
        Self {
            queue: Queue::new(destinations.to_vec(), Arc::clone(&seals)),
            seals,
            states: destinations.iter().map(state).collect(),
            series: figures::Series::default(),
        }
    }

    /// Whether there are no destinations.
    pub fn is_off(&self) -> bool {
        self.states.is_empty()
    }

    /// Whether a destination gets the visitor's address or browser.
    pub fn wants_visitor(&self) -> bool {
        self.states
            .iter()
            .any(|state| state.destination.visitor_address || state.destination.visitor_agent)
    }

    /// The entries for the events of one batch. They are written in the events' transaction.
    pub fn entries(
        &self,
        stream: &str,
        events: &[NewEvent],
        visitor: &Visitor,
        received_at: u64,
    ) -> Vec<Entry> {
        self.queue.entries(stream, events, visitor, received_at)
    }

    /// Starts a task for each destination, and one that deletes expired ids. They end after `stop`.
    /// Requests in flight then get `patience`.
    pub async fn start(
        &self,
        store: &Arc<Store>,
        stop: &CancellationToken,
        patience: Duration,
    ) -> Vec<JoinHandle<()>> {
        if self.is_off() {
            return vec![tokio::spawn(worker::expire(Arc::clone(store), stop.clone()))];
        }
        let client = Arc::new(Client::new());
        let losses = Untold::of(&self.states, store).await;
        let mut tasks = vec![
            tokio::spawn(worker::expire(Arc::clone(store), stop.clone())),
            tokio::spawn(worker::tell_strangers(self.names(), Arc::clone(store))),
            tokio::spawn(losses.tell(Arc::clone(store), stop.clone())),
        ];
        for state in &self.states {
            state.destination.warn_of_plain_key();
            let worker = Worker::new(
                Arc::clone(state),
                Arc::clone(store),
                Arc::clone(&client),
                Arc::clone(&self.seals),
            );
            tasks.push(tokio::spawn(worker.run(stop.clone(), patience)));
        }
        tasks
    }

    /// Registers the figures of `GET /metrics`.
    pub fn register(&self, registry: &mut Registry) {
        self.series.register(registry);
    }

    /// Reads the figures of `GET /metrics`.
    pub async fn refresh(&self, store: &Store, now: u64) {
        self.figures(store, now).await.iter().for_each(|figures| self.series.set(figures));
    }

    /// The state of each destination.
    pub async fn figures(&self, store: &Store, now: u64) -> Vec<figures::Figures> {
        let mut all = Vec::new();
        for state in &self.states {
            all.push(figures::read(state, store, now).await);
        }
        all
    }

    fn names(&self) -> Vec<String> {
        self.states.iter().map(|state| state.destination.name.to_string()).collect()
    }
}
