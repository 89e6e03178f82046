//! Reads stored events, also those of a database into which another process writes.

use super::StoreError;
use super::db::{self, Connection};
use super::health::Health;
use super::reader::Readers;
use super::schema;
use crate::limits::Limits;
use crate::place::Place;
use std::sync::Arc;
use tokio::sync::watch;

/// Read access to the stored events.
#[derive(Clone, Debug)]
pub struct Reading {
    readers: Arc<Readers>,
    /// The last row on disk. Absent: another process writes.
    last: Option<watch::Receiver<i64>>,
}

impl Reading {
    /// Reads what this process stores.
    pub fn of_own(readers: Arc<Readers>, last: watch::Receiver<i64>) -> Self {
        Self { readers, last: Some(last) }
    }

    /// Reads what another process stores here. Connects with the first query.
    pub fn of_other(place: &Place) -> Self {
        let readers = Readers::new(place.clone(), Arc::new(Health::default()));
        Self { readers: Arc::new(readers), last: None }
    }

    /// Runs a query, and logs its failure.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> db::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.query(query).await
    }

    /// The last row that this process has stored. 0 if another process stores.
    pub fn last_own(&self) -> i64 {
        self.last.as_ref().map_or(0, |last| *last.borrow())
    }

    /// The last row of the database.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn last(&self) -> Result<i64, StoreError> {
        if let Some(last) = &self.last {
            return Ok(*last.borrow());
        }
        self.query(schema::last_row).await
    }

    /// Waits until there may be new rows: until this process stores some, or for a pause, because
    /// other processes do not tell.
    pub async fn news(&mut self) {
        let pause = match &self.last {
            Some(_) => Limits::IMPORTED_PAUSE,
            None => Limits::OTHERS_PAUSE,
        };
        let stored = async {
            let is_told = match &mut self.last {
                // An error means that the writer has ended.
                Some(last) => last.changed().await.is_ok(),
                None => false,
            };
            if !is_told {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = stored => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
