//! The writer's work beside its transactions: it keeps the files of SQLite, tries to write, and finds
//! the cause of a failure.

use super::db::{self, Connection};
use super::files::{self, Files};
use super::log::Log;
use crate::clock::now_ms;
use crate::config::Config;
use crate::limits::Limits;
use rusqlite::ErrorCode;
use std::fmt;
use std::path::PathBuf;

/// Why a transaction failed.
#[derive(Debug)]
pub enum Failed {
    /// The database does not answer.
    Database(db::Error),
    /// Its file is not in its place.
    Gone,
    /// The database or its log has reached the limit.
    Large,
    /// Pages of the database are wrong.
    Damaged(db::Error),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => error.fmt(f),
            Self::Gone => f.write_str(
                "its file was deleted, moved or replaced; put it back, or restart the collector",
            ),
            Self::Damaged(error) => write!(
                f,
                "{error}. Stop the collector and restore a backup (recobeacon-collector restore \
                 BACKUP), which keeps the damaged database beside it"
            ),
            Self::Large => f.write_str(
                "it has reached limits.database_mib; raise the limit, or let [retention] delete \
                 old rows",
            ),
        }
    }
}

/// Largest test write in bytes.
pub const TRIED_BYTES: usize = 4 * 1024 * 1024;

/// The writer's work beside its transactions.
#[derive(Debug)]
pub enum Upkeep {
    /// A file of SQLite.
    File(Box<Upkept>),
    /// PostgreSQL does it itself.
    Server,
}

/// The files of the database.
#[derive(Debug)]
pub struct Upkept {
    files: Files,
    log: Log,
    /// The path of the database's log, and the largest size in bytes. 0: no limit.
    wal: PathBuf,
    most_bytes: u64,
}

impl Upkeep {
    /// Limits the size of the database, and writes its log back from now on.
    pub fn new(connection: &Connection, config: &Config) -> db::Result<Self> {
        let (Some(database), Some(sqlite)) = (config.database.file(), connection.sqlite()) else {
            return Ok(Self::Server);
        };
        let (files, log) = (Files::new(database), Log::new(database, sqlite)?);
        let most_bytes = config.limits.database_mib.saturating_mul(1024 * 1024);
        if most_bytes > 0 {
            let page: i64 = sqlite.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let pages = (most_bytes as i64) / page.max(1);
            // A larger database keeps its size, and takes only what fits into its free pages.
            sqlite.pragma_update(None, "max_page_count", pages)?;
        }
        Ok(Self::File(Box::new(Upkept { files, log, wal: files::wal(database), most_bytes })))
    }

    /// Checks the log. Called after each commit and at regular intervals.
    pub fn tend(&mut self, connection: &Connection) {
        if let (Self::File(kept), Some(sqlite)) = (self, connection.sqlite()) {
            kept.log.tend(sqlite);
        }
    }

    /// Checks after a commit that the files are in their place: events in a deleted file must not be
    /// confirmed.
    pub fn check(&self) -> Result<(), Failed> {
        match self {
            Self::File(kept) if !kept.files.are_there() => Err(Failed::Gone),
            Self::File(_) | Self::Server => Ok(()),
        }
    }

    /// Whether a long reader keeps the log from being written into the database.
    pub fn is_log_large(&self) -> bool {
        let Self::File(kept) = self else { return false };
        let size = || std::fs::metadata(&kept.wal).map_or(0, |file| file.len());
        kept.most_bytes > 0 && size() > kept.most_bytes.max(Limits::WAL_BYTES * 2)
    }

    /// The cause of a failed write.
    pub fn cause(&self, connection: &Connection, error: db::Error) -> Failed {
        if error.is_damage() {
            return Failed::Damaged(error);
        }
        let (Self::File(kept), Some(sqlite)) = (self, connection.sqlite()) else {
            return Failed::Database(error);
        };
        let full = error.sqlite_code() == Some(ErrorCode::DiskFull);
        let value =
            |name| sqlite.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap_or(0);
        let bytes = value("page_size").saturating_mul(value("page_count")).unsigned_abs();
        // A transaction needs more pages than are left.
        let near = bytes.saturating_add(TRIED_BYTES as u64 * 2) >= kept.most_bytes;
        if full && kept.most_bytes > 0 && near { Failed::Large } else { Failed::Database(error) }
    }
}

/// A test write as large as the events that could not be stored. A small write would still succeed
/// on an almost full disk.
pub fn try_write(connection: &mut Connection, bytes: usize) -> db::Result<()> {
    if connection.sqlite().is_none() {
        return try_server(connection, bytes);
    }
    if bytes > 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch("CREATE TABLE IF NOT EXISTS tried (bytes BLOB)")?;
        transaction.execute("INSERT INTO tried VALUES (zeroblob(?))", [bytes as i64])?;
        transaction.commit()?;
        return connection.execute_batch("DROP TABLE tried");
    }
    // Writes one page without changing it.
    let transaction = connection.transaction()?;
    let version: i64 = transaction.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    transaction.execute_batch(&format!("PRAGMA user_version = {version}"))?;
    transaction.commit()
}

/// The same in PostgreSQL. A table whose creation is undone leaves nothing, and its bytes are written to
/// the disk before that.
fn try_server(connection: &mut Connection, bytes: usize) -> db::Result<()> {
    let transaction = connection.transaction()?;
    let set = "INSERT INTO tending VALUES ('tried', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    transaction.execute(set, [now_ms() as i64])?;
    if bytes > 0 {
        let sql = format!(
            "CREATE TABLE tried AS SELECT repeat('0', 1000) AS bytes FROM generate_series(1, {})",
            bytes / 1000 + 1
        );
        transaction.execute_batch(&sql)?;
        transaction.execute_batch("DROP TABLE tried")?;
    }
    transaction.commit()
}
