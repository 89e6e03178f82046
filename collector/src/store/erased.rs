//! The file `<database>.erased`: the hashes of erased visitors, so that neither a restored backup nor
//! an imported file brings them back. It is beside the database, because a restore replaces the
//! database.
//!
//! A line is `<hash> <milliseconds> <customer>`: rows with this hash that were received until then
//! are erased at each start, and when they are stored later: in a cluster they may wait in the stream.
//! The customer is empty if the rows of all customers are meant.
//!
//! A hash without rows is recorded too, because a backup may have rows that the database no longer
//! has. No hash is listed twice for the same customer. Lines are deleted after
//! `retention.erased_days`, when no backup with such rows is left.
//!
//! A database of PostgreSQL has the table `erased` in place of the file: its backups are not made here.
//!
//! A command and the collector may change the file at the same time. The database's lock for writing
//! is that of the file, too.

use super::db::{self, Connection, Transaction, params};
use super::row::Row;
use super::visitors::{self, Search, VisitorError};
use crate::place::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The list cannot be read or written.
#[derive(Debug)]
pub enum ListError {
    /// The file, what failed, and why.
    File(PathBuf, &'static str, io::Error),
    /// The database does not answer.
    Database(db::Error),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, failed, error) = match self {
            Self::File(file, failed, error) => (file, failed, error),
            Self::Database(error) => return write!(f, "the list of erased visitors: {error}"),
        };
        write!(f, "the list of erased visitors {} cannot be {failed}: {error}", file.display())?;
        if error.kind() == ErrorKind::PermissionDenied {
            f.write_str(". It must belong to the owner of the database")?;
        }
        Ok(())
    }
}

impl From<db::Error> for ListError {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

/// An erasure of the rows with one hash.
#[derive(Clone, Debug)]
struct Erasure {
    /// The rows of this customer. `None`: of all.
    customer: Option<String>,
    at: u64,
}

impl Erasure {
    /// Whether each row that the other one erases is erased by this one.
    fn includes(&self, other: &Self) -> bool {
        self.at >= other.at && (self.customer.is_none() || self.customer == other.customer)
    }
}

/// The list, by hash.
#[derive(Debug, Default)]
pub struct Erased(BTreeMap<String, Vec<Erasure>>);

fn file(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".erased");
    PathBuf::from(path)
}

/// Whether the file may have been changed at this time or later. File systems note times coarsely.
fn is_newer(file: &Path, time: u64) -> bool {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(time);
    let changed = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    match changed {
        Ok(changed) => changed + COARSE >= time,
        // If it cannot be read, reading it tells why.
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// More than the unit of a file's time in any file system.
const COARSE: Duration = Duration::from_secs(2);

/// Records these hashes. They are on disk when this returns.
pub fn add(
    connection: &mut Connection,
    database: &Place,
    hashes: &BTreeSet<String>,
    customer: Option<&str>,
    at: u64,
) -> Result<(), VisitorError> {
    let transaction = connection.transaction()?;
    match database {
        Place::File(path) => {
            let mut list = Erased::read_file(path)?;
            for hash in hashes {
                list.insert(hash, Erasure { customer: customer.map(str::to_owned), at });
            }
            list.write(path, &transaction)?;
        }
        Place::Server(_) => {
            // As in the file: a new one takes the place of those that it includes.
            let end = "DELETE FROM erased
                       WHERE hash = ?1 AND at <= ?2 AND (customer = ?3 OR ?3 = '')";
            let begin = "INSERT INTO erased (hash, at, customer)
                         SELECT ?1, ?2, ?3 WHERE NOT EXISTS (
                             SELECT 1 FROM erased
                             WHERE hash = ?1 AND at >= ?2 AND customer IN (?3, ''))";
            for hash in hashes {
                let values = params![hash, at as i64, customer.unwrap_or_default()];
                transaction.execute(end, values)?;
                transaction.execute(begin, values)?;
            }
        }
    }
    Ok(transaction.commit()?)
}

/// Deletes the lines of erasures before this time, and returns their number.
pub fn forget(
    transaction: &Transaction<'_>,
    database: &Place,
    before: u64,
) -> Result<usize, ListError> {
    let path = match database {
        Place::File(path) => path,
        Place::Server(_) => {
            return Ok(transaction.execute("DELETE FROM erased WHERE at < ?", [before as i64])?);
        }
    };
    let mut list = Erased::read_file(path)?;
    let len = |list: &Erased| list.0.values().map(Vec::len).sum::<usize>();
    let all = len(&list);
    list.retain(|erasure| erasure.at >= before);
    let gone = all - len(&list);
    if gone > 0 {
        list.write(path, transaction)?;
    }
    Ok(gone)
}

impl Erased {
    /// Reads the list.
    pub fn read(connection: &Connection, database: &Place) -> Result<Self, ListError> {
        Self::since(connection, database, 0)
    }

    /// Reads the erasures at this time or later.
    fn since(connection: &Connection, database: &Place, time: u64) -> Result<Self, ListError> {
        let mut list = Self::default();
        match database {
            Place::File(path) if !is_newer(&file(path), time) => {}
            Place::File(path) => {
                list = Self::read_file(path)?;
                list.retain(|erasure| erasure.at >= time);
            }
            Place::Server(_) => {
                let sql = "SELECT hash, at, customer FROM erased WHERE at >= ?";
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query([time as i64])?;
                while let Some(row) = rows.next()? {
                    let (hash, at, customer): (String, i64, String) =
                        (row.get(0)?, row.get(1)?, row.get(2)?);
                    let customer = Some(customer).filter(|name| !name.is_empty());
                    list.insert(&hash, Erasure { customer, at: at.unsigned_abs() });
                }
            }
        }
        Ok(list)
    }

    fn retain(&mut self, is_kept: impl Fn(&Erasure) -> bool) {
        self.0.retain(|_, erasures| {
            erasures.retain(&is_kept);
            !erasures.is_empty()
        });
    }

    /// Without a file the list is empty.
    fn read_file(database: &Path) -> Result<Self, ListError> {
        let file = file(database);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ListError::File(file, "read", error)),
        };
        let mut list = Self::default();
        for line in text.lines() {
            let mut parts = line.splitn(3, ' ');
            let (Some(hash), Some(at), customer) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            // A line that was cut by a crash was not confirmed.
            let Ok(at) = at.parse() else { continue };
            let customer = customer.filter(|name| !name.is_empty()).map(str::to_owned);
            list.insert(hash, Erasure { customer, at });
        }
        Ok(list)
    }

    /// Adds an erasure in place of earlier ones that it includes.
    fn insert(&mut self, hash: &str, erasure: Erasure) {
        let erasures = self.0.entry(hash.to_owned()).or_default();
        if !erasures.iter().any(|other| other.includes(&erasure)) {
            erasures.retain(|other| !erasure.includes(other));
            erasures.push(erasure);
        }
    }

    /// Replaces the file, while the transaction keeps other programs from doing so.
    fn write(&self, database: &Path, _: &Transaction<'_>) -> Result<(), ListError> {
        let mut text = String::new();
        for (hash, erasures) in &self.0 {
            for Erasure { customer, at } in erasures {
                let customer = customer.as_deref().unwrap_or_default();
                text.push_str(&format!("{hash} {at} {customer}\n"));
            }
        }
        let file = file(database);
        crate::private::replace(&file, database, text.as_bytes())
            .map_err(|error| ListError::File(file, "written", error))
    }

    /// Whether the row of a file is of an erased visitor, and was made or received before the
    /// erasure.
    pub fn has(&self, row: &Row) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let further = row.has_more_ids.then(|| visitors::hashes_in(&row.fields));
        let hashes = [&row.user, &row.anonymous].into_iter().flatten();
        let hashes = hashes.chain(&row.older_hashes);
        let hashes = hashes.chain(further.iter().flat_map(BTreeMap::values));
        hashes.filter_map(|hash| self.0.get(hash)).flatten().any(|erasure| {
            let is_of = erasure.customer.is_none() || erasure.customer == row.customer;
            is_of && row.at.min(row.received_at) <= erasure.at
        })
    }
}

/// Erases the rows of all recorded hashes again. Returns the number of rows.
pub fn apply(connection: &mut Connection, database: &Place) -> Result<usize, VisitorError> {
    let list = Erased::read(connection, database)?;
    erase(connection, list)
}

/// Erases the rows of the visitors who were erased at this time or later. Returns the number of rows.
pub fn apply_since(
    connection: &mut Connection,
    database: &Place,
    time: u64,
) -> Result<usize, VisitorError> {
    let list = Erased::since(connection, database, time)?;
    erase(connection, list)
}

fn erase(connection: &mut Connection, list: Erased) -> Result<usize, VisitorError> {
    let mut count = 0;
    for (hash, erasures) in list.0 {
        for Erasure { customer, at } in erasures {
            let search = Search { hashes: vec![hash.clone()], customer, joined: false };
            let (_, rows) = visitors::find(connection, &search)?;
            let mut old = BTreeSet::new();
            for row in rows {
                let sql = "SELECT 1 FROM events WHERE row = ? AND received_at <= ?";
                if connection.prepare_cached(sql)?.exists((row, at as i64))? {
                    old.insert(row);
                }
            }
            count += visitors::erase_rows(connection, old)?.0;
        }
    }
    Ok(count)
}
