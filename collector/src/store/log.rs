//! The database's log (WAL): writes it into the database, and limits its size.
//!
//! SQLite would write it within a commit, every 1000 pages. Here it happens after the requests are
//! answered, so that they do not wait for it. It also happens less often: most pages of an index
//! change again until then, and are written once.
//!
//! SQLite restarts the log once its content is in the database and no reader uses it. A long
//! reader, or readers that always overlap, let it grow, and it keeps its size afterwards
//! (<https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>).

use super::files;
use crate::limits::Limits;
use crate::minutely::Minutely;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Writes the log into the database, and truncates it if it has grown.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    tried: Option<Instant>,
    lines: Minutely,
}

impl Log {
    /// The log of the database with this path, which this connection alone writes back from now on.
    pub fn new(database: &Path, connection: &Connection) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(Self { path: files::wal(database), tried: None, lines: Minutely::default() })
    }

    /// Checks the log. Called after each commit and at regular intervals.
    pub fn tend(&mut self, connection: &Connection) {
        // A failure leaves the events in the log, and the next commit tries again.
        if matches!(checkpoint(connection, "NOOP"), Ok(left) if left >= Limits::WAL_PAGES) {
            let _ = checkpoint(connection, "PASSIVE");
        }
        let size = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        let just = self.tried.is_some_and(|at| at.elapsed() < Limits::TEND_PAUSE);
        if size < Limits::WAL_BYTES || just {
            return;
        }
        let emptied = empty(connection);
        // A reader uses the log. Each attempt delays the writer, so the next one waits.
        self.tried = (!matches!(emptied, Ok(true))).then(Instant::now);
        if !matches!(emptied, Ok(true)) && self.lines.due().is_some() {
            let megabytes = size / 1_000_000;
            tracing::warn!(
                "a program reads the database for a long time: its log (WAL) has {megabytes} MB"
            );
        }
    }
}

/// Runs a checkpoint of this mode. Returns the number of pages that are in the log only.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    statement
        .query_row([], |row| Ok(row.get::<_, i64>("log")? - row.get::<_, i64>("checkpointed")?))
}

/// Whether the whole log was written into the database and truncated.
fn empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(Limits::WAL_PATIENCE)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(Limits::BUSY)?;
    busy.map(|busy: i64| busy == 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_written_into_the_database_when_it_is_tended_and_has_many_pages() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        let mut log = Log::new(&path, &connection).unwrap();
        let left = || checkpoint(&connection, "NOOP").unwrap();
        connection.execute_batch("CREATE TABLE some (bytes BLOB)").unwrap();
        log.tend(&connection);
        assert!(left() > 0, "few pages stay in the log");
        let pages = Limits::WAL_PAGES;
        connection.execute("INSERT INTO some VALUES (zeroblob(? * 4096))", [pages]).unwrap();
        assert!(left() > pages, "a commit writes nothing into the database");
        log.tend(&connection);
        assert_eq!(left(), 0);
    }
}
