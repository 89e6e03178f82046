//! The rows of a query.

use super::postgres::Raw;
use super::{Error, Result};
use std::fmt;

/// A row.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a postgres::Row),
}

/// A column by its name or place.
pub trait Index: rusqlite::RowIndex + postgres::row::RowIndex + fmt::Display {}

impl Index for usize {}
impl Index for &str {}

/// A type of the values in a column.
pub trait Column: rusqlite::types::FromSql {
    /// Reads a value of PostgreSQL. `None`: it has another type.
    fn of(raw: Option<Raw<'_>>) -> Option<Self>;
}

impl Column for i64 {
    fn of(raw: Option<Raw<'_>>) -> Option<Self> {
        raw?.whole()
    }
}

impl Column for u32 {
    fn of(raw: Option<Raw<'_>>) -> Option<Self> {
        raw?.whole()?.try_into().ok()
    }
}

impl Column for bool {
    fn of(raw: Option<Raw<'_>>) -> Option<Self> {
        Some(raw?.whole()? != 0)
    }
}

impl Column for String {
    fn of(raw: Option<Raw<'_>>) -> Option<Self> {
        raw?.text().map(str::to_owned)
    }
}

impl Column for Vec<u8> {
    fn of(raw: Option<Raw<'_>>) -> Option<Self> {
        raw?.bytes().map(<[u8]>::to_vec)
    }
}

impl<T: Column> Column for Option<T> {
    fn of(raw: Option<Raw<'_>>) -> Option<Self> {
        match raw {
            None => Some(None),
            raw => T::of(raw).map(Some),
        }
    }
}

impl Row<'_> {
    /// The value in a column.
    ///
    /// # Errors
    /// There is no such column, or its value has another type.
    pub fn get<I: Index, T: Column>(&self, column: I) -> Result<T> {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            Self::Postgres(row) => {
                let name = column.to_string();
                let raw: Option<Raw<'_>> = row.try_get(column)?;
                let kind = raw.as_ref().map_or("NULL", Raw::kind).to_owned();
                T::of(raw).ok_or_else(|| Error::Column(format!("{name}: {kind}")))
            }
        }
    }

    /// The text in a column, without a copy. `None`: it is no text.
    ///
    /// # Errors
    /// There is no such column.
    pub fn text<I: Index>(&self, column: I) -> Result<Option<&str>> {
        match self {
            Self::Sqlite(row) => Ok(row.get_ref(column)?.as_str().ok()),
            Self::Postgres(row) => {
                let raw: Option<Raw<'_>> = row.try_get(column)?;
                Ok(raw.and_then(|raw| raw.text()))
            }
        }
    }
}

/// The rows of a query, one after another.
#[allow(missing_debug_implementations)]
pub enum Rows<'a> {
    /// Of SQLite, which reads each row when it is asked for.
    Sqlite(rusqlite::Rows<'a>),
    /// Of PostgreSQL, with the present one. All rows are in memory.
    Postgres(std::vec::IntoIter<postgres::Row>, Option<postgres::Row>),
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
            Self::Postgres(rows, present) => {
                *present = rows.next();
                Ok(present.as_ref().map(Row::Postgres))
            }
        }
    }
}
