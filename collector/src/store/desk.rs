//! The database as the commands open it, beside a collector that may be running.

use super::StoreError;
use super::bounded_read::{self, Waiting};
use super::db::{self, Connection};
use super::schema;
use super::visitors::{self, Found, Search, VisitorError};
use crate::place::Place;
use std::io::Write;
use std::time::{Duration, Instant};

/// An open database of this version.
#[derive(Debug)]
pub struct Desk {
    connection: Connection,
    database: Place,
}

impl Desk {
    /// Opens an existing database.
    ///
    /// # Errors
    /// There is none, or a collector of another version made it.
    pub fn open(database: &Place) -> Result<Self, StoreError> {
        let failed = |error: &dyn std::fmt::Display| {
            StoreError::Open(format!("the database {}: {error}", database))
        };
        if database.file().is_some_and(|path| !path.exists()) {
            return Err(failed(&"does not exist"));
        }
        let connection = schema::join(database).map_err(|error| failed(&error))?;
        Ok(Self { connection, database: database.clone() })
    }

    /// Runs a query that ends by itself after this time.
    ///
    /// # Errors
    /// The database does not answer, or not in time.
    pub fn answer<T>(
        &mut self,
        most: Duration,
        query: impl FnOnce(&Connection) -> db::Result<T>,
    ) -> db::Result<T> {
        let waiting = Waiting::default();
        bounded_read::run(&mut self.connection, Instant::now() + most, waiting.sign(), query)
    }

    /// Counts the visitor's rows.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn find(&self, search: &Search) -> Result<Found, VisitorError> {
        Ok(visitors::find(&self.connection, search)?.0)
    }

    /// Writes the visitor's rows, one JSON object a line.
    ///
    /// # Errors
    /// The database does not answer, or the output is closed.
    pub fn export(&self, search: &Search, out: &mut dyn Write) -> Result<Found, VisitorError> {
        visitors::export(&self.connection, search, out)
    }

    /// Erases the visitor, also from the database's log. Returns whether the log is empty: a
    /// program that reads in a long transaction prevents it.
    ///
    /// # Errors
    /// The database does not answer, or the list of erased hashes cannot be written.
    pub fn erase(&mut self, search: &Search) -> Result<(Found, bool), VisitorError> {
        let found = visitors::erase(&mut self.connection, &self.database, search)?;
        if self.connection.sqlite().is_none() {
            return Ok((found, true));
        }
        let busy: i64 =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
        Ok((found, busy == 0))
    }
}
