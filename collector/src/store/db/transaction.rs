//! A transaction.

use super::{Connection, Result};
use std::ops::Deref;

/// A transaction. It is undone unless it is committed.
#[derive(Debug)]
pub struct Transaction<'a> {
    connection: &'a Connection,
    is_open: bool,
}

impl<'a> Transaction<'a> {
    /// Begins it with this statement.
    pub(super) fn begin(connection: &'a Connection, sql: &str) -> Result<Self> {
        connection.execute_batch(sql)?;
        Ok(Self::begun(connection))
    }

    /// The transaction that this connection has begun.
    pub(super) fn begun(connection: &'a Connection) -> Self {
        Self { connection, is_open: true }
    }

    /// Makes its changes durable.
    ///
    /// # Errors
    /// It is undone.
    pub fn commit(mut self) -> Result<()> {
        self.connection.execute_batch("COMMIT")?;
        self.is_open = false;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let is_open = match self.connection {
            // Some errors of SQLite end the transaction.
            Connection::Sqlite(connection) => self.is_open && !connection.is_autocommit(),
            Connection::Postgres(_) => self.is_open,
        };
        if is_open {
            // After a failure the next BEGIN reports it.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}
