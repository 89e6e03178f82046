//! Feeds: recommendations made of the stored events, for `GET /v1/recommendations/{scenario}`.
//!
//! | file | subject |
//! |---|---|
//! | `model` | what all visitors' events tell about items, in memory |
//! | `neighbours`, `visits` | its parts, each with a bound |
//! | `losses` | tells the operator which bounds were reached |
//! | `personal` | one visitor's own events, read at the request |
//! | `request`, `answer` | Ibexa's parameters and form |
//!
//! The model follows the table `events` by the number of the last row, in small steps on a reading
//! connection, so the writer does not wait. It is computed anew at the start and regularly, because
//! only then it forgets deleted events. `store/feeds.rs` has the queries.

pub mod answer;
mod losses;
pub mod model;
mod neighbours;
pub mod personal;
pub mod request;
#[cfg(test)]
mod tests;
mod visits;

use crate::clock::now_ms;
use crate::config::feeds::Feeds as Settings;
use crate::limits::Limits;
use crate::store::{Reading, StoreError, db, feeds as rows};
use losses::Losses;
use model::{Bounds, Model, Pick, Question, Reached, Seen};
use request::Learnt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// The feeds' settings and model.
#[derive(Debug)]
pub struct Feeds {
    settings: Settings,
    reading: Reading,
    losses: Arc<Losses>,
    live: RwLock<Arc<Shared>>,
}

/// A model that is read while it learns.
#[derive(Debug)]
struct Shared {
    model: RwLock<Model>,
    /// The last row that it has read.
    row: AtomicI64,
    losses: Arc<Losses>,
}

impl Feeds {
    /// Makes an empty model of the events that `reading` reads.
    pub fn new(settings: &Settings, now: u64, reading: Reading) -> Self {
        let losses = Arc::new(Losses::new(settings.items));
        let live = RwLock::new(Arc::new(Shared::new(settings, now, &losses)));
        Self { settings: settings.clone(), reading, losses, live }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The events that the feeds are made of.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The number of items, and the last row that the model has read.
    pub fn state(&self) -> (usize, i64) {
        let live = self.live();
        (live.read().count(), live.row.load(Ordering::Relaxed))
    }

    /// Asks the model.
    pub fn ask(&self, scenario: Learnt, question: &Question<'_>) -> Vec<Pick> {
        let live = self.live();
        let model = live.read();
        match scenario {
            Learnt::AlsoViewed => model.also_viewed(question),
            Learnt::BoughtTogether => model.bought_together(question),
            Learnt::Bestsellers => model.bestsellers(question),
        }
    }

    fn live(&self) -> Arc<Shared> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a newer model into the place of the live one.
    fn replace(&self, newer: Arc<Shared>) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let older = std::mem::replace(&mut *live, newer);
        // Freeing a million items takes a while.
        tokio::task::spawn_blocking(move || drop(older));
    }
}

impl Shared {
    fn new(settings: &Settings, now: u64, losses: &Arc<Losses>) -> Self {
        let bounds = Bounds {
            items: settings.items,
            neighbours: settings.neighbours,
            half_life_ms: settings.half_life_ms as f64,
            visits: settings.visits,
        };
        let model = RwLock::new(Model::new(bounds, now));
        Self { model, row: AtomicI64::new(0), losses: Arc::clone(losses) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Model> {
        self.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Model> {
        self.model.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns from some events. Requests are answered in between.
    fn learn(&self, seen: &[Seen]) {
        for some in seen.chunks(Limits::FEED_STEP) {
            let full = {
                let model = self.read();
                // Only the task that learns changes the model, so the room stays as it is.
                (model.room() < some.len())
                    .then(|| model.weakest(some.len().max(model.count() / WEAKEST)))
            };
            if full.is_some() {
                self.losses.tell(Reached::Items);
            }
            for forgotten in full.iter().flat_map(|all| all.chunks(Limits::FEED_STEP)) {
                self.write().forget(forgotten);
            }
            let mut model = self.write();
            some.iter().for_each(|seen| model.learn(seen));
        }
        self.read().reached().for_each(|reached| self.losses.tell(reached));
    }

    /// Learns from the next rows. Returns whether there may be more.
    async fn step(self: &Arc<Self>, reading: &Reading) -> Result<bool, StoreError> {
        let shared = Arc::clone(self);
        let last = reading.last_own();
        let step = move |connection: &db::Connection| {
            let before = shared.row.load(Ordering::Relaxed);
            let (seen, row) = rows::after(connection, before, Limits::FEED_ROWS)?;
            shared.learn(&seen);
            // Every row up to `last` was on disk before. Those that were not found are deleted.
            let read = if row > before { row } else { before.max(last) };
            shared.row.store(read, Ordering::Relaxed);
            Ok(row > before)
        };
        reading.query(step).await
    }
}

/// The part of the items that a full model forgets at once.
const WEAKEST: usize = 100;

/// Follows the stored events until `stop`.
pub async fn follow(feeds: Arc<Feeds>, stop: CancellationToken) {
    let mut reading = feeds.reading.clone();
    let mut begun = Instant::now();
    let mut newer: Option<Arc<Shared>> = None;
    while !stop.is_cancelled() {
        if newer.is_none() && begun.elapsed() >= feeds.settings.rebuild {
            begun = Instant::now();
            newer = Some(Arc::new(Shared::new(&feeds.settings, now_ms(), &feeds.losses)));
        }
        // The live model learns meanwhile too, because a newer one may take minutes.
        let mut done = feeds.live().step(&reading).await;
        if let Some(one) = newer.take() {
            let also = one.step(&reading).await;
            if matches!(also, Ok(false)) {
                tracing::debug!("the model of the feeds was computed anew");
                feeds.replace(one);
            } else {
                newer = Some(one);
                done = also;
            }
        }
        match done {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::debug!("the feeds wait: {error}"),
        }
        let due = feeds.settings.rebuild.saturating_sub(begun.elapsed());
        let news = async {
            tokio::time::sleep(Limits::FEED_PAUSE).await;
            reading.news().await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = news => {}
            () = tokio::time::sleep(due.max(Limits::FEED_PAUSE)) => {}
        }
    }
}
