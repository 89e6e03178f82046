//! Whether events can be stored, according to the last attempts.

use crate::minutely::Minutely;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The result of the last attempts. Writers and readers report to it.
#[derive(Debug, Default)]
pub struct Health {
    failing: AtomicBool,
    large: AtomicBool,
    failures: AtomicU64,
    lines: Minutely,
    /// The last failure's cause.
    cause: Mutex<String>,
}

impl Health {
    /// Reports a failure to store or read. Logs the first one and each other cause, and repeats at
    /// most once a minute.
    pub fn failed(&self, error: &dyn Display) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        Self::log(error, self.times(error));
    }

    /// Notes the failure. Returns the number of failures since the last line if a line is due.
    fn times(&self, error: &dyn Display) -> Option<u64> {
        let is_new = !self.failing.swap(true, Ordering::Relaxed);
        let cause = error.to_string();
        let mut last = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        if is_new || *last != cause {
            *last = cause;
            return self.lines.at_once();
        }
        self.lines.due()
    }

    /// Logs the same line without changing the health, at most once a minute.
    pub fn note(&self, error: &dyn Display) {
        Self::log(error, self.lines.due());
    }

    fn log(error: &dyn Display, times: Option<u64>) {
        match times {
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

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn each_outage_and_each_cause_has_a_line() {
        let health = Health::default();
        assert_eq!(health.times(&"disk full"), Some(1));
        assert_eq!(health.times(&"disk full"), None);
        assert_eq!(health.times(&"no file"), Some(2), "another cause");
        health.succeeded();
        assert_eq!(health.times(&"no file"), Some(1), "another outage");
        assert_eq!(health.times(&"no file"), None);
    }
}
