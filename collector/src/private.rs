//! Files that only their owner may read: the database and the key file.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a file.
///
/// # Errors
/// The file exists already, or cannot be created.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Sets the mode of an existing file to 0600 if other users have access, as with files of earlier
/// versions. A mode with access for the group only stays, because an administrator set it.
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
    tracing::info!("{} was accessible to everyone; its mode is now 0600", path.display());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// Other systems have no file modes.
#[cfg(not(unix))]
pub fn close_to_others(_: &Path) -> io::Result<()> {
    Ok(())
}
