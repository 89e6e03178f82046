//! An error of the database.

use postgres::error::SqlState;
use rusqlite::ErrorCode;
use std::fmt;

/// Why a statement failed.
#[derive(Debug)]
pub enum Error {
    /// SQLite's error.
    Sqlite(rusqlite::Error),
    /// PostgreSQL's error.
    Postgres(postgres::Error),
    /// The encoding of a database of PostgreSQL, which must be UTF8.
    Encoding(String),
    /// Rows could not be copied to PostgreSQL.
    Copy(std::io::Error),
    /// A column has values of this type.
    Column(String),
    /// Another collector or writer stores events in this database.
    Led,
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
            _ => None,
        }
    }

    fn sql_state(&self) -> Option<&SqlState> {
        match self {
            Self::Postgres(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the query was ended before its result.
    pub fn is_interrupted(&self) -> bool {
        self.sqlite_code() == Some(ErrorCode::OperationInterrupted)
            || self.sql_state() == Some(&SqlState::QUERY_CANCELED)
    }

    /// Whether the server of PostgreSQL cannot be reached now, so that a later attempt may succeed.
    pub fn is_unavailable(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        let starting = [
            &SqlState::CANNOT_CONNECT_NOW,
            &SqlState::ADMIN_SHUTDOWN,
            &SqlState::CRASH_SHUTDOWN,
            &SqlState::TOO_MANY_CONNECTIONS,
        ];
        error.code().is_none_or(|state| starting.contains(&state))
    }

    /// Whether the content of the database is wrong.
    pub fn is_damage(&self) -> bool {
        let code = self.sqlite_code();
        let states = [&SqlState::DATA_CORRUPTED, &SqlState::INDEX_CORRUPTED];
        matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            || self.sql_state().is_some_and(|state| states.contains(&state))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Postgres(error) => write_postgres(error, f),
            Self::Encoding(name) => write!(
                f,
                "its encoding is {name:?}: make a new one with ENCODING 'UTF8' TEMPLATE template0"
            ),
            Self::Copy(error) => error.fmt(f),
            Self::Column(name) => write!(f, "a column has the type {name}"),
            Self::Led => f.write_str("another collector or writer uses it"),
            Self::NoRow => f.write_str("the query has no row"),
            Self::Closed => f.write_str("the database is closed"),
        }
    }
}

/// The client's texts end where the cause begins.
fn write_postgres(error: &postgres::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Not its details, which may have values.
    if let Some(error) = error.as_db_error() {
        return write!(f, "{} (SQLSTATE {})", error.message(), error.code().code());
    }
    write!(f, "{error}")?;
    match std::error::Error::source(error) {
        Some(cause) => write!(f, ": {cause}"),
        None => Ok(()),
    }
}

impl std::error::Error for Error {}

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

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
