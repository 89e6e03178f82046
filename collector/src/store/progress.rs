//! The writer's progress: how long it has been busy with one transaction.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The begin of the transaction that the writer works on.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Option<Instant>>);

impl Progress {
    /// Runs the work of one transaction. Returns its result and how long it took.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> (T, Duration) {
        let begin = Instant::now();
        self.set(Some(begin));
        let result = work();
        self.set(None);
        (result, begin.elapsed())
    }

    /// How long the writer has been busy with the same transaction. `None` if it waits for work.
    pub fn busy(&self) -> Option<Duration> {
        let begin = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begin.map(|begin| begin.elapsed())
    }

    fn set(&self, begin: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = begin;
    }
}
