//! The file `<database>.erased`: the hashes of erased visitors, so that a restored backup does not
//! bring them back. It is beside the database, because a restore replaces the database.
//!
//! A line is `<hash> <milliseconds> <customer>`: rows with this hash that were received until then
//! are erased at each start. The customer is empty if the rows of all customers are meant.

use super::visitors::{self, Search, VisitorError};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

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
) -> io::Result<()> {
    let path = file(database);
    match crate::private::create(&path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(_) => crate::private::sync_folder(&path)?,
        Err(_) => {}
    }
    let customer = customer.unwrap_or_default();
    let lines: String = hashes.iter().map(|hash| format!("{hash} {at} {customer}\n")).collect();
    let mut file = OpenOptions::new().append(true).open(&path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

/// Erases the rows of all recorded hashes again. Returns the number of rows.
pub fn apply(connection: &mut Connection, database: &Path) -> Result<usize, VisitorError> {
    let text = match std::fs::read_to_string(file(database)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let mut count = 0;
    for line in text.lines() {
        let mut parts = line.splitn(3, ' ');
        let (Some(hash), Some(at), customer) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        // A line that was cut by a crash was not confirmed.
        let Ok(at) = at.parse::<i64>() else { continue };
        let customer = customer.filter(|name| !name.is_empty()).map(str::to_owned);
        let search = Search { hashes: vec![hash.to_owned()], customer, joined: false };
        let (_, rows) = visitors::find(connection, &search)?;
        let mut old = BTreeSet::new();
        for row in rows {
            let sql = "SELECT 1 FROM events WHERE row = ? AND received_at <= ?";
            if connection.prepare_cached(sql)?.exists((row, at))? {
                old.insert(row);
            }
        }
        count += visitors::erase_rows(connection, old)?.0;
    }
    Ok(count)
}
