//! Counts refused requests by day. They are written at intervals, because a refused request must not
//! cost a write.

use super::db::{self, Connection};
use crate::iso;
use crate::limits::Limits;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Day, interface and reason.
type Kind = (String, &'static str, &'static str);

/// The requests that are not written yet.
#[derive(Debug, Default)]
pub struct Refused(Mutex<BTreeMap<Kind, u64>>);

impl Refused {
    /// Counts a request that was refused at this time.
    pub fn note(&self, interface: &'static str, reason: &'static str, now_ms: u64) {
        let time = iso::format(now_ms);
        let day = time.split('T').next().unwrap_or_default().to_owned();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry((day, interface, reason)).or_default() += 1;
    }

    /// Writes the counts. After a failure they are kept.
    pub fn write(&self, connection: &mut Connection) -> db::Result<()> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.is_empty() {
            return Ok(());
        }
        let written = write(connection, &taken);
        if written.is_err() {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (kind, requests) in taken {
                *all.entry(kind).or_default() += requests;
            }
        }
        written
    }
}

fn write(connection: &mut Connection, counts: &BTreeMap<Kind, u64>) -> db::Result<()> {
    let transaction = connection.transaction()?;
    for ((day, interface, reason), requests) in counts {
        transaction
            .prepare_cached(
                "INSERT INTO refused_requests (day, interface, reason, requests)
                 VALUES (?, ?, ?, ?)
                 ON CONFLICT (day, interface, reason)
                 DO UPDATE SET requests = refused_requests.requests + excluded.requests",
            )?
            .execute((day, interface, reason, *requests as i64))?;
    }
    // Not by the present date: a wrong clock must not delete the other days.
    transaction.execute(
        "DELETE FROM refused_requests WHERE day < (SELECT min(day) FROM (
             SELECT DISTINCT day FROM refused_requests ORDER BY day DESC LIMIT ?) AS days)",
        [Limits::REFUSED_DAYS],
    )?;
    transaction.commit()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_until_they_are_written() {
        let mut connection = Connection::from(rusqlite::Connection::open_in_memory().unwrap());
        let refused = Refused::default();
        refused.note("batch", "invalid", 1_795_827_600_000);
        refused.note("batch", "invalid", 1_795_827_600_001);
        assert!(refused.write(&mut connection).is_err());
        connection
            .execute_batch(
                "CREATE TABLE refused_requests (day TEXT, interface TEXT, reason TEXT,
                     requests INTEGER, PRIMARY KEY (day, interface, reason))",
            )
            .unwrap();
        refused.write(&mut connection).unwrap();
        refused.write(&mut connection).unwrap();
        refused.note("batch", "invalid", 1_795_827_600_002);
        refused.write(&mut connection).unwrap();
        let sql = "SELECT day || ' ' || interface || ' ' || reason || ' ' || requests
                   FROM refused_requests";
        let row: String = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(row, "2026-11-28 batch invalid 3");
        for day in 0..1000 {
            refused.note("ibexa", "origin", day * 86_400_000);
        }
        refused.write(&mut connection).unwrap();
        let sql = "SELECT count(*) || ' ' || min(day) || ' ' || max(day) FROM refused_requests";
        let days: String = connection.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(days, "800 1970-07-21 2026-11-28");
    }
}
