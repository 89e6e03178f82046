//! The database's log (WAL): writes it into the database, and limits its size.
//!
//! SQLite would write it within a commit, every 1000 pages. Here a thread does it, while the writer
//! commits. It also happens less often: most pages of an index change again until then, and are
//! written once.
//!
//! SQLite begins the log anew once its content is in the database and no reader uses it. Under load
//! there are always new pages, so from time to time the writer itself writes the rest, after the
//! requests are answered. A long reader, or readers that always overlap, let the log grow, and it keeps
//! its size afterwards (<https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>).

use super::{files, schema};
use crate::limits::Limits;
use crate::minutely::Minutely;
use crate::place::Place;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// Writes the log into the database, and truncates it if it has grown.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    thread: Thread,
    tried: Option<Instant>,
    lines: Minutely,
}

impl Log {
    /// The log of the database with this path. From now on this connection does not write it back.
    pub fn new(database: &Path, connection: &Connection) -> super::db::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let (path, lines) = (files::wal(database), Minutely::default());
        Ok(Self { path, thread: Thread::start(database)?, tried: None, lines })
    }

    /// Checks the log. Called after each commit and at regular intervals.
    pub fn tend(&mut self, connection: &Connection) {
        // A failure leaves the events in the log, and the next call tries again.
        if let Ok(Pages { all, left }) = checkpoint(connection, "NOOP") {
            if all >= Limits::WAL_PAGES && left > 0 {
                let _ = checkpoint(connection, "PASSIVE");
            } else if left >= Limits::WAL_PAGES_LEFT {
                self.thread.wake();
            }
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

/// Writes the log into the database while the writer's connection appends to it, which SQLite permits.
/// It ends when it is dropped.
#[derive(Debug)]
struct Thread {
    /// Absent only while it ends.
    wake: Option<SyncSender<()>>,
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    fn start(database: &Path) -> super::db::Result<Self> {
        let connection = schema::attach(&Place::File(database.to_owned()))?;
        let (wake, woken) = sync_channel(1);
        let run = move || run(&connection, &woken);
        let started = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(run);
        // Without the thread, the writer writes the whole log.
        Ok(Self { wake: Some(wake), handle: started.ok() })
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            // It is full if the thread has not begun since the last time.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}

fn run(connection: &super::db::Connection, woken: &Receiver<()>) {
    let Some(connection) = connection.sqlite() else { return };
    while woken.recv().is_ok() {
        let _ = checkpoint(connection, "PASSIVE");
    }
}

/// The pages of the log.
struct Pages {
    all: i64,
    /// Those that are not in the database.
    left: i64,
}

/// Runs a checkpoint of this mode.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Pages> {
    let mut statement = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    statement.query_row([], |row| {
        let all = row.get("log")?;
        Ok(Pages { all, left: all - row.get::<_, i64>("checkpointed")? })
    })
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

    /// A database, its log, and a table.
    fn open(folder: &Path) -> (Connection, Log) {
        let path = folder.join("a.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        let log = Log::new(&path, &connection).unwrap();
        connection.execute_batch("CREATE TABLE some (bytes BLOB)").unwrap();
        (connection, log)
    }

    fn left(connection: &Connection) -> i64 {
        checkpoint(connection, "NOOP").unwrap().left
    }

    fn add(connection: &Connection, pages: i64) {
        connection.execute("INSERT INTO some VALUES (zeroblob(? * 4096))", [pages]).unwrap();
    }

    #[test]
    fn the_writer_writes_a_large_log_into_the_database_when_it_is_tended() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, mut log) = open(folder.path());
        log.tend(&connection);
        assert!(left(&connection) > 0, "few pages stay in the log");
        add(&connection, Limits::WAL_PAGES);
        assert!(left(&connection) > Limits::WAL_PAGES, "a commit writes nothing into the database");
        log.tend(&connection);
        assert_eq!(left(&connection), 0);
    }

    #[test]
    fn the_thread_writes_a_smaller_log_while_the_writer_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, mut log) = open(folder.path());
        add(&connection, Limits::WAL_PAGES_LEFT);
        log.tend(&connection);
        let begun = Instant::now();
        let mut rows = 1;
        let written = || {
            let Pages { all, left } = checkpoint(&connection, "NOOP").unwrap();
            all - left
        };
        while written() < Limits::WAL_PAGES_LEFT {
            assert!(begun.elapsed() < Limits::PATIENT, "{} pages are written", written());
            // Neither waits for the other.
            add(&connection, 1);
            rows += 1;
        }
        drop(log);
        let stored: i64 =
            connection.query_row("SELECT count(*) FROM some", [], |row| row.get(0)).unwrap();
        assert_eq!(stored, rows);
    }
}
