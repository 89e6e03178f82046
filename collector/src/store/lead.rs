//! The process that stores events, where several could: a file has one by agreement, and a database of
//! PostgreSQL has a lock.
//!
//! The lock belongs to the connection that writes. So a process that has lost its connection cannot
//! store anything, and as soon as another one has the lock, it never does again.

use super::db::{self, Connection, Error};
use super::schema::SchemaError;
use crate::limits::Limits;
use crate::minutely::Minutely;
use crate::place::Place;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// The wish to be the process that stores events.
#[derive(Clone, Debug, Default)]
pub struct Lead {
    /// Whether it waits for as long as another process is that. Otherwise it fails, except for a moment
    /// in which the server may notice the end of the last one.
    pub waits: bool,
    /// Ends the waiting.
    pub stop: CancellationToken,
    /// Is cancelled when another process has become the one.
    pub lost: CancellationToken,
}

impl Lead {
    /// Opens the database. If the server cannot be reached, a writer that waits tries again.
    pub(super) fn patiently<T>(
        &self,
        place: &Place,
        mut open: impl FnMut() -> Result<T, SchemaError>,
    ) -> Result<T, SchemaError> {
        let lines = Minutely::default();
        loop {
            match open() {
                Err(SchemaError::Database(error))
                    if self.waits && error.is_unavailable() && !self.stop.is_cancelled() =>
                {
                    if lines.due().is_some() {
                        tracing::warn!("waiting for the database {place}: {error}");
                    }
                }
                result => return result,
            }
            std::thread::sleep(Limits::LEAD_PAUSE);
        }
    }

    /// Waits until the connection is the one that stores events.
    ///
    /// # Errors
    /// Another one is, or the database does not answer.
    pub(super) fn take(&self, connection: &Connection, place: &Place) -> db::Result<()> {
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            match connection.lead() {
                Err(Error::Led) if self.stop.is_cancelled() => return Err(Error::Led),
                Err(Error::Led) if self.waits => {
                    if !is_told {
                        tracing::info!(
                            "another writer stores events into {place}: waiting for its end"
                        );
                        is_told = true;
                    }
                }
                Err(Error::Led) if begun.elapsed() < Limits::BUSY => {}
                result => {
                    if is_told && result.is_ok() {
                        tracing::info!("the other writer has ended: this one stores events now");
                    }
                    return result;
                }
            }
            std::thread::sleep(Limits::LEAD_PAUSE);
        }
    }
}
