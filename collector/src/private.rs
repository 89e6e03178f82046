//! Files that only their owner may read: the database and the files beside it.
//!
//! A command is often run by root, and the collector by another user. A file that root makes beside
//! the database belongs to the user of the database, or else the collector could not read it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
#[cfg(unix)]
use std::os::unix::fs::{fchown, lchown};
use std::path::{Path, PathBuf};

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

/// Creates the database or a file beside it. If root does so, it belongs to the owner of the database
/// or, without a database, to the owner of its folder.
///
/// # Errors
/// As for [`create`].
pub fn create_beside(path: &Path, database: &Path) -> io::Result<File> {
    let owner = Owner::of(database).or_else(|| Owner::of(folder_of(database)));
    let file = create(path)?;
    if let Some(owner) = owner {
        owner.take(path, &file.metadata()?, |user, group| fchown(&file, user, group));
    }
    Ok(file)
}

/// Creates the folder of the database, if it is missing. A folder that root creates belongs to
/// the owner of the folder around it.
///
/// # Errors
/// It cannot be created.
pub fn make_folder(database: &Path) -> io::Result<()> {
    let folder = folder_of(database);
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    std::fs::create_dir_all(folder)?;
    for new in missing.into_iter().rev() {
        if let Some(owner) = Owner::of(folder_of(new)) {
            // Not through a link that another program may have put there meanwhile.
            let found = std::fs::symlink_metadata(new)?;
            owner.take(new, &found, |user, group| lchown(new, user, group));
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A user and a group.
struct Owner(u32, u32);

#[cfg(unix)]
impl Owner {
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(path).ok().map(|found| Self(found.uid(), found.gid()))
    }

    /// Takes over a new file or folder of root. Other users cannot give theirs away.
    fn take(
        &self,
        path: &Path,
        found: &Metadata,
        give: impl FnOnce(Option<u32>, Option<u32>) -> io::Result<()>,
    ) {
        use std::os::unix::fs::MetadataExt;
        let Self(user, group) = *self;
        if found.uid() != 0 || (user, group) == (0, found.gid()) {
            return;
        }
        if let Err(error) = give(Some(user), Some(group)) {
            // Root of a container may lack this right. As root it can use the file all the same.
            tracing::warn!("{} still belongs to root: {error}", path.display());
        }
    }
}

/// Other systems have no owners that a program can set.
#[cfg(not(unix))]
impl Owner {
    fn of(_: &Path) -> Option<Self> {
        None
    }

    fn take(
        &self,
        _: &Path,
        _: &Metadata,
        _: impl FnOnce(Option<u32>, Option<u32>) -> io::Result<()>,
    ) {
    }
}

#[cfg(not(unix))]
fn fchown(_: &File, _: Option<u32>, _: Option<u32>) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn lchown(_: &Path, _: Option<u32>, _: Option<u32>) -> io::Result<()> {
    Ok(())
}

/// Replaces the content of a file beside the database at once: after a crash the file has the old
/// content or the new one.
///
/// # Errors
/// The file or a temporary one beside it cannot be written.
pub fn replace(path: &Path, database: &Path, content: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = create_beside(&new, database)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    sync_folder(path)
}

/// Makes the names in the file's folder durable.
///
/// # Errors
/// The folder cannot be written to the disk.
#[cfg(unix)]
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Other systems cannot open a folder.
#[cfg(not(unix))]
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
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
