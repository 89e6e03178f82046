//! The interface to the database system: statements, rows and transactions.
//!
//! The other files write SQL that every supported system understands. A feature of only one system is
//! in a file of that system.

mod error;
pub mod postgres;
mod row;
mod statement;
mod transaction;
mod value;

use self::postgres::Postgres;
pub use error::{Error, Optional, Result};
pub use row::{Column, Index, Row, Rows};
pub use statement::Statement;
pub use transaction::Transaction;
pub(crate) use value::params;
pub use value::{Params, Value};

/// A connection to the database.
#[derive(Debug)]
pub enum Connection {
    /// SQLite, with the database in a file.
    Sqlite(rusqlite::Connection),
    /// PostgreSQL.
    Postgres(Box<Postgres>),
}

impl Connection {
    /// The connection of SQLite, for what only SQLite has. `None`: this is another system.
    pub fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
            Self::Postgres(_) => None,
        }
    }

    /// The text for this system, where one text cannot do.
    pub fn choose<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Prepares a statement, and keeps it for the next use.
    ///
    /// # Errors
    /// The statement is wrong, or the database does not answer.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(open) => Ok(Statement::Postgres(open, open.prepare(sql)?)),
        }
    }

    /// Runs a statement once. Returns the number of rows that it changed.
    ///
    /// # Errors
    /// The statement fails.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs an INSERT into a table whose number is `row`. Returns the number of the new row, or
    /// `None` if there is none because of a conflict.
    ///
    /// # Errors
    /// The statement fails.
    pub fn insert(&self, sql: &str, params: impl Params) -> Result<Option<i64>> {
        match self {
            // Not RETURNING: for it, SQLite opens a temporary database and copies all pages that the
            // statement changes, which doubles the cost.
            Self::Sqlite(connection) => {
                let changed = self.prepare_cached(sql)?.execute(params)?;
                Ok((changed > 0).then(|| connection.last_insert_rowid()))
            }
            Self::Postgres(_) => {
                let sql = format!("{sql} RETURNING row");
                self.query_row(&sql, params, |row| row.get(0)).optional()
            }
        }
    }

    /// Reads the first row of a query.
    ///
    /// # Errors
    /// The query fails or has no row.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }

    /// Runs a query with those of the named parameters (`:name`) that it has, and passes each row. One
    /// row is in memory at a time. `take` must not use the connection.
    ///
    /// # Errors
    /// The query fails, or the first error of `take`.
    pub fn each<E: From<Error>>(
        &self,
        sql: &str,
        named: &[(&str, &dyn Value)],
        mut take: impl FnMut(&Row<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(Error::from)?;
                let mut rows = statement::query_named(&mut statement, named)?;
                while let Some(row) = rows.next().map_err(Error::from)? {
                    take(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Self::Postgres(open) => {
                let named: Vec<_> =
                    named.iter().map(|(name, value)| (*name, value.param())).collect();
                open.each(sql, &named, |row| take(&Row::Postgres(row)))
            }
        }
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// One of them fails.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(open) => open.batch(sql),
        }
    }

    /// Begins a transaction that writes. There is one at a time: others wait here.
    ///
    /// # Errors
    /// Another one takes too long, or the database does not answer.
    pub fn transaction(&mut self) -> Result<Transaction<'_>> {
        match self {
            Self::Sqlite(_) => Transaction::begin(self, "BEGIN IMMEDIATE"),
            Self::Postgres(open) => {
                // Dropped, it ends also a transaction whose lock was not free.
                let begun = open.begin();
                let transaction = Transaction::begun(self);
                begun.map(|()| transaction)
            }
        }
    }

    /// Begins a transaction that reads, and sees the database as it is at its first query.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn snapshot(&self) -> Result<Transaction<'_>> {
        match self {
            Self::Sqlite(_) => Transaction::begin(self, "BEGIN"),
            Self::Postgres(_) => {
                Transaction::begin(self, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            }
        }
    }

    /// Becomes the connection whose process stores events.
    ///
    /// # Errors
    /// There is another one, or the database does not answer.
    pub fn lead(&self) -> Result<()> {
        match self {
            // An operator runs one collector for each file.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(open) if open.leads()? => Ok(()),
            Self::Postgres(_) => Err(Error::Led),
        }
    }

    /// Whether the server still answers. A file needs none.
    pub fn is_alive(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(open) => open.is_alive(),
        }
    }

    /// Whether the server has ended the connection.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(open) => open.is_closed(),
        }
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// Something could not be written.
    pub fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.close().map_err(|(_, error)| error)?),
            Self::Postgres(_) => Ok(()),
        }
    }
}

impl From<rusqlite::Connection> for Connection {
    fn from(connection: rusqlite::Connection) -> Self {
        Self::Sqlite(connection)
    }
}

impl From<Postgres> for Connection {
    fn from(connection: Postgres) -> Self {
        Self::Postgres(Box::new(connection))
    }
}
