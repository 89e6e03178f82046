//! Whether events can be stored, as the last attempts went.

use crate::minutely::Minutely;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Told by whatever writes and reads.
#[derive(Debug, Default)]
pub struct Health {
    failing: AtomicBool,
    failures: AtomicU64,
    lines: Minutely,
}

impl Health {
    /// Something was not stored or read. One line a minute says so.
    pub fn failed(&self, error: &dyn Display) {
        self.failing.store(true, Ordering::Relaxed);
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.note(error);
    }

    /// The same line, without a judgement.
    pub fn note(&self, error: &dyn Display) {
        match self.lines.due() {
            Some(1) => tracing::error!("the database does not work: {error}"),
            Some(times) => {
                tracing::error!(
                    "the database does not work: {error} ({times} times since the last line)"
                );
            }
            None => {}
        }
    }

    /// Something was stored.
    pub fn succeeded(&self) {
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the database works again");
        }
    }

    /// How often something was not stored. A connection that was opened before the last time may be to
    /// a file that stood in the database's place for a while.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Whether the last attempt succeeded.
    pub fn is_well(&self) -> bool {
        !self.failing.load(Ordering::Relaxed)
    }
}
