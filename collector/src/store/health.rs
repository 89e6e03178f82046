//! Whether events can be stored, according to the last attempts.

use crate::minutely::Minutely;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The result of the last attempts. Writers and readers report to it.
#[derive(Debug, Default)]
pub struct Health {
    failing: AtomicBool,
    large: AtomicBool,
    failures: AtomicU64,
    lines: Minutely,
}

impl Health {
    /// Reports a failure to store or read. Logs at most one line a minute.
    pub fn failed(&self, error: &dyn Display) {
        self.failing.store(true, Ordering::Relaxed);
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.note(error);
    }

    /// Logs the same line without changing the health.
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

    /// Reports whether the last failure was for the limit of the database's size.
    pub fn set_large(&self, large: bool) {
        self.large.store(large, Ordering::Relaxed);
    }

    /// Whether the last failure was for the limit of the database's size.
    pub fn is_large(&self) -> bool {
        self.large.load(Ordering::Relaxed)
    }

    /// Reports a successful write.
    pub fn succeeded(&self) {
        self.set_large(false);
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the database works again");
        }
    }

    /// How often something was not stored. A connection opened before the last failure may belong
    /// to a file that replaced the database for a while.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Whether the last attempt succeeded.
    pub fn is_well(&self) -> bool {
        !self.failing.load(Ordering::Relaxed)
    }
}
