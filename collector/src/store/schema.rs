//! The tables, and the migration of an older database.

use crate::limits::Limits;
use crate::pseudonym::Hasher;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::fmt;
use std::path::Path;

/// One migration for each version. `user_version` in the database counts the applied ones. A
/// published migration is never changed; new ones are appended.
const MIGRATIONS: &[&str] = &[
    "
    -- AUTOINCREMENT: a row's number is a reader's bookmark, so it must never come back.
    CREATE TABLE events (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        at INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        sent_at INTEGER,
        source TEXT NOT NULL,
        stream TEXT,
        seq INTEGER,
        place INTEGER,
        client TEXT,
        customer TEXT,
        user TEXT,
        anonymous TEXT,
        key INTEGER,
        fields TEXT NOT NULL
    );
    CREATE TABLE batches (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        events INTEGER NOT NULL,
        stored INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        copies INTEGER NOT NULL DEFAULT 0,
        UNIQUE (stream, seq)
    );
    -- Not the keys, only by what to recognise them.
    CREATE TABLE keys (
        number INTEGER PRIMARY KEY,
        recognised_by TEXT NOT NULL
    );
",
    super::forward::TABLES,
];

/// Why a database cannot be used.
#[derive(Debug)]
pub enum SchemaError {
    /// SQLite reports an error.
    Sqlite(rusqlite::Error),
    /// The folder cannot be created.
    Folder(std::io::Error),
    /// The file cannot be created or made private.
    File(std::io::Error),
    /// A newer version made the database.
    Newer,
    /// The database has a different key with this number.
    Key(u32),
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Folder(error) => write!(f, "its folder cannot be created: {error}"),
            Self::File(error) => write!(f, "its file cannot be made private: {error}"),
            Self::Newer => f.write_str("was made by a newer version of the collector"),
            Self::Key(number) => write!(
                f,
                "has rows hashed with a different key {number}: give the new key a higher number"
            ),
        }
    }
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens the database for writing, and migrates it to this version.
pub fn open(path: &Path, hasher: &Hasher) -> Result<Connection, SchemaError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(SchemaError::Folder)?;
    }
    super::files::make_private(path).map_err(SchemaError::File)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Limits::BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit returns when the log has reached the disk. NORMAL would lose answered
    // requests in a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous).
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Truncates a log that grew while a reader used it.
    connection.pragma_update(None, "journal_size_limit", Limits::WAL_BYTES as i64)?;
    migrate(&mut connection)?;
    check_key(&connection, hasher)?;
    Ok(connection)
}

/// Whether the database is of this version.
pub fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    let done: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(done as usize == MIGRATIONS.len())
}

/// The last event's row, or 0 if there is none.
pub fn last_row(connection: &Connection) -> Result<i64, SchemaError> {
    let last = "SELECT coalesce(max(row), 0) FROM events";
    Ok(connection.query_row(last, [], |row| row.get(0))?)
}

fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    // Immediate: if two collectors start at once, the second one waits and finds the migration
    // done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let missing = MIGRATIONS.get(done as usize..).ok_or(SchemaError::Newer)?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Two keys with the same number would split each visitor in two, and the rows could not be told
/// apart.
fn check_key(connection: &Connection, hasher: &Hasher) -> Result<(), SchemaError> {
    let (number, check) = (hasher.key(), hasher.check());
    let known: Option<String> = connection
        .query_row("SELECT recognised_by FROM keys WHERE number = ?", [number], |row| row.get(0))
        .optional()?;
    match known {
        Some(known) if known == check => Ok(()),
        Some(_) => Err(SchemaError::Key(number)),
        None => {
            let sql = "INSERT INTO keys (number, recognised_by) VALUES (?, ?)";
            connection.execute(sql, params![number, check])?;
            Ok(())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pseudonym::Key;

    fn hasher(byte: u8) -> Hasher {
        Hasher::new(&[Key { number: 1, secret: vec![byte; 32] }], Path::new("unused")).unwrap()
    }

    #[test]
    fn commits_are_flushed_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("new/folder/a.sqlite"), &hasher(1)).unwrap();
        let pragma = |name| {
            connection.pragma_query_value(None, name, |row| row.get::<_, String>(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        let synchronous: i64 =
            connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let modes = || {
            ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"].map(|name| {
                let file = std::fs::metadata(folder.path().join(name)).unwrap();
                file.permissions().mode() & 0o777
            })
        };
        let kept = open(&path, &hasher(1)).unwrap();
        assert_eq!(modes(), [0o600; 3]);
        // The mode that an earlier version gave the file.
        let set = |mode| {
            for name in ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"] {
                let mode = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(folder.path().join(name), mode).unwrap();
            }
        };
        set(0o644);
        open(&path, &hasher(1)).unwrap();
        assert_eq!(modes(), [0o600; 3]);
        // Access for a group is kept.
        set(0o640);
        open(&path, &hasher(1)).unwrap();
        assert_eq!(modes(), [0o640; 3]);
        drop(kept);
    }

    #[test]
    fn a_database_of_a_newer_version_is_refused_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let connection = open(&path, &hasher(1)).unwrap();
        connection.pragma_update(None, "user_version", MIGRATIONS.len() as u32 + 1).unwrap();
        assert!(matches!(open(&path, &hasher(1)), Err(SchemaError::Newer)));
    }

    #[test]
    fn a_different_key_with_a_known_number_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        open(&path, &hasher(1)).unwrap();
        open(&path, &hasher(1)).unwrap();
        assert!(matches!(open(&path, &hasher(2)), Err(SchemaError::Key(1))));
    }
}
