//! The tables, and the migration of an older database.

use super::db::{self, Connection, Optional};
use super::erased::ListError;
use super::server;
use crate::limits::Limits;
use crate::place::Place;
use crate::pseudonym::Hasher;
use rusqlite::OpenFlags;
use std::cmp::Ordering;
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
    include_str!("steps/orders_and_visitors.sql"),
    include_str!("steps/forward.sql"),
    include_str!("steps/report.sql"),
];

/// Why a database cannot be used.
#[derive(Debug)]
pub enum SchemaError {
    /// The database does not answer.
    Database(db::Error),
    /// The folder cannot be created.
    Folder(std::io::Error),
    /// The file cannot be created or made private.
    File(std::io::Error),
    /// The list of erased visitors cannot be read.
    Erased(ListError),
    /// A newer version made the database.
    Newer,
    /// The database has a different key with this number.
    Key(u32),
    /// The file is not a database, or parts of it are wrong.
    Corrupt(db::Error),
    /// An older version made the database.
    Older,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => error.fmt(f),
            Self::Folder(error) => write!(f, "its folder cannot be created: {error}"),
            Self::File(error) => write!(f, "its file cannot be made private: {error}"),
            Self::Erased(error) => error.fmt(f),
            Self::Newer => f.write_str("was made by a newer version of the collector"),
            Self::Key(number) => write!(
                f,
                "has rows hashed with a different key {number}: give the new key a higher number, \
                 and keep the old one"
            ),
            Self::Corrupt(error) => write!(
                f,
                "is damaged ({error}). It was not changed. Restore a backup \
                 (recobeacon-collector restore BACKUP), or move the file away to begin a new one"
            ),
            Self::Older => f.write_str(
                "was made by an older version; start this version of the collector once to \
                 migrate it",
            ),
        }
    }
}

impl From<db::Error> for SchemaError {
    fn from(error: db::Error) -> Self {
        if error.is_damage() { Self::Corrupt(error) } else { Self::Database(error) }
    }
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        db::Error::from(error).into()
    }
}

/// A new database for a test, in this folder.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub fn new_for_test(folder: &Path) -> Connection {
    let key = crate::pseudonym::Key { number: 1, secret: vec![1; 32] };
    let hasher = Hasher::new(&[key], Path::new("unused")).unwrap();
    open(&folder.join("a.sqlite").into(), &hasher, alone).unwrap()
}

/// Opens the database for writing, and migrates it to this version. `lead` waits for the end of other
/// processes: before it, nothing is changed in a database that they may share.
pub fn open(
    place: &Place,
    hasher: &Hasher,
    lead: impl FnOnce(&Connection) -> db::Result<()>,
) -> Result<Connection, SchemaError> {
    let mut connection = match place {
        Place::File(path) => open_file(path)?,
        Place::Server(server) => server::connect(server, Limits::BUSY)?,
    };
    let checks = hasher.checks();
    // A process that would be refused later is refused before it waits.
    let done = number(&connection)?;
    if done > newest(&connection) {
        return Err(SchemaError::Newer);
    }
    if done > 0 {
        new_keys(&connection, &checks)?;
    }
    lead(&connection)?;
    match &connection {
        Connection::Sqlite(_) => migrate(&mut connection)?,
        Connection::Postgres(_) => server::migrate(&mut connection)?,
    }
    add_keys(&connection, &checks)?;
    Ok(connection)
}

/// The `lead` of a program that may run beside others.
pub fn alone(_: &Connection) -> db::Result<()> {
    Ok(())
}

fn open_file(path: &Path) -> Result<Connection, SchemaError> {
    crate::private::make_folder(path).map_err(SchemaError::Folder)?;
    super::files::make_private(path).map_err(SchemaError::File)?;
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(Limits::BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit returns when the log has reached the disk. NORMAL would lose answered
    // requests in a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous).
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Truncates a log that grew while a reader used it.
    connection.pragma_update(None, "journal_size_limit", Limits::WAL_BYTES as i64)?;
    // Overwrites deleted rows with zeros, because they hold hashes of people.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // The hashes in the indexes are random, so each event changes pages all over them.
    connection.pragma_update(None, "cache_size", -(Limits::CACHE_KIB as i64))?;
    connection.set_prepared_statement_cache_capacity(Limits::STATEMENTS);
    Ok(connection.into())
}

/// Opens a database of this version for a command, beside a collector that may be running.
pub fn join(place: &Place) -> Result<Connection, SchemaError> {
    let connection = attach(place)?;
    version(&connection)?;
    Ok(connection)
}

/// Opens a database for a command, whatever version made it.
pub fn attach(place: &Place) -> db::Result<Connection> {
    let path = match place {
        Place::File(path) => path,
        Place::Server(server) => return server::connect(server, Limits::PATIENT),
    };
    // Without SQLITE_OPEN_CREATE: a wrong path must not make a new database.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Limits::PATIENT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(connection.into())
}

/// Opens a database for reading only.
pub fn read(place: &Place) -> db::Result<Connection> {
    let path = match place {
        Place::File(path) => path,
        Place::Server(server) => return server::read(server),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Limits::BUSY)?;
    // Sorting would write ids of visitors into a folder for temporary files. A container may have
    // none that is writable.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection.into())
}

/// Whether the file is a database of the collector, of this version or an older one.
pub fn is_ours(path: &Path) -> Result<bool, SchemaError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    let connection = Connection::from(connection);
    let done = number(&connection)?;
    if done > MIGRATIONS.len() {
        return Err(SchemaError::Newer);
    }
    let tables = "SELECT count(*) FROM sqlite_schema
                  WHERE type = 'table' AND name IN ('events', 'batches', 'keys')";
    let tables: i64 = connection.query_row(tables, (), |row| row.get(0))?;
    Ok(done > 0 && tables == 3)
}

/// Whether the database is of this version.
pub fn is_current(connection: &Connection) -> db::Result<bool> {
    Ok(number(connection)? == newest(connection))
}

/// The number of migrations that the database has.
fn number(connection: &Connection) -> db::Result<usize> {
    match connection {
        Connection::Sqlite(_) => {
            let done: u32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
            Ok(done as usize)
        }
        Connection::Postgres(_) => server::number(connection),
    }
}

fn newest(connection: &Connection) -> usize {
    match connection {
        Connection::Sqlite(_) => MIGRATIONS.len(),
        Connection::Postgres(_) => server::NEWEST,
    }
}

/// Checks that this version made the database.
pub fn version(connection: &Connection) -> Result<(), SchemaError> {
    match number(connection)?.cmp(&newest(connection)) {
        Ordering::Less => Err(SchemaError::Older),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(SchemaError::Newer),
    }
}

/// The last event's row, or 0 if there is none.
pub fn last_row(connection: &Connection) -> db::Result<i64> {
    let last = "SELECT coalesce(max(row), 0) FROM events";
    connection.query_row(last, (), |row| row.get(0))
}

fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    // Immediate: if two collectors start at once, the second one waits and finds the migration
    // done.
    let transaction = connection.transaction()?;
    let done = number(&transaction)?;
    let missing = MIGRATIONS.get(done..).ok_or(SchemaError::Newer)?;
    // A new database has no rows to migrate.
    if done > 0 && !missing.is_empty() {
        tracing::info!(
            "the database of version {done} is migrated to version {}; a large one takes minutes. \
             If this is interrupted, the next start begins again",
            MIGRATIONS.len()
        );
    }
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if !missing.is_empty() {
        transaction.execute_batch(&format!("PRAGMA user_version = {}", MIGRATIONS.len()))?;
    }
    transaction.commit()?;
    Ok(())
}

/// The keys that the database does not know. Two keys with the same number would split each visitor in
/// two, and the rows could not be told apart.
fn new_keys<'a>(
    connection: &Connection,
    checks: &'a [(u32, String)],
) -> Result<Vec<&'a (u32, String)>, SchemaError> {
    let mut new = Vec::new();
    for one in checks {
        let (number, check) = one;
        let known: Option<String> = connection
            .query_row("SELECT recognised_by FROM keys WHERE number = ?", [number], |row| {
                row.get(0)
            })
            .optional()?;
        match known {
            Some(known) if known == *check => {}
            Some(_) => return Err(SchemaError::Key(*number)),
            None => new.push(one),
        }
    }
    Ok(new)
}

/// Adds the keys that the database does not know, and names those that are not configured.
fn add_keys(connection: &Connection, checks: &[(u32, String)]) -> Result<(), SchemaError> {
    for (number, check) in new_keys(connection, checks)? {
        let sql = "INSERT INTO keys (number, recognised_by) VALUES (?, ?) ON CONFLICT DO NOTHING";
        connection.execute(sql, (number, check))?;
    }
    let mut statement = connection.prepare_cached("SELECT number FROM keys ORDER BY number")?;
    for number in statement.query_map((), |row| row.get::<_, u32>(0))? {
        if checks.iter().all(|(known, _)| *known != number) {
            tracing::warn!(
                "the database has rows hashed with key {number}, which is not configured: their \
                 visitors appear as new ones, and cannot be found by an id; add the key to [[keys]]"
            );
        }
    }
    Ok(())
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
        let connection =
            open(&folder.path().join("new/folder/a.sqlite").into(), &hasher(1), alone).unwrap();
        let pragma = |name| {
            let sqlite = connection.sqlite().unwrap();
            sqlite.pragma_query_value(None, name, |row| row.get::<_, String>(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        let synchronous: i64 =
            connection.query_row("PRAGMA synchronous", (), |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite").into();
        let modes = || {
            ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"].map(|name| {
                let file = std::fs::metadata(folder.path().join(name)).unwrap();
                file.permissions().mode() & 0o777
            })
        };
        let kept = open(&path, &hasher(1), alone).unwrap();
        assert_eq!(modes(), [0o600; 3]);
        // The mode that an earlier version gave the file.
        let set = |mode| {
            for name in ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm"] {
                let mode = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(folder.path().join(name), mode).unwrap();
            }
        };
        set(0o644);
        open(&path, &hasher(1), alone).unwrap();
        assert_eq!(modes(), [0o600; 3]);
        // Access for a group is kept.
        set(0o640);
        open(&path, &hasher(1), alone).unwrap();
        assert_eq!(modes(), [0o640; 3]);
        drop(kept);
    }

    #[test]
    fn a_database_of_a_newer_version_is_refused_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite").into();
        let connection = open(&path, &hasher(1), alone).unwrap();
        let newer = format!("PRAGMA user_version = {}", MIGRATIONS.len() + 1);
        connection.execute_batch(&newer).unwrap();
        assert!(matches!(open(&path, &hasher(1), alone), Err(SchemaError::Newer)));
    }

    #[test]
    fn a_different_key_with_a_known_number_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite").into();
        open(&path, &hasher(1), alone).unwrap();
        open(&path, &hasher(1), alone).unwrap();
        assert!(matches!(open(&path, &hasher(2), alone), Err(SchemaError::Key(1))));
    }
}
