//! An error of the database.

use rusqlite::ErrorCode;
use std::fmt;

/// Why a statement failed.
#[derive(Debug)]
pub enum Error {
    /// SQLite's error.
    Sqlite(rusqlite::Error),
    /// The query has no row.
    NoRow,
    /// The database is closed.
    Closed,
}

/// The result of a statement.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// SQLite's code of the error.
    pub fn sqlite_code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::NoRow | Self::Closed => None,
        }
    }

    /// Whether the query was ended before its result.
    pub fn is_interrupted(&self) -> bool {
        self.sqlite_code() == Some(ErrorCode::OperationInterrupted)
    }

    /// Whether the content of the database is wrong.
    pub fn is_damage(&self) -> bool {
        let code = self.sqlite_code();
        matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::NoRow => f.write_str("the query has no row"),
            Self::Closed => f.write_str("the database is closed"),
        }
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NoRow,
            error => Self::Sqlite(error),
        }
    }
}

/// A missing row as `None`.
pub trait Optional<T> {
    /// `None` if there is no row.
    ///
    /// # Errors
    /// Any other error.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> Optional<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
