//! The database's files: whether they are still the opened ones, and their mode.

use std::io;
use std::path::{Path, PathBuf};

/// The database, its log and the log's index, as they were when opened. A deleted file stays open
/// and accepts writes, but its content is lost when the process ends.
#[derive(Debug)]
pub struct Files(Vec<(PathBuf, Option<Identity>)>);

type Identity = (u64, u64);

/// The log (WAL) beside a database.
pub fn wal(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// The index of the log, shared by all connections to the database.
pub fn shm(database: &Path) -> PathBuf {
    beside(database, "-shm")
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    PathBuf::from(path)
}

impl Files {
    /// Records the files. They must be open.
    pub fn new(database: &Path) -> Self {
        let known = |path: PathBuf| {
            let identity = identity(&path);
            (path, identity)
        };
        Self([database.to_owned(), wal(database), shm(database)].map(known).into())
    }

    /// Whether all files are still in place.
    pub fn are_there(&self) -> bool {
        self.0.iter().all(|(path, known)| known.is_some() && identity(path) == *known)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}

/// Creates a missing database file with access for its owner only. SQLite gives its other files the
/// same mode. Removes other users' access to an existing file.
pub fn make_private(database: &Path) -> io::Result<()> {
    match crate::private::create_beside(database, database) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            for path in [database.to_owned(), wal(database), shm(database)] {
                crate::private::close_to_others(&path)?;
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_or_replaced_file_is_detected() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, "1").unwrap();
        std::fs::write(wal(&path), "").unwrap();
        std::fs::write(shm(&path), "").unwrap();
        let files = Files::new(&path);
        assert!(files.are_there());
        std::fs::rename(&path, &away).unwrap();
        assert!(!files.are_there(), "moved");
        std::fs::write(&path, "2").unwrap();
        assert!(!files.are_there(), "replaced");
        std::fs::rename(&away, &path).unwrap();
        assert!(files.are_there(), "moved back");
        std::fs::remove_file(wal(&path)).unwrap();
        assert!(!files.are_there(), "without its log");
    }
}
