//! The size of the database's log (WAL).
//!
//! SQLite begins it anew once everything in it is in the database and nobody reads it. A reader that
//! stays, or readers that always overlap, let it grow, and it keeps its size afterwards
//! (<https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>).

use super::files;
use crate::limits::Limits;
use crate::minutely::Minutely;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Empties and cuts the log where it has grown.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    tried: Option<Instant>,
    lines: Minutely,
}

impl Log {
    /// That of the database with this path.
    pub fn new(database: &Path) -> Self {
        Self { path: files::wal(database), tried: None, lines: Minutely::default() }
    }

    /// To be called after each commit, and now and then.
    pub fn tend(&mut self, connection: &Connection) {
        let size = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        let just = self.tried.is_some_and(|at| at.elapsed() < Limits::TEND_PAUSE);
        if size < Limits::WAL_BYTES || just {
            return;
        }
        let emptied = empty(connection);
        // A reader holds it: the next try comes later, as each one holds up the writer.
        self.tried = (!matches!(emptied, Ok(true))).then(Instant::now);
        if !matches!(emptied, Ok(true)) && self.lines.due().is_some() {
            let megabytes = size / 1_000_000;
            tracing::warn!(
                "another program reads the database for long: its log has {megabytes} MB"
            );
        }
    }
}

/// Whether all of it could be written into the database and the file cut.
fn empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(Limits::WAL_PATIENCE)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(Limits::BUSY)?;
    busy.map(|busy: i64| busy == 0)
}
