//! The file `<database>.erased`: the hashes of erased visitors, so that neither a restored backup nor
//! an imported file brings them back. It is beside the database, because a restore replaces the
//! database.
//!
//! A line is `<hash> <milliseconds> <customer>`: rows with this hash that were received until then
//! are erased at each start. The customer is empty if the rows of all customers are meant.

use super::row::Row;
use super::visitors::{self, Search, VisitorError};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The list cannot be read or written.
#[derive(Debug)]
pub struct ListError {
    file: PathBuf,
    failed: &'static str,
    error: io::Error,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, failed, error } = self;
        write!(f, "the list of erased visitors {} cannot be {failed}: {error}", file.display())?;
        if error.kind() == ErrorKind::PermissionDenied {
            f.write_str(". It must belong to the owner of the database")?;
        }
        Ok(())
    }
}

/// An erasure of the rows with one hash.
#[derive(Clone, Debug)]
struct Erasure {
    /// The rows of this customer. `None`: of all.
    customer: Option<String>,
    at: u64,
}

/// The list, by hash.
#[derive(Debug, Default)]
pub struct Erased(BTreeMap<String, Vec<Erasure>>);

fn file(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".erased");
    PathBuf::from(path)
}

/// Records these hashes. They are on disk when this returns.
pub fn add(
    database: &Path,
    hashes: &BTreeSet<String>,
    customer: Option<&str>,
    at: u64,
) -> Result<(), ListError> {
    let path = file(database);
    let customer = customer.unwrap_or_default();
    let lines: String = hashes.iter().map(|hash| format!("{hash} {at} {customer}\n")).collect();
    append(&path, database, &lines).map_err(|error| ListError {
        file: path,
        failed: "written",
        error,
    })
}

fn append(path: &Path, database: &Path, lines: &str) -> io::Result<()> {
    match crate::private::create_beside(path, database) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(_) => crate::private::sync_folder(path)?,
        Err(_) => {}
    }
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

impl Erased {
    /// Reads the list. Without a file it is empty.
    pub fn read(database: &Path) -> Result<Self, ListError> {
        let file = file(database);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ListError { file, failed: "read", error }),
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
            list.0.entry(hash.to_owned()).or_default().push(Erasure { customer, at });
        }
        Ok(list)
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
pub fn apply(connection: &mut Connection, database: &Path) -> Result<usize, VisitorError> {
    let mut count = 0;
    for (hash, erasures) in Erased::read(database)?.0 {
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
