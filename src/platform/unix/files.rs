//! Files that only their owner can read, and kinds of files.

use std::fs::{DirBuilder, File, FileType, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Creates a directory that only its owner can read, and those above it. Leaves an existing one as it is.
pub(crate) fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Returns options for opening a file. If that creates the file, only its owner can read it.
pub(crate) fn private_file_options() -> OpenOptions {
    OpenOptions::new().mode(0o600).clone()
}

/// Returns a builder of temporary files that only their owner can read.
#[cfg(feature = "cli")]
pub(crate) fn private_draft<'name>() -> tempfile::Builder<'name, 'name> {
    draft_with_mode(0o600)
}

/// Returns a builder of temporary files that other users can read.
#[cfg(feature = "cli")]
pub(crate) fn shared_draft<'name>() -> tempfile::Builder<'name, 'name> {
    draft_with_mode(0o644)
}

#[cfg(feature = "cli")]
fn draft_with_mode<'name>(mode: u32) -> tempfile::Builder<'name, 'name> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder.permissions(std::fs::Permissions::from_mode(mode));
    builder
}

/// Returns what the system knows about a file, directory or device.
pub(crate) fn metadata(path: &Path) -> io::Result<Metadata> {
    std::fs::metadata(path)
}

/// Returns the error of a directory that cannot be opened as a file. Here it can: reading it fails.
#[expect(clippy::unnecessary_wraps, reason = "fails on Windows")]
pub(crate) fn check_openable(_: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Whether a path is a device because of its name.
#[cfg(feature = "cli")]
pub(crate) fn is_device_name(_: &Path) -> bool {
    false
}

/// Whether opening a file waits for another program.
pub(crate) fn is_named_pipe(kind: FileType) -> bool {
    kind.is_fifo()
}

/// Whether a file has no end.
pub(crate) fn is_device(kind: FileType) -> bool {
    kind.is_char_device()
}

/// Waits until no other process has locked a file for writing, if its contents could not be read until then. Here they can.
#[expect(clippy::unnecessary_wraps, reason = "can fail on Windows")]
pub(crate) fn wait_for_unlock(_: &File) -> io::Result<()> {
    Ok(())
}
