//! The database as import and export use it, also while a collector runs.

use super::erased::Erased;
use super::orders::{self, Way};
use super::row::{Inserted, Row};
use super::schema::{self, SchemaError};
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use rusqlite::types::ToSql;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params_from_iter};
use std::path::Path;

/// Inserts rows in short transactions, so that a running collector waits for a moment only.
#[derive(Debug)]
pub struct Appender {
    connection: Connection,
    begun: u64,
    erased: Erased,
}

/// The numbers of rows that were added or left out. The others were stored before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// The number of new ones.
    pub new: u64,
    /// Those that were left out, because their visitor was erased later.
    pub erased: u64,
}

impl Appender {
    /// Opens the database for the import of one file, and creates it if it is missing. `now` is the
    /// time of receipt of the file's own lines; the rows of an export have other ones.
    ///
    /// # Errors
    /// As for the collector.
    pub fn open(database: &Path, hasher: &Hasher, now: u64) -> Result<Self, SchemaError> {
        let connection = schema::open(database, hasher)?;
        orders::begin_file(&connection)?;
        // Rows of a visitor who is erased meanwhile are erased again by the next start.
        let erased = Erased::read(database).map_err(SchemaError::Erased)?;
        Ok(Self { connection, begun: now, erased })
    }

    /// Inserts the rows in one transaction, except those of erased visitors. They are on disk then.
    ///
    /// # Errors
    /// None of them is stored.
    pub fn append(&mut self, rows: &[Row]) -> rusqlite::Result<Appended> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut appended = Appended::default();
        for row in rows {
            if self.erased.has(row) {
                appended.erased += 1;
                continue;
            }
            let inserted = row.borrowed().insert(&transaction, Way::File(self.begun))?;
            appended.new += u64::from(matches!(inserted, Inserted::New(_)));
        }
        transaction.commit()?;
        Ok(appended)
    }
}

/// The rows to be read. Absent parts are without limit.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The event's time in milliseconds, from this one on.
    pub from: Option<u64>,
    /// The event's time, before this one.
    pub to: Option<u64>,
    /// The kinds. None: all.
    pub kinds: Vec<String>,
    /// The customers of vendors' interfaces. None: all rows.
    pub customers: Vec<String>,
}

impl Selection {
    /// The condition of the query, and its values.
    fn condition(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let mut parts = vec!["1".to_owned()];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        for (limit, comparison) in [(self.from, "at >= ?"), (self.to, "at < ?")] {
            if let Some(limit) = limit {
                parts.push(comparison.to_owned());
                values.push(Box::new(limit as i64));
            }
        }
        for (column, names) in [("type", &self.kinds), ("customer", &self.customers)] {
            if !names.is_empty() {
                parts.push(format!("{column} IN ({})", vec!["?"; names.len()].join(", ")));
                values.extend(names.iter().map(|name| Box::new(name.clone()) as Box<dyn ToSql>));
            }
        }
        (parts.join(" AND "), values)
    }
}

/// Why reading ended early.
#[derive(Debug)]
pub enum ScanError<E> {
    /// The database does not answer.
    Sqlite(rusqlite::Error),
    /// The caller's error.
    Use(E),
}

impl<E> From<rusqlite::Error> for ScanError<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Passes each selected row to `use_row`, in the order of storing. All are of one moment, whatever
/// a collector stores meanwhile: <https://www.sqlite.org/isolation.html>. One row is in memory at a
/// time.
///
/// # Errors
/// The database cannot be read, or the first error of `use_row`.
pub fn scan<E>(
    database: &Path,
    selection: &Selection,
    mut use_row: impl FnMut(Row) -> Result<(), E>,
) -> Result<u64, ScanError<E>> {
    let connection = open(database)?;
    let (condition, values) = selection.condition();
    let sql = format!("SELECT * FROM events WHERE {condition} ORDER BY row");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        use_row(Row::read(row)?).map_err(ScanError::Use)?;
        count += 1;
    }
    Ok(count)
}

/// Whether any event has this customer.
///
/// # Errors
/// The database cannot be read.
pub fn has_customer(database: &Path, name: &str) -> rusqlite::Result<bool> {
    is_customer(&open(database)?, name)
}

/// Like [`has_customer`], with an open connection.
///
/// # Errors
/// The database cannot be read.
pub fn is_customer(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM events WHERE customer = ?")?.exists([name])
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(Limits::BUSY)?;
    Ok(connection)
}
