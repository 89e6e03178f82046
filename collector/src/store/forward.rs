//! The forwarding queue: events that a destination has not taken yet, and dead letters.
//!
//! An entry is `waiting`, `sent` (a request that must not be repeated is about to be written or was
//! written), or `dead`. A delivered entry is deleted. The state of each entry is the destination's
//! durable cursor: requests of different visitors run at the same time, so one row number would not
//! do.

use super::db::{self, Connection, Optional, Transaction, params};
use crate::event::Entry;
use crate::limits::Limits;

/// A change of entries, by their rows.
#[derive(Debug)]
pub enum Change {
    /// A request is about to be written that must not be repeated if its outcome stays unknown.
    Sent(Vec<i64>),
    /// The request was not accepted and may be sent again.
    Waiting(Vec<i64>),
    /// The destination took them.
    Delivered(String, Vec<i64>),
    /// They are not sent again.
    Dead {
        /// The entries.
        rows: Vec<i64>,
        /// The kind of failure.
        reason: Reason,
        /// The vendor's message, without ids.
        message: String,
        /// The time of the failure.
        now: u64,
    },
    /// Ids older than their lifetime are deleted, and old dead letters.
    Expire(u64),
}

/// Why an entry is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The vendor refused the request.
    Refused,
    /// The vendor may have taken it: there was no answer.
    Unknown,
    /// It was not delivered within its lifetime.
    Expired,
    /// It cannot be made into a request, for example because its key is missing.
    Unusable,
}

impl Reason {
    /// The name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Unusable => "unusable",
        }
    }
}

/// An entry without its ids.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its row. Rows are in the order of arrival.
    pub row: i64,
    /// The kind of event.
    pub kind: String,
    /// The visitor, hashed, or the page.
    pub visitor: Option<String>,
    /// How often it was sent.
    pub attempts: u32,
}

/// The rest of an entry.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The event's id.
    pub event: String,
    /// The piece's number.
    pub piece: u32,
    /// The kind of event.
    pub kind: String,
    /// The time of the event.
    pub at: u64,
    /// The key's number, and the encrypted content.
    pub content: Option<(u32, Vec<u8>)>,
}

/// Numbers of one destination.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Entries that are not delivered.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
    /// Delivered entries since the database was made.
    pub delivered: u64,
    /// Events that were not queued because the queue was full.
    pub dropped: u64,
    /// The time at which the oldest entry that is not delivered was received.
    pub oldest: Option<u64>,
}

/// Adds an entry. If the queue is full, the event is counted as dropped.
pub fn insert(
    transaction: &Transaction<'_>,
    event: &str,
    received_at: u64,
    entry: &Entry,
) -> db::Result<()> {
    let sealed = entry.sealed.as_ref();
    let state = if sealed.is_some() { "waiting" } else { "dead" };
    let expired = sealed.is_none().then_some(Reason::Expired.name());
    let sql = "
        INSERT INTO forward (destination, event, piece, type, visitor, at, received_at, expires_at,
                             state, key, sealed, reason, failed_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
        WHERE coalesce((SELECT waiting FROM forward_counts WHERE destination = ?1), 0) < ?14";
    let added = transaction.prepare_cached(sql)?.execute(params![
        &*entry.destination,
        event,
        entry.piece,
        entry.kind,
        entry.visitor,
        entry.at as i64,
        received_at as i64,
        entry.expires_at as i64,
        state,
        sealed.map(|(key, _)| key),
        sealed.map(|(_, bytes)| bytes),
        expired,
        expired.map(|_| received_at as i64),
        entry.most as i64,
    ])?;
    if added == 0 {
        let sql = "
            INSERT INTO forward_counts (destination, dropped) VALUES (?, 1)
            ON CONFLICT (destination)
            DO UPDATE SET dropped = forward_counts.dropped + 1";
        transaction.prepare_cached(sql)?.execute([&*entry.destination])?;
    }
    if state == "dead" {
        forget_oldest(transaction, &entry.destination)?;
    }
    Ok(())
}

/// Makes a change.
pub fn apply(transaction: &Transaction<'_>, change: &Change) -> db::Result<()> {
    match change {
        Change::Sent(rows) => each(
            transaction,
            "UPDATE forward SET state = 'sent', attempts = attempts + 1
             WHERE row = ? AND state = 'waiting'",
            rows,
        ),
        Change::Waiting(rows) => each(
            transaction,
            "UPDATE forward SET state = 'waiting', message = NULL WHERE row = ? AND state = 'sent'",
            rows,
        ),
        Change::Delivered(destination, rows) => {
            let sql = "UPDATE forward_counts SET delivered = delivered + ? WHERE destination = ?";
            transaction.prepare_cached(sql)?.execute(params![rows.len() as i64, destination])?;
            each(transaction, "DELETE FROM forward WHERE row = ?", rows)
        }
        Change::Dead { rows, reason, message, now } => {
            // A restore has left its own message.
            let sql = "
                UPDATE forward SET state = 'dead', reason = ?, message = coalesce(message, ?),
                       failed_at = ?
                WHERE row = ? RETURNING destination";
            let mut statement = transaction.prepare_cached(sql)?;
            for row in rows {
                let values = params![reason.name(), message, *now as i64, row];
                let destination: Option<String> =
                    statement.query_row(values, |row| row.get(0)).optional()?;
                if let Some(destination) = destination {
                    forget_oldest(transaction, &destination)?;
                }
            }
            Ok(())
        }
        Change::Expire(now) => expire(transaction, *now),
    }
}

fn each(transaction: &Transaction<'_>, sql: &str, rows: &[i64]) -> db::Result<()> {
    let mut statement = transaction.prepare_cached(sql)?;
    for row in rows {
        statement.execute([row])?;
    }
    Ok(())
}

/// Marks the entries of a copy of the database as being sent, because a collector may have sent them
/// after the copy was made. The next start decides about them as after a crash. Returns their number.
pub fn suspect(connection: &Connection) -> db::Result<usize> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'forward'";
    if !connection.prepare_cached(table)?.exists(())? {
        // The copy is of an older version.
        return Ok(0);
    }
    // The earlier attempts of a waiting entry were answered. So one attempt may have arrived, the one
    // after the backup, and an event that may be repeated once is repeated.
    let message = "a backup was restored: it may have been sent after the backup was made";
    let sql = "
        UPDATE forward SET attempts = iif(state = 'waiting', 1, attempts), state = 'sent', message = ?
        WHERE state <> 'dead'";
    connection.execute(sql, [message])
}

/// Deletes the ids of entries whose lifetime is over. Entries that wait become dead letters. An
/// entry that is being sent is left to its request. Without a request, its destination is not
/// configured any more.
fn expire(transaction: &Transaction<'_>, now: u64) -> db::Result<()> {
    let sql = "
        UPDATE forward SET state = 'dead', failed_at = coalesce(failed_at, ?1),
               reason = CASE state WHEN 'waiting' THEN 'expired' WHEN 'sent' THEN 'unknown'
                                   ELSE reason END,
               sealed = NULL, key = NULL, visitor = NULL
        WHERE sealed IS NOT NULL AND expires_at <= ?1 AND (state <> 'sent' OR expires_at <= ?2)";
    let answered = now.saturating_sub(Limits::FORWARD_ANSWER_MS);
    transaction.prepare_cached(sql)?.execute([now as i64, answered as i64])?;
    let before = now.saturating_sub(Limits::DEAD_LETTER_MS);
    let sql = "DELETE FROM forward WHERE state = 'dead' AND failed_at < ?";
    transaction.prepare_cached(sql)?.execute([before as i64])?;
    for destination in known(transaction)? {
        forget_oldest(transaction, &destination)?;
    }
    Ok(())
}

/// Deletes the oldest dead letters above the limit.
fn forget_oldest(transaction: &Transaction<'_>, destination: &str) -> db::Result<()> {
    let sql = "
        DELETE FROM forward WHERE row IN (
            SELECT row FROM forward WHERE destination = ?1 AND state = 'dead' ORDER BY row
            LIMIT (SELECT coalesce(max(CASE WHEN dead > ?2 THEN dead - ?2 END), 0)
                   FROM forward_counts WHERE destination = ?1))";
    let most = Limits::DEAD_LETTERS as i64;
    transaction.prepare_cached(sql)?.execute(params![destination, most])?;
    Ok(())
}

/// The oldest entries that wait.
pub fn waiting(connection: &Connection, destination: &str) -> db::Result<Vec<Head>> {
    heads(connection, destination, "waiting", Limits::FORWARD_WINDOW)
}

/// The entries whose requests a collector had begun when it ended.
pub fn interrupted(connection: &Connection, destination: &str) -> db::Result<Vec<Head>> {
    heads(connection, destination, "sent", u32::MAX)
}

fn heads(
    connection: &Connection,
    destination: &str,
    state: &str,
    most: u32,
) -> db::Result<Vec<Head>> {
    let sql = "
        SELECT row, type, visitor, attempts FROM forward
        WHERE destination = ? AND state = ? ORDER BY row LIMIT ?";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(params![destination, state, most], |row| {
        Ok(Head {
            row: row.get(0)?,
            kind: row.get(1)?,
            visitor: row.get(2)?,
            attempts: row.get(3)?,
        })
    })
}

/// The content of these entries, in their order. Entries that another process has deleted are left
/// out.
pub fn sealed(connection: &Connection, rows: &[i64]) -> db::Result<Vec<(i64, Sealed)>> {
    let sql = "SELECT event, piece, type, at, key, sealed FROM forward WHERE row = ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut all = Vec::new();
    for row in rows {
        let one = statement.query_row([row], |row| {
            let (key, sealed): (Option<u32>, Option<Vec<u8>>) = (row.get(4)?, row.get(5)?);
            Ok(Sealed {
                event: row.get(0)?,
                piece: row.get(1)?,
                kind: row.get(2)?,
                at: row.get::<_, i64>(3)?.unsigned_abs(),
                content: key.zip(sealed),
            })
        });
        all.extend(one.optional()?.map(|one| (*row, one)));
    }
    Ok(all)
}

/// The numbers of a destination.
pub fn counts(connection: &Connection, destination: &str) -> db::Result<Counts> {
    let sql = "
        SELECT waiting, dead, delivered, dropped FROM forward_counts WHERE destination = ?";
    let number = |row: &db::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let counts = connection
        .prepare_cached(sql)?
        .query_row([destination], |row| {
            Ok(Counts {
                waiting: number(row, 0)?,
                dead: number(row, 1)?,
                delivered: number(row, 2)?,
                dropped: number(row, 3)?,
                oldest: None,
            })
        })
        .optional()?;
    let sql = "
        SELECT received_at FROM forward WHERE destination = ?1 AND state = ?2
        ORDER BY row LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut oldest = None;
    for state in ["waiting", "sent"] {
        let first = statement.query_row([destination, state], |row| number(row, 0)).optional()?;
        oldest = match (oldest, first) {
            (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
            (a, b) => a.or(b),
        };
    }
    Ok(Counts { oldest, ..counts.unwrap_or_default() })
}

/// The events that a destination lost because of a limit.
#[derive(Clone, Copy, Debug)]
pub struct Losses {
    /// Events that were not queued because the queue was full, since the database was made.
    pub dropped: u64,
    /// Dead letters.
    pub dead: u64,
    /// Whether events have expired since a time.
    pub has_expired: bool,
}

/// The losses of a destination.
pub fn losses(connection: &Connection, destination: &str, since: u64) -> db::Result<Losses> {
    let sql = "
        SELECT coalesce(max(dropped), 0), coalesce(max(dead), 0), EXISTS (
            SELECT 1 FROM forward
            WHERE destination = ?1 AND state = 'dead' AND reason = ?2 AND failed_at >= ?3)
        FROM forward_counts WHERE destination = ?1";
    let parameters = params![destination, Reason::Expired.name(), since as i64];
    connection.prepare_cached(sql)?.query_row(parameters, |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        Ok(Losses { dropped: number(0)?, dead: number(1)?, has_expired: row.get(2)? })
    })
}

/// The names of the destinations that have or had entries.
pub fn known(connection: &Connection) -> db::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT destination FROM forward_counts")?;
    statement.query_map((), |row| row.get(0))
}

/// The destinations that have entries.
pub fn destinations(connection: &Connection) -> db::Result<Vec<(String, u64)>> {
    let sql = "SELECT destination, waiting FROM forward_counts WHERE waiting > 0";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))
}
