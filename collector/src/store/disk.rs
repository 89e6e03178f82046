//! The sizes of the database's files, and the free space on their disk.

use super::files;
use std::path::Path;

/// The sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The database file.
    pub database: u64,
    /// Its log (WAL).
    pub log: u64,
    /// The space that a program without special rights may still write.
    pub free: u64,
}

impl Disk {
    /// A database of PostgreSQL. Only its server knows the log and the free space.
    pub fn of_server(size: i64) -> Self {
        Self { database: size.unsigned_abs(), log: 0, free: u64::MAX }
    }
}

/// Reads the sizes. `None` if the database file is not there or its disk does not answer.
pub fn read(database: &Path) -> Option<Disk> {
    let size = |path: &Path| std::fs::metadata(path).ok().map(|file| file.len());
    let free = fs4::available_space(database).ok()?;
    Some(Disk { database: size(database)?, log: size(&files::wal(database)).unwrap_or(0), free })
}
