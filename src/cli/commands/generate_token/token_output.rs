//! A generated token is never lost.
//!
//! Once Consul has answered, the old unused token is void and the new one exists in this process only. It goes where it
//! was asked to go; if that fails, to standard output; if that fails, to a file that only its owner can read.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::env::{eprint_line, now, print_or_fail, state_directory, temporary_directory};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::gostd::os_error::os_error_text;

/// A file that was made ready before the token exists, so that the likely failures come first.
pub struct OutFile {
    path: PathBuf,
    draft: NamedTempFile,
    force: bool,
}

impl OutFile {
    /// Makes a draft beside `path`, which only its owner can read.
    pub fn prepare(path: &Path, force: bool) -> Result<Self, CliError> {
        let unwritable = |reason: &str| {
            CliError::new(format_args!("no token was generated: cannot write {}: {reason}", path.display()))
        };
        match (path.symlink_metadata(), path.metadata()) {
            (Ok(_), Err(error)) => {
                return Err(unwritable(&format!("broken symbolic link: {}", os_error_text(&error))));
            }
            (_, Ok(there)) if there.is_dir() => return Err(unwritable("it is a directory")),
            // The file takes the place of what is there, and a device would be gone.
            (_, Ok(there)) if !there.is_file() => {
                return Err(unwritable("not a regular file").with_remedy("to print the token, remove -out"));
            }
            (_, Ok(_)) if !force => {
                return Err(
                    unwritable("it exists").with_remedy("use another file, or add -force to overwrite it")
                );
            }
            _ => {}
        }
        // What a link leads to is overwritten, not the link.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let path = target.as_path();
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let draft = tempfile::Builder::new()
            .prefix(".peering-token-")
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(directory.unwrap_or(Path::new(".")))
            .map_err(|error| unwritable(&os_error_text(&error)))?;
        Ok(Self { path: path.to_owned(), draft, force })
    }

    /// Writes the text; the file appears whole or not at all.
    fn write(mut self, text: &str) -> io::Result<()> {
        self.draft.write_all(text.as_bytes())?;
        self.draft.as_file().sync_all()?;
        let persisted = if self.force {
            self.draft.persist(&self.path)
        } else {
            self.draft.persist_noclobber(&self.path)
        };
        persisted.map(drop).map_err(|error| error.error)
    }
}

/// Delivers a generated token: to the file if there is one, else to standard output.
pub fn deliver(text: &str, out: Option<OutFile>) -> Exit {
    let Some(out) = out else { return print_or_save(text, Exit::Done) };
    let path = out.path.clone();
    match out.write(text) {
        Ok(()) => {
            eprint_line(&format!("The token was written to {}", path.display()));
            Exit::Done
        }
        Err(error) => {
            eprint_line(&format!(
                "Error writing the token to {}: {}. It was generated, and follows on standard output.",
                path.display(),
                os_error_text(&error)
            ));
            print_or_save(text, Exit::Findings)
        }
    }
}

fn print_or_save(text: &str, exit: Exit) -> Exit {
    let Err(error) = print_or_fail(text) else { return exit };
    let reason = os_error_text(&error);
    match save(text) {
        Ok(path) => eprint_line(&format!(
            "Error writing the token to standard output: {reason}. It was generated, and saved in {}",
            path.display()
        )),
        // Nobody else has it: better seen than lost.
        Err(_) => eprint_line(&format!(
            "Error writing the token to standard output: {reason}. No file could be written either; this is it:\n{text}"
        )),
    }
    Exit::Findings
}

/// Saves the text in the state directory, or where else a file can be made.
fn save(text: &str) -> io::Result<PathBuf> {
    let directories = [state_directory().map(|state| state.join("tokens")), Some(temporary_directory())];
    let mut last = io::Error::other("there is no directory to write to");
    for directory in directories.into_iter().flatten() {
        match save_in(&directory, text) {
            Ok(path) => return Ok(path),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn save_in(directory: &Path, text: &str) -> io::Result<PathBuf> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(&format!("token-{}-", now().strftime("%Y%m%dT%H%M%SZ")))
        .suffix(".txt")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    Ok(path)
}
