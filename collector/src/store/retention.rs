//! Deletes rows by age, in small transactions between the commits of events.
//!
//! The age is the time since the receipt by the collector's clock. A wrong clock must not delete
//! everything: after the clock has moved by more than a day between two checks, nothing is deleted
//! for a day. An operator or NTP has that time to correct it, and the next check then begins anew.
//! A collector that was stopped for more than a day waits as well, which costs nothing.

use super::db::{self, Connection, Optional, Transaction, params};
use crate::config::retention::Retention;
use crate::limits::Limits;
use crate::place::Place;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Rows received before 2025 have a wrong time, because this software did not exist.
const FIRST_TIME: i64 = 1_735_689_600_000;

/// The next thing to look at in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// Events without a customer.
    NoCustomer,
    /// Events of the customers after this one.
    Customers(String),
    Batches,
    Orders,
    /// The list of erased visitors.
    Erased,
    /// The links between the hashes of an id, after this one.
    Pseudonyms(String, String),
}

/// Deletes by age.
#[derive(Debug)]
pub struct Sweeper {
    retention: Retention,
    database: Place,
    /// `None` between two rounds.
    next: Option<Next>,
    /// The number of rows deleted in this round.
    deleted: usize,
    is_held: bool,
}

impl Sweeper {
    /// Applies these settings.
    pub fn new(retention: Retention, database: &Place) -> Self {
        Self { retention, database: database.clone(), next: None, deleted: 0, is_held: false }
    }

    /// Begins a round, if rows are to be deleted and the clock can be trusted.
    pub fn begin(&mut self, connection: &mut Connection, now: u64) -> db::Result<()> {
        if self.next.is_some() || !self.retention.is_any() {
            return Ok(());
        }
        let held = hold(connection, now as i64)?;
        if held && !self.is_held {
            tracing::warn!(
                "the clock moved by more than a day since the last check, or the collector was \
                 stopped for so long: nothing is deleted by age for the next 24 hours; check the \
                 system's time"
            );
        }
        self.is_held = held;
        self.next = (!held).then_some(Next::NoCustomer);
        Ok(())
    }

    /// Ends the round after a failure. The next round begins anew.
    pub fn pause(&mut self) {
        self.next = None;
    }

    /// Whether a round is not finished.
    pub fn is_busy(&self) -> bool {
        self.next.is_some()
    }

    /// Deletes some rows in one transaction.
    pub fn step(&mut self, connection: &mut Connection, now: u64) -> db::Result<()> {
        let Some(next) = self.next.clone() else { return Ok(()) };
        let transaction = connection.transaction()?;
        let is_list = next == Next::Erased;
        let (count, next) = self.chunk(&transaction, next, now as i64)?;
        if count == 0 {
            // Nothing was written, so nothing has to be flushed.
            drop(transaction);
        } else {
            transaction.commit()?;
        }
        self.next = next;
        if is_list && count > 0 {
            tracing::info!("{count} hashes of erased visitors were deleted by their age");
        } else {
            self.deleted += count;
        }
        if self.next.is_none() && self.deleted > 0 {
            tracing::info!("{} rows were deleted because of their age", self.deleted);
            self.deleted = 0;
        }
        Ok(())
    }

    /// Deletes at most [`Limits::SWEEP_ROWS`] rows, and returns the place to continue at.
    fn chunk(
        &self,
        transaction: &Transaction<'_>,
        next: Next,
        now: i64,
    ) -> db::Result<(usize, Option<Next>)> {
        let most = Limits::SWEEP_ROWS;
        let before = |days: Option<u32>| days.map(|days| now - i64::from(days) * DAY);
        // A full chunk may have left rows.
        let then = |count: usize, same: Next, next: Option<Next>| {
            (count, if count >= most { Some(same) } else { next })
        };
        Ok(match next {
            Next::NoCustomer => {
                let count = events(transaction, None, before(self.retention.days))?;
                then(count, Next::NoCustomer, Some(Next::Customers(String::new())))
            }
            Next::Customers(mut after) => {
                // Any text can be a customer, so there may be many of them.
                for _ in 0..most {
                    let sql = "SELECT min(customer) FROM events WHERE customer > ?";
                    let customer = transaction
                        .prepare_cached(sql)?
                        .query_row([&after], |row| row.get::<_, Option<String>>(0))?;
                    let Some(customer) = customer else { return Ok((0, Some(Next::Batches))) };
                    let days = self.retention.days_of(&customer);
                    let count = events(transaction, Some(&customer), before(days))?;
                    if count > 0 {
                        let after = if count >= most { after } else { customer };
                        return Ok((count, Some(Next::Customers(after))));
                    }
                    after = customer;
                }
                (0, Some(Next::Customers(after)))
            }
            Next::Batches => {
                let sql = "DELETE FROM batches WHERE row IN (SELECT row FROM batches
                           WHERE received_at >= ? AND received_at < ? LIMIT ?)";
                let count = aged(transaction, sql, before(self.retention.days))?;
                then(count, Next::Batches, Some(Next::Orders))
            }
            Next::Orders => {
                let count = orders(transaction, before(self.retention.orders_days))?;
                then(count, Next::Orders, Some(Next::Erased))
            }
            Next::Erased => {
                let count = forget(transaction, &self.database, before(self.retention.erased_days));
                (count, Some(Next::Pseudonyms(String::new(), String::new())))
            }
            Next::Pseudonyms(hash, older) => pseudonyms(transaction, &hash, &older)?,
        })
    }
}

fn aged(transaction: &Transaction<'_>, sql: &str, before: Option<i64>) -> db::Result<usize> {
    let Some(before) = before else { return Ok(0) };
    transaction.prepare_cached(sql)?.execute(params![FIRST_TIME, before, Limits::SWEEP_ROWS as i64])
}

fn events(
    transaction: &Transaction<'_>,
    customer: Option<&str>,
    before: Option<i64>,
) -> db::Result<usize> {
    let Some(before) = before else { return Ok(0) };
    let most = Limits::SWEEP_ROWS as i64;
    match customer {
        None => transaction.execute(OF_NONE, (FIRST_TIME, before, most)),
        Some(name) => transaction.execute(OF_CUSTOMER, (FIRST_TIME, before, most, name)),
    }
}

pub(super) const OF_NONE: &str = "DELETE FROM events WHERE row IN (SELECT row FROM events
    WHERE customer IS NULL AND received_at >= ?1 AND received_at < ?2 LIMIT ?3)";
pub(super) const OF_CUSTOMER: &str = "DELETE FROM events WHERE row IN (SELECT row FROM events
    WHERE customer = ?4 AND received_at >= ?1 AND received_at < ?2 LIMIT ?3)";

fn orders(transaction: &Transaction<'_>, before: Option<i64>) -> db::Result<usize> {
    let Some(before) = before else { return Ok(0) };
    let sql = "SELECT row FROM orders WHERE first_at >= ? AND first_at < ? LIMIT ?";
    let most = Limits::SWEEP_ROWS as i64;
    let rows = transaction
        .prepare_cached(sql)?
        .query_map(params![FIRST_TIME, before, most], |row| row.get::<_, i64>(0))?;
    for row in &rows {
        for table in ["order_lines", "order_reports", "order_events"] {
            let sql = format!("DELETE FROM {table} WHERE order_row = ?");
            transaction.prepare_cached(&sql)?.execute([row])?;
        }
        transaction.prepare_cached("DELETE FROM orders WHERE row = ?")?.execute([row])?;
    }
    Ok(rows.len())
}

/// Deletes the lines of old erasures. A failure concerns no event, so events are still stored and rows
/// still deleted.
fn forget(transaction: &Transaction<'_>, database: &Place, before: Option<i64>) -> usize {
    let Some(before) = before else { return 0 };
    let gone = super::erased::forget(transaction, database, before.max(0) as u64);
    gone.unwrap_or_else(|error| {
        tracing::warn!("{error}");
        0
    })
}

/// Deletes the links of hashes without events.
fn pseudonyms(
    transaction: &Transaction<'_>,
    hash: &str,
    older: &str,
) -> db::Result<(usize, Option<Next>)> {
    let sql = "SELECT hash, older FROM pseudonyms WHERE (hash, older) > (?, ?)
               ORDER BY hash, older LIMIT ?";
    let links = transaction
        .prepare_cached(sql)?
        .query_map(params![hash, older, Limits::SWEEP_ROWS as i64], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
    let mut count = 0;
    for (hash, older) in &links {
        if !(super::visitors::has_rows(transaction, hash)?
            && super::visitors::has_rows(transaction, older)?)
        {
            let sql = "DELETE FROM pseudonyms WHERE hash = ? AND older = ?";
            count += transaction.prepare_cached(sql)?.execute([hash, older])?;
        }
    }
    let full = links.len() >= Limits::SWEEP_ROWS;
    let last = links.into_iter().last().filter(|_| full);
    Ok((count, last.map(|(hash, older)| Next::Pseudonyms(hash, older))))
}

/// Records the clock, and returns whether it moved by more than a day within the last day.
fn hold(connection: &mut Connection, now: i64) -> db::Result<bool> {
    let transaction = connection.transaction()?;
    let value = |name: &str| {
        transaction
            .query_row("SELECT value FROM tending WHERE name = ?", [name], |row| {
                row.get::<_, i64>(0)
            })
            .optional()
    };
    let moved = |time: i64| (now - time).abs() > DAY;
    let since = match (value("clock")?, value("held since")?) {
        (Some(last), _) if moved(last) => Some(now),
        (_, Some(since)) if !moved(since) => Some(since),
        (None, _) | (_, Some(_) | None) => None,
    };
    let set = "INSERT INTO tending VALUES (?, ?)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    transaction.execute(set, params!["clock", now])?;
    match since {
        Some(since) => transaction.execute(set, params!["held since", since])?,
        None => transaction.execute("DELETE FROM tending WHERE name = 'held since'", ())?,
    };
    transaction.commit()?;
    Ok(since.is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::schema;
    use std::path::{Path, PathBuf};

    const NOW: u64 = 1_795_000_000_000;
    const YEARS: u64 = 5 * 365 * DAY as u64;

    /// A database with this many events, received at `NOW` and a day apart backwards.
    fn database(folder: &Path, events: u64) -> Connection {
        let connection = schema::new_for_test(folder);
        for n in 0..events {
            let sql = "INSERT INTO events (id, type, at, received_at, source, fields)
                       VALUES (?, 'click', 0, ?, 'batch', '{}')";
            let at = NOW as i64 - n as i64 * DAY;
            connection.execute(sql, params![n.to_string(), at]).unwrap();
        }
        connection
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM events", (), |row| row.get(0)).unwrap()
    }

    /// A round. Returns the largest number of rows that one step deleted.
    fn round(sweeper: &mut Sweeper, connection: &mut Connection, now: u64) -> i64 {
        sweeper.begin(connection, now).unwrap();
        let mut most = 0;
        while sweeper.is_busy() {
            let before = count(connection);
            sweeper.step(connection, now).unwrap();
            most = most.max(before - count(connection));
        }
        most
    }

    fn sweeper(days: u32) -> Sweeper {
        let retention = Retention { days: Some(days), ..Retention::default() };
        Sweeper::new(retention, &PathBuf::from("unused").into())
    }

    #[test]
    fn rows_are_deleted_by_age_in_small_steps() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = database(folder.path(), 0);
        for n in 0..1000 {
            let sql = "INSERT INTO events (id, type, at, received_at, source, customer, fields)
                       VALUES (?, 'click', 0, ?, 'ibexa', ?, '{}')";
            let customer = (n % 3 > 0).then(|| (n % 3).to_string());
            connection
                .execute(sql, params![n.to_string(), NOW as i64 - 31 * DAY, customer])
                .unwrap();
        }
        let most = round(&mut sweeper(31), &mut connection, NOW);
        assert_eq!((most, count(&connection)), (0, 1000), "exactly 31 days are kept");
        let most = round(&mut sweeper(31), &mut connection, NOW + 1);
        assert_eq!((most as usize, count(&connection)), (Limits::SWEEP_ROWS, 0));
    }

    #[test]
    fn after_a_jump_of_the_clock_nothing_is_deleted_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = database(folder.path(), 100);
        let mut sweeper = sweeper(30);
        let day = DAY as u64;
        round(&mut sweeper, &mut connection, NOW);
        assert_eq!(count(&connection), 31);
        // Years ahead, then checked every hour, with a restart.
        for hour in 0..24 {
            round(&mut sweeper, &mut connection, NOW + YEARS + hour * day / 24);
            assert_eq!(count(&connection), 31, "{hour}");
        }
        sweeper = super::tests::sweeper(30);
        round(&mut sweeper, &mut connection, NOW + YEARS + day - 1);
        assert_eq!(count(&connection), 31);
        // The clock is right again: that is a jump too. Nothing was lost.
        for hour in 24..49 {
            round(&mut sweeper, &mut connection, NOW + hour * day / 24);
            assert_eq!(count(&connection), 31, "{hour}");
        }
        for hour in 49..51 {
            round(&mut sweeper, &mut connection, NOW + hour * day / 24);
        }
        assert_eq!(count(&connection), 28);
        // A clock that stays is believed after a day.
        for hour in 0..26 {
            round(&mut sweeper, &mut connection, NOW + YEARS + hour * day / 24);
        }
        assert_eq!(count(&connection), 0);
    }

    #[test]
    fn rows_of_a_clock_without_a_date_are_not_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = database(folder.path(), 1);
        connection.execute("UPDATE events SET received_at = 1000", ()).unwrap();
        round(&mut sweeper(1), &mut connection, NOW);
        assert_eq!(count(&connection), 1);
    }

    #[test]
    fn links_of_hashes_without_events_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = database(folder.path(), 2);
        let links = "UPDATE events SET user = 'u' || row;
            INSERT INTO pseudonyms VALUES ('u1', 'u2'), ('u1', 'gone'), ('gone', 'u2')";
        connection.execute_batch(links).unwrap();
        round(&mut sweeper(30), &mut connection, NOW);
        let left = "SELECT group_concat(hash || older) FROM pseudonyms";
        let left: String = connection.query_row(left, (), |row| row.get(0)).unwrap();
        assert_eq!(left, "u1u2");
    }
}
