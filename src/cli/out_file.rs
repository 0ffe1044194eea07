//! A file that appears complete or not at all. Unless it is shared, only its owner can read it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::error::CliError;
use super::given_secrets;
use super::output::{print_redacted, shown};
use super::redaction;
use crate::gostd::os_error::os_error_text;
use crate::platform::{is_device_name, private_draft, shared_draft};

/// A file that is prepared before the work, so that most errors occur before it.
pub struct OutFile {
    path: PathBuf,
    draft: NamedTempFile,
    force: bool,
}

impl OutFile {
    /// Makes a draft beside `path`, which only its owner can read.
    pub fn prepare(path: &Path, force: bool) -> Result<Self, CliError> {
        Self::prepare_as(private_draft(), path, force)
    }

    /// Makes a draft beside `path`, which other users can read, such as an agent that collects metrics. It replaces an
    /// existing file.
    pub fn prepare_shared(path: &Path) -> Result<Self, CliError> {
        Self::prepare_as(shared_draft(), path, true)
    }

    fn prepare_as(builder: Builder<'_, '_>, path: &Path, force: bool) -> Result<Self, CliError> {
        let unwritable =
            |reason: &str| CliError::new(format_args!("cannot write {}: {reason}", path.display()));
        match (path.symlink_metadata(), path.metadata()) {
            (Ok(_), Err(error)) => {
                return Err(unwritable(&format!("broken symbolic link: {}", os_error_text(&error))));
            }
            (_, Ok(there)) if there.is_dir() => return Err(unwritable("it is a directory")),
            // The file takes the place of what is there, and a device would be gone.
            (_, Ok(there)) if !there.is_file() => {
                return Err(unwritable("not a regular file").with_remedy("use another file"));
            }
            (_, Ok(_)) if !force => {
                return Err(
                    unwritable("it exists").with_remedy("use another file, or add -force to overwrite it")
                );
            }
            _ if is_device_name(path) => {
                return Err(unwritable("not a regular file").with_remedy("use another file"));
            }
            _ => {}
        }
        let (path, draft) =
            draft_beside(path, builder).map_err(|error| unwritable(&os_error_text(&error)))?;
        Ok(Self { path, draft, force })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the contents. The file appears complete or not at all.
    pub fn write(self, contents: &[u8]) -> io::Result<()> {
        self.write_parts([contents])
    }

    /// Writes the contents, which come in parts.
    fn write_parts(mut self, parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> io::Result<()> {
        for part in parts {
            self.draft.write_all(part.as_ref())?;
        }
        self.draft.as_file().sync_all()?;
        let persisted = if self.force {
            self.draft.persist(&self.path)
        } else {
            self.draft.persist_noclobber(&self.path)
        };
        persisted.map(drop).map_err(|error| error.error)
    }
}

/// Writes a result that comes in parts of whole lines.
pub fn write_parts(parts: impl IntoIterator<Item = String>, file: OutFile) -> Result<(), CliError> {
    let path = file.path().to_owned();
    let written = file.write_parts(parts.into_iter().map(|part| shown(&part)));
    written.map_err(|error| unwritten(&path, &error))
}

/// Writes a result to the file. Without a file, prints it.
pub fn write_or_print(text: &str, out: Option<OutFile>) -> Result<(), CliError> {
    write_or_print_redacted(&redaction::in_output(text), out)
}

/// Does the same with a result in which `-redact` has replaced everything.
pub fn write_or_print_redacted(text: &str, out: Option<OutFile>) -> Result<(), CliError> {
    let Some(file) = out else { return print_redacted(text) };
    let path = file.path().to_owned();
    let written = file.write(given_secrets::hide(text).as_bytes());
    written.map_err(|error| unwritten(&path, &error))
}

fn unwritten(path: &Path, error: &io::Error) -> CliError {
    CliError::of_io(format_args!("cannot write {}", path.display()), error)
}

/// Makes a draft in the directory of the file that it will replace. Returns that file too: the target of a link, not the link.
pub fn draft_beside(path: &Path, mut builder: Builder<'_, '_>) -> io::Result<(PathBuf, NamedTempFile)> {
    let target = dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let draft = builder.prefix(".peering-").tempfile_in(directory.unwrap_or(Path::new(".")))?;
    Ok((target, draft))
}
