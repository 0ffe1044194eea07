//! Files that only their owner can read, and kinds of files.
//!
//! Windows has no file modes. A new file gets the access control list of its directory, and the user's profile has one that
//! excludes other users. So a file is private there, as it is for ssh, and elsewhere it is as private as its directory.

use std::fs::{DirBuilder, File, FileType, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// The names of devices. They exist in every directory, in upper and lower case, and also with an extension.
const DEVICES: [&str; 6] = ["AUX", "CON", "CONIN$", "CONOUT$", "NUL", "PRN"];

/// The names of devices that a digit follows.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Creates a directory, and those above it. Leaves an existing one as it is.
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// Returns options for opening a file.
pub(crate) fn private_file_options() -> OpenOptions {
    OpenOptions::new()
}

/// Returns a builder of temporary files.
#[cfg(feature = "cli")]
pub(crate) fn private_draft<'name>() -> tempfile::Builder<'name, 'name> {
    tempfile::Builder::new()
}

/// Returns a builder of temporary files that other users can read, if they can read the directory.
#[cfg(feature = "cli")]
pub(crate) fn shared_draft<'name>() -> tempfile::Builder<'name, 'name> {
    tempfile::Builder::new()
}

/// Returns what the system knows about a file or directory. Windows knows nothing about a device.
pub(crate) fn metadata(path: &Path) -> io::Result<Metadata> {
    if is_device_name(path) {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "it is a device, not a file"));
    }
    std::fs::metadata(path)
}

/// Returns the error of a directory that cannot be opened as a file. The error of Windows is that access is denied.
pub(crate) fn check_openable(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
    }
    Ok(())
}

/// Whether a path names a device, such as `NUL` or `CON`.
pub(crate) fn is_device_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let stem = name.split(['.', ':']).next().unwrap_or(name).trim_end().to_ascii_uppercase();
    let without_digit = stem.strip_suffix(|last: char| last.is_ascii_digit());
    DEVICES.contains(&stem.as_str()) || without_digit.is_some_and(|it| NUMBERED_DEVICES.contains(&it))
}

/// Whether opening a file waits for another program. The pipes of Windows do not.
pub(crate) fn is_named_pipe(_: FileType) -> bool {
    false
}

/// Whether a file has no end. [`metadata`] rejects devices by their names.
pub(crate) fn is_device(_: FileType) -> bool {
    false
}

/// Waits until no other process has locked a file for writing: its contents cannot be read until then.
pub(crate) fn wait_for_unlock(file: &File) -> io::Result<()> {
    file.lock_shared()
}
