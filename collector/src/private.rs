//! Files that only their owner may read: the database and the key.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that is not there yet.
///
/// # Errors
/// It is there, or cannot be made.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Takes a file, if it is there, from everyone but its owner, where everyone can read or write it:
/// earlier versions made them so. A group that was let in on purpose keeps it.
///
/// # Errors
/// The mode cannot be changed.
#[cfg(unix)]
pub fn close_to_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    if metadata.permissions().mode() & 0o007 == 0 {
        return Ok(());
    }
    tracing::info!("{} could be read by everyone; its mode is 0600 now", path.display());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// Elsewhere there are no modes.
#[cfg(not(unix))]
pub fn close_to_others(_: &Path) -> io::Result<()> {
    Ok(())
}
