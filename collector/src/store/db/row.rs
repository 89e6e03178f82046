//! The rows of a query.

use super::{Error, Result};

/// A row.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
}

/// A column by its name or place.
pub trait Index: rusqlite::RowIndex {}

impl Index for usize {}
impl Index for &str {}

/// A type of the values in a column.
pub trait Column: rusqlite::types::FromSql {}

impl Column for i64 {}
impl Column for u32 {}
impl Column for bool {}
impl Column for String {}
impl Column for Vec<u8> {}
impl<T: Column> Column for Option<T> {}

impl Row<'_> {
    /// The value in a column.
    ///
    /// # Errors
    /// There is no such column, or its value has another type.
    pub fn get<I: Index, T: Column>(&self, column: I) -> Result<T> {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
        }
    }

    /// The text in a column, without a copy. `None`: it is no text.
    ///
    /// # Errors
    /// There is no such column.
    pub fn text<I: Index>(&self, column: I) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(column)?.as_str().ok()),
        }
    }
}

/// The rows of a query, one after another.
#[allow(missing_debug_implementations)]
pub enum Rows<'a> {
    /// Of SQLite, which reads each row when it is asked for.
    Sqlite(rusqlite::Rows<'a>),
}

impl Rows<'_> {
    /// The next row.
    ///
    /// # Errors
    /// The database does not answer.
    // Not an iterator: a row of SQLite is valid until the next one.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next().map_err(Error::from)?.map(Row::Sqlite)),
        }
    }
}
