//! Copies of the database: made while a collector runs, and put back while none runs.

use super::db;
use super::erased;
use super::files;
use super::forward;
use super::schema::{self, SchemaError};
use super::visitors::VisitorError;
use crate::limits::Limits;
use crate::private;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a copy was not made or put back.
#[derive(Debug)]
pub enum BackupError {
    /// There is a file of this name.
    Exists(PathBuf),
    /// The database cannot be read or used.
    Database(PathBuf, SchemaError),
    /// The copy has faults.
    Faulty(PathBuf, String),
    /// A program uses the database.
    Used(PathBuf),
    /// The file cannot be written.
    File(PathBuf, io::Error),
    /// The erased visitors cannot be erased again.
    Erased(VisitorError),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => write!(f, "{} exists: name a new file", path.display()),
            Self::Database(path, error) => write!(f, "the database {}: {error}", path.display()),
            Self::Faulty(path, fault) => {
                write!(f, "the copy {} is damaged and cannot be used: {fault}", path.display())
            }
            Self::Used(path) => write!(
                f,
                "a program uses the database {}: stop the collector first",
                path.display()
            ),
            Self::File(path, error) => {
                write!(f, "the file {} cannot be written: {error}", path.display())
            }
            Self::Erased(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BackupError {}

/// Copies the database to a new file. A collector may store events meanwhile. The copy has all
/// events that were answered before, and no deleted ones: `VACUUM INTO` writes no free pages
/// (<https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause>). Returns the name of an
/// unfinished copy that an interrupted command had left, and that is removed.
///
/// # Errors
/// Nothing has the name `to` then.
pub fn make(database: &Path, to: &Path) -> Result<Option<PathBuf>, BackupError> {
    let failed = |error| BackupError::File(to.to_owned(), error);
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let part = beside(to, ".part");
    let is_left = remove_part(&part).map_err(failed)?;
    // SQLite fills an existing empty file, which keeps its mode.
    private::create(&part).map_err(failed)?;
    let copied = copy(database, &part).and_then(|()| {
        check(&part)?;
        File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
        // A link fails if the name exists, and a rename would replace it.
        std::fs::hard_link(&part, to).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
            _ => failed(error),
        })
    });
    remove_part(&part).map_err(failed)?;
    copied?;
    private::sync_folder(to).map_err(failed)?;
    Ok(is_left.then_some(part))
}

/// Removes an unfinished copy with its journal: both have rows. Returns whether there was one.
fn remove_part(part: &Path) -> io::Result<bool> {
    let is_left = remove(part)?;
    Ok(remove(&beside(part, "-journal"))? || is_left)
}

fn copy(database: &Path, part: &Path) -> Result<(), BackupError> {
    let failed = |error: rusqlite::Error| BackupError::Database(database.to_owned(), error.into());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).map_err(failed)?;
    connection.busy_timeout(Limits::PATIENT).map_err(failed)?;
    let Some(part) = part.to_str() else {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "its name must be UTF-8");
        return Err(BackupError::File(part.to_owned(), error));
    };
    connection.execute("VACUUM INTO ?", [part]).map_err(failed)?;
    Ok(())
}

/// Reads the whole copy.
fn check(path: &Path) -> Result<(), BackupError> {
    let failed = |error: rusqlite::Error| match error.into() {
        SchemaError::Corrupt(error) => BackupError::Faulty(path.to_owned(), error.to_string()),
        error => BackupError::Database(path.to_owned(), error),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let result = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
    let result: String = result.map_err(failed)?;
    if result == "ok" { Ok(()) } else { Err(BackupError::Faulty(path.to_owned(), result)) }
}

/// The result of [`restore`].
#[derive(Debug)]
pub struct Restored {
    /// The name of the database before it.
    pub aside: Option<PathBuf>,
    /// The number of events that wait for vendors.
    pub waiting: usize,
    /// The number of rows of erased visitors that the copy had. `None`: an older version made the
    /// copy, so the next start erases them after the migration.
    pub erased: Option<usize>,
}

/// Puts a copy into the place of the database. The database before it stays beside it. The copy may
/// be of an older version of the collector.
///
/// # Errors
/// The database is unchanged then, or under the name of the file in the error.
pub fn restore(copy: &Path, database: &Path) -> Result<Restored, BackupError> {
    check(copy)?;
    match schema::is_ours(copy) {
        Ok(true) => {}
        Ok(false) => {
            let fault = "it is not a database of the collector".to_owned();
            return Err(BackupError::Faulty(copy.to_owned(), fault));
        }
        Err(error) => return Err(BackupError::Database(copy.to_owned(), error)),
    }
    let failed = |error| BackupError::File(database.to_owned(), error);
    private::make_folder(database).map_err(failed)?;
    let part = beside(database, ".part");
    remove_part(&part).map_err(failed)?;
    let mut file = private::create_beside(&part, database).map_err(failed)?;
    File::open(copy).and_then(|mut copy| io::copy(&mut copy, &mut file)).map_err(failed)?;
    let changed = prepare(&part, database).and_then(|changed| {
        file.sync_all().map_err(failed)?;
        Ok(changed)
    });
    if changed.is_err() {
        remove_part(&part).map_err(failed)?;
    }
    let (waiting, erased) = changed?;
    let aside = keep(database)?;
    // At once: without a database for a moment, a starting collector would make an empty one.
    std::fs::rename(&part, database).map_err(failed)?;
    private::sync_folder(database).map_err(failed)?;
    Ok(Restored { aside, waiting, erased })
}

/// Marks the events that wait for vendors, and erases the erased visitors again. Returns the numbers
/// of [`Restored`].
fn prepare(part: &Path, database: &Path) -> Result<(usize, Option<usize>), BackupError> {
    let failed = |error: rusqlite::Error| BackupError::Database(part.to_owned(), error.into());
    let connection = Connection::open(part).map_err(failed)?;
    // A journal beside the file would outlive a restore that is killed.
    connection.pragma_update(None, "journal_mode", "MEMORY").map_err(failed)?;
    connection.pragma_update(None, "secure_delete", "ON").map_err(failed)?;
    let failed = |error: db::Error| BackupError::Database(part.to_owned(), error.into());
    let mut connection = db::Connection::from(connection);
    let waiting = forward::suspect(&connection).map_err(failed)?;
    let erased = if schema::is_current(&connection).map_err(failed)? {
        Some(
            erased::apply(&mut connection, &database.to_owned().into())
                .map_err(BackupError::Erased)?,
        )
    } else {
        None
    };
    connection.close().map_err(failed)?;
    Ok((waiting, erased))
}

/// Gives the database a second name, and moves its log there. A log beside another database would
/// damage it.
fn keep(database: &Path) -> Result<Option<PathBuf>, BackupError> {
    if !database.exists() {
        return Ok(None);
    }
    let failed = |error| BackupError::File(database.to_owned(), error);
    close_log(database)?;
    let mut n = 1;
    let aside = loop {
        let aside = beside(database, &format!(".before-restore-{n}"));
        if !aside.exists() {
            break aside;
        }
        n += 1;
    };
    std::fs::hard_link(database, &aside).map_err(failed)?;
    for path in [files::wal, files::shm] {
        match std::fs::rename(path(database), path(&aside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(Some(aside))
}

/// Writes the log into the database. This fails while another program has the database open.
fn close_log(database: &Path) -> Result<(), BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let closed = Connection::open_with_flags(database, flags)
        .and_then(|connection| connection.pragma_update(None, "journal_mode", "DELETE"));
    match closed.as_ref().map_err(rusqlite::Error::sqlite_error_code) {
        Err(Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
            Err(BackupError::Used(database.to_owned()))
        }
        // A damaged database is the reason for most restores.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Returns whether there was a file.
fn remove(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
