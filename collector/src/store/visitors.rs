//! Finds, exports and erases the rows of one visitor. Every lookup uses an index.
//!
//! An id is known by its hashes only. A row with an account and a visitor joins both, so a visitor
//! has all hashes that are joined to the given ones, directly or through others. Further ids in the
//! fields of vendors' events (`other_ids`) are found, but they join nothing: some of them name a
//! company, and would join all its people.

use super::db::{self, Connection, Optional, Transaction, params};
use super::erased::{self, ListError};
use crate::clock::now_ms;
use crate::limits::Limits;
use crate::place::Place;
use recobeacon_engine::event::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// The rows that are looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The hashes of the visitor's id, by each key.
    pub hashes: Vec<String>,
    /// Only rows of this customer. Absent: rows of all.
    pub customer: Option<String>,
    /// Whether joined ids belong to the visitor.
    pub joined: bool,
}

/// The rows that were found or erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// All hashes of the visitor.
    pub hashes: BTreeSet<String>,
    /// The number of different accounts among them. An account's hashes by several keys are one.
    pub accounts: usize,
    /// The number of rows.
    pub rows: usize,
    /// Those of them that stay without the person, because they count an order.
    pub kept: usize,
}

pub(super) const BY_USER: &str = "SELECT row, anonymous FROM events INDEXED BY events_by_user
    WHERE user = ?1 AND (customer = ?2 OR ?2 IS NULL)";
pub(super) const BY_ANONYMOUS: &str = "SELECT row, user FROM events INDEXED BY events_by_anonymous
    WHERE anonymous = ?1 AND (customer = ?2 OR ?2 IS NULL)";
pub(super) const BY_OTHER: &str = "SELECT events.row, NULL FROM other_ids JOIN events USING (row)
    WHERE hash = ?1 AND (customer = ?2 OR ?2 IS NULL)";
pub(super) const LINKS: &str = "SELECT older FROM pseudonyms WHERE hash = ?1
    UNION SELECT hash FROM pseudonyms WHERE older = ?1";

/// Finds the visitor's hashes and rows.
///
/// # Errors
/// The database does not answer.
pub fn find(connection: &Connection, search: &Search) -> db::Result<(Found, BTreeSet<i64>)> {
    let mut found = Found::default();
    let mut rows = BTreeSet::new();
    let mut next: Vec<String> = search.hashes.clone();
    let mut accounts = BTreeSet::new();
    let pairs = search.hashes.array_windows();
    let mut same: Vec<[String; 2]> = pairs.map(|[a, b]| [a.clone(), b.clone()]).collect();
    while let Some(hash) = next.pop() {
        if !found.hashes.insert(hash.clone()) {
            continue;
        }
        let mut is_account = false;
        for (sql, by_user) in [(BY_USER, true), (BY_ANONYMOUS, false), (BY_OTHER, false)] {
            let mut statement = connection.prepare_cached(sql)?;
            let mut answer = statement.query(params![hash, search.customer])?;
            while let Some(row) = answer.next()? {
                is_account |= by_user;
                rows.insert(row.get(0)?);
                next.extend(row.get::<_, Option<String>>(1)?.filter(|_| search.joined));
            }
        }
        if is_account {
            accounts.insert(hash.clone());
        }
        // The same id by another key is the same visitor in any case.
        let mut statement = connection.prepare_cached(LINKS)?;
        let links = statement.query_map([&hash], |row| row.get::<_, String>(0))?;
        for link in links {
            same.push([hash.clone(), link.clone()]);
            next.push(link);
        }
    }
    found.accounts = groups(accounts, &same);
    found.rows = rows.len();
    Ok((found, rows))
}

/// The number of groups of hashes that are the same id.
fn groups(mut hashes: BTreeSet<String>, same: &[[String; 2]]) -> usize {
    let mut count = 0;
    let mut seen = BTreeSet::new();
    while let Some(first) = hashes.pop_first() {
        count += 1;
        let mut next = vec![first];
        while let Some(hash) = next.pop() {
            hashes.remove(&hash);
            let pairs = same.iter().filter(|pair| pair.contains(&hash)).flatten();
            next.extend(pairs.filter(|other| seen.insert((*other).clone())).cloned());
        }
    }
    count
}

/// Whether an event has this hash.
pub(super) fn has_rows(connection: &Connection, hash: &str) -> db::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM events WHERE user = ?1)
        OR EXISTS (SELECT 1 FROM events WHERE anonymous = ?1)
        OR EXISTS (SELECT 1 FROM other_ids WHERE hash = ?1)";
    connection.prepare_cached(sql)?.query_row([hash], |row| row.get(0))
}

/// Records the further hashes in an event's fields.
pub(super) fn index_fields(
    transaction: &Transaction<'_>,
    row: i64,
    fields: &str,
) -> db::Result<()> {
    let sql = "INSERT INTO other_ids (hash, row) VALUES (?, ?) ON CONFLICT DO NOTHING";
    for hash in hashes_in(fields).into_values() {
        transaction.prepare_cached(sql)?.execute(params![hash, row])?;
    }
    Ok(())
}

/// Records the links of hashes to those by older keys.
pub(super) fn link_older(
    transaction: &Transaction<'_>,
    links: &[(String, String)],
) -> db::Result<()> {
    for (hash, older) in links {
        // Most ids have no older rows.
        if has_rows(transaction, older)? {
            let sql = "INSERT INTO pseudonyms (hash, older) VALUES (?, ?) ON CONFLICT DO NOTHING";
            transaction.prepare_cached(sql)?.execute([hash, older])?;
        }
    }
    Ok(())
}

/// The fields whose values have the form of a hash.
pub(super) fn hashes_in(fields: &str) -> BTreeMap<String, String> {
    let is_hash = |text: &str| {
        text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let fields: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(fields).unwrap_or_default();
    let text = |(name, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) if is_hash(&text) => Some((name, text)),
        _ => None,
    };
    fields.into_iter().filter_map(text).collect()
}

/// Writes the visitor's rows, one JSON object a line, in the form of `GET /v1/events`.
///
/// # Errors
/// The database does not answer, or the output is closed.
pub fn export(
    connection: &Connection,
    search: &Search,
    out: &mut dyn Write,
) -> Result<Found, VisitorError> {
    let (found, rows) = find(connection, search)?;
    for row in rows {
        let page = super::reader::events(connection, row - 1, 1)?;
        for (_, json) in page.rows.iter().filter(|(number, _)| *number == row) {
            writeln!(out, "{json}")?;
        }
    }
    out.flush()?;
    Ok(found)
}

/// Erases the visitor. The hashes are recorded first, so that an older backup cannot bring them
/// back. Works in small transactions, so that a running collector is not blocked.
///
/// # Errors
/// The database does not answer, or the list of erased hashes cannot be written.
pub fn erase(
    connection: &mut Connection,
    database: &Place,
    search: &Search,
) -> Result<Found, VisitorError> {
    let mut all = Found::default();
    // Events that arrive meanwhile may join further ids.
    loop {
        let (found, rows) = find(connection, search)?;
        all.accounts = all.accounts.max(found.accounts);
        let is_new = found.hashes.iter().any(|hash| !all.hashes.contains(hash));
        if is_new {
            let customer = search.customer.as_deref();
            erased::add(connection, database, &found.hashes, customer, now_ms())?;
        }
        all.hashes.extend(found.hashes);
        if rows.is_empty() {
            break;
        }
        let (rows, kept) = erase_rows(connection, rows)?;
        all.rows += rows;
        all.kept += kept;
    }
    let transaction = connection.transaction()?;
    for hash in &all.hashes {
        let sql = "DELETE FROM pseudonyms WHERE hash = ?1 OR older = ?1";
        transaction.prepare_cached(sql)?.execute([hash])?;
        // An event may wait for a vendor for longer than its row is kept.
        if search.customer.is_none() {
            let sql = "DELETE FROM forward WHERE visitor = ?1";
            transaction.prepare_cached(sql)?.execute([hash])?;
        }
    }
    transaction.commit()?;
    Ok(all)
}

/// Erases these rows. Returns their number, and the number of those that stay without the person.
pub(super) fn erase_rows(
    connection: &mut Connection,
    rows: BTreeSet<i64>,
) -> db::Result<(usize, usize)> {
    let rows: Vec<i64> = rows.into_iter().collect();
    let mut kept = 0;
    for some in rows.chunks(Limits::SWEEP_ROWS) {
        let transaction = connection.transaction()?;
        for row in some {
            kept += usize::from(erase_row(&transaction, *row)?);
        }
        transaction.commit()?;
    }
    Ok((rows.len(), kept))
}

/// Returns whether the row stays without the person.
fn erase_row(transaction: &Transaction<'_>, row: i64) -> db::Result<bool> {
    // A vendor gets nothing of an erased visitor.
    let sql = "DELETE FROM forward WHERE event = (SELECT id FROM events WHERE row = ?)";
    transaction.prepare_cached(sql)?.execute([row])?;
    let sql = "SELECT fields FROM events JOIN order_events USING (id) WHERE row = ? AND type = ?";
    let fields = transaction
        .prepare_cached(sql)?
        .query_row(params![row, Kind::Buy.name()], |row| row.get::<_, String>(0))
        .optional()?;
    let Some(fields) = fields else {
        transaction.prepare_cached("DELETE FROM events WHERE row = ?")?.execute([row])?;
        return Ok(false);
    };
    // The page's name would still show which purchases one visitor made.
    let sql = "UPDATE events SET user = NULL, anonymous = NULL, key = NULL, stream = NULL,
               seq = NULL, place = NULL, client = NULL, sent_at = NULL, fields = ? WHERE row = ?";
    let fields = without_hashes(&fields);
    transaction.prepare_cached(sql)?.execute(params![fields, row])?;
    transaction.prepare_cached("DELETE FROM other_ids WHERE row = ?")?.execute([row])?;
    Ok(true)
}

fn without_hashes(fields: &str) -> String {
    let hashes = hashes_in(fields);
    let parsed = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(fields);
    match parsed {
        Ok(mut map) if !hashes.is_empty() => {
            // An item or an order may have such an id; it names no person.
            let is_kept = |name: &str| matches!(name, "itemId" | "itemType" | "orderId");
            map.retain(|name, _| is_kept(name) || !hashes.contains_key(name));
            serde_json::Value::Object(map).to_string()
        }
        Ok(_) | Err(_) => fields.to_owned(),
    }
}

/// Why a visitor was not exported or erased.
#[derive(Debug)]
pub enum VisitorError {
    /// The database does not answer.
    Database(db::Error),
    /// The output is closed.
    Output(io::Error),
    /// The list of erased hashes cannot be read or written.
    List(ListError),
}

impl std::fmt::Display for VisitorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database does not answer: {error}"),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
            Self::List(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for VisitorError {}

impl From<db::Error> for VisitorError {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

impl From<ListError> for VisitorError {
    fn from(error: ListError) -> Self {
        Self::List(error)
    }
}

impl From<io::Error> for VisitorError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{retention, schema};

    /// A scan of a table would take minutes in a large database, and block its caches.
    #[test]
    fn every_lookup_uses_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::new_for_test(folder.path());
        let sqlite = connection.sqlite().unwrap();
        let erase = "DELETE FROM events WHERE row = ?1";
        let unlink = "DELETE FROM pseudonyms WHERE hash = ?1 OR older = ?1";
        let (sweep, of) = (retention::OF_NONE, retention::OF_CUSTOMER);
        for sql in [BY_USER, BY_ANONYMOUS, BY_OTHER, LINKS, erase, unlink, sweep, of] {
            let mut statement = sqlite.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let count = statement.parameter_count();
            let none = rusqlite::params_from_iter(vec![rusqlite::types::Null; count]);
            let plan = statement.query_map(none, |row| row.get::<_, String>("detail")).unwrap();
            let plan: Vec<String> = plan.collect::<Result<_, _>>().unwrap();
            assert!(plan.iter().any(|line| line.starts_with("SEARCH")), "{sql}: {plan:?}");
            assert!(!plan.iter().any(|line| line.starts_with("SCAN events")), "{sql}: {plan:?}");
            assert!(!plan.iter().any(|line| line.contains("SCAN pseudonyms")), "{sql}: {plan:?}");
        }
    }
}
