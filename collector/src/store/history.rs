//! The database as import and export use it, also while a collector runs.

use super::copy;
use super::db::{self, Connection, Value};
use super::erased::Erased;
use super::orders::{self, Way};
use super::row::{Inserted, Row};
use super::schema::{self, SchemaError};
use crate::place::Place;
use crate::pseudonym::Hasher;

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
    pub fn open(database: &Place, hasher: &Hasher, now: u64) -> Result<Self, SchemaError> {
        let connection = schema::open(database, hasher, schema::alone)?;
        orders::begin_file(&connection)?;
        // Rows of a visitor who is erased meanwhile are erased again by the next start.
        let erased = Erased::read(&connection, database).map_err(SchemaError::Erased)?;
        Ok(Self { connection, begun: now, erased })
    }

    /// Inserts the rows in one transaction, except those of erased visitors. They are on disk then.
    ///
    /// # Errors
    /// None of them is stored.
    pub fn append(&mut self, rows: &[Row]) -> db::Result<Appended> {
        let transaction = self.connection.transaction()?;
        let mut appended = Appended::default();
        let kept = rows.iter().filter(|row| !self.erased.has(row)).map(Row::borrowed);
        let kept: Vec<_> = kept.collect();
        appended.erased = (rows.len() - kept.len()) as u64;
        let way = Way::File(self.begun);
        let inserted = if transaction.sqlite().is_some() {
            kept.iter().map(|row| row.insert(&transaction, way)).collect::<db::Result<Vec<_>>>()?
        } else {
            copy::insert(&transaction, &kept, way)?
        };
        let new = inserted.iter().filter(|one| matches!(one, Inserted::New(_)));
        appended.new = new.count() as u64;
        transaction.commit()?;
        Ok(appended)
    }
}

/// A named parameter.
type Named = (String, Box<dyn Value>);

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
    /// The condition of the query, and its parameters.
    fn condition(&self) -> (String, Vec<Named>) {
        let mut parts = vec!["true".to_owned()];
        let mut values: Vec<Named> = Vec::new();
        let mut name = |value: Box<dyn Value>| {
            let name = format!(":value{}", values.len());
            values.push((name.clone(), value));
            name
        };
        for (limit, comparison) in [(self.from, "at >="), (self.to, "at <")] {
            if let Some(limit) = limit {
                parts.push(format!("{comparison} {}", name(Box::new(limit as i64))));
            }
        }
        for (column, names) in [("type", &self.kinds), ("customer", &self.customers)] {
            if !names.is_empty() {
                let all: Vec<_> = names.iter().map(|one| name(Box::new(one.clone()))).collect();
                parts.push(format!("{column} IN ({})", all.join(", ")));
            }
        }
        (parts.join(" AND "), values)
    }
}

/// Why reading ended early.
#[derive(Debug)]
pub enum ScanError<E> {
    /// The database does not answer.
    Database(db::Error),
    /// The caller's error.
    Use(E),
}

impl<E> From<db::Error> for ScanError<E> {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

/// Passes each selected row to `use_row`, in the order of storing. All are of one moment, whatever
/// a collector stores meanwhile: <https://www.sqlite.org/isolation.html>. One row is in memory at a
/// time.
///
/// # Errors
/// The database cannot be read, or the first error of `use_row`.
pub fn scan<E>(
    database: &Place,
    selection: &Selection,
    mut use_row: impl FnMut(Row) -> Result<(), E>,
) -> Result<u64, ScanError<E>> {
    let connection = schema::read(database)?;
    let (condition, values) = selection.condition();
    let sql = format!("SELECT * FROM events WHERE {condition} ORDER BY row");
    let values: Vec<(&str, &dyn Value)> =
        values.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
    let mut count = 0;
    connection.each(&sql, &values, |row| -> Result<(), ScanError<E>> {
        use_row(Row::read(row)?).map_err(ScanError::Use)?;
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// Whether any event has this customer.
///
/// # Errors
/// The database cannot be read.
pub fn has_customer(database: &Place, name: &str) -> db::Result<bool> {
    is_customer(&schema::read(database)?, name)
}

/// Like [`has_customer`], with an open connection.
///
/// # Errors
/// The database cannot be read.
pub fn is_customer(connection: &Connection, name: &str) -> db::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM events WHERE customer = ?")?.exists([name])
}
