//! A reading that may take long: it ends at its time limit, and when nobody waits for it any more.

use super::db::{self, Connection};
use crate::limits::Limits;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::time::Instant;

/// Ends the reading when it is dropped.
#[derive(Debug, Default)]
pub struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// The sign that the reading checks.
    pub fn sign(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a query until `end`, or until the sign is given.
///
/// # Errors
/// Those of the query, and that of an [ended](db::Error::is_interrupted) one.
pub fn run<T>(
    connection: &mut Connection,
    end: Instant,
    sign: Arc<AtomicBool>,
    query: impl FnOnce(&Connection) -> db::Result<T>,
) -> db::Result<T> {
    let ended = move || sign.load(Ordering::Relaxed) || Instant::now() >= end;
    match connection {
        Connection::Sqlite(sqlite) => {
            sqlite.progress_handler(Limits::REPORT_STEPS, Some(ended))?;
            let result = query(connection);
            if let Connection::Sqlite(sqlite) = connection {
                sqlite.progress_handler(0, None::<fn() -> bool>)?;
            }
            result
        }
        Connection::Postgres(open) => {
            let cancel = open.canceller()?;
            let (done, is_done) = mpsc::channel::<()>();
            let watch = move || {
                while is_done.recv_timeout(Limits::REPORT_CHECK) == Err(RecvTimeoutError::Timeout) {
                    if ended() {
                        cancel();
                    }
                }
            };
            let watching = std::thread::Builder::new().name("watch".to_owned()).spawn(watch);
            let result = query(connection);
            drop(done);
            if let Ok(watching) = watching {
                let _ = watching.join();
            }
            result
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ENDLESS: &str = "WITH RECURSIVE n(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n)
                           SELECT count(*) FROM n";

    fn count(connection: &Connection, sql: &str) -> db::Result<i64> {
        connection.query_row(sql, (), |row| row.get(0))
    }

    #[test]
    fn a_query_ends_at_its_time_or_when_nobody_waits_and_the_connection_works_on() {
        let mut connection = Connection::from(rusqlite::Connection::open_in_memory().unwrap());
        let (waiting, far) = (Waiting::default(), Instant::now() + Duration::from_secs(3600));
        let near = Instant::now() + Duration::from_millis(20);
        let ended = run(&mut connection, near, waiting.sign(), |open| count(open, ENDLESS));
        assert!(ended.unwrap_err().is_interrupted());
        let sign = waiting.sign();
        drop(waiting);
        let ended = run(&mut connection, far, sign, |open| count(open, ENDLESS));
        assert!(ended.unwrap_err().is_interrupted());
        let waiting = Waiting::default();
        let one = run(&mut connection, far, waiting.sign(), |open| count(open, "SELECT 1"));
        assert_eq!(one.unwrap(), 1);
    }
}
