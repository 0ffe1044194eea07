//! Delivers a generated token without losing it.
//!
//! Once Consul has answered, the earlier unused token is invalid, and only this process has the new one. It is written to
//! the file that the user named. If that fails, it goes to standard output, and if that fails, to a file that only its owner
//! can read.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::env::{now, state_directory, temporary_directory};
use crate::cli::exit::Exit;
use crate::cli::out_file::OutFile;
use crate::cli::output::{eprint_line, note, print_or_fail};
use crate::gostd::os_error::os_error_text;
use crate::platform::{create_private_directory, private_draft};

/// Delivers a generated token to the file if there is one, otherwise to standard output.
pub fn deliver(text: &str, out: Option<OutFile>) -> Exit {
    let Some(out) = out else { return print_or_save(text, Exit::Done) };
    let path = out.path().to_owned();
    match out.write(text.as_bytes()) {
        Ok(()) => {
            note(&format!("The token was written to {}", path.display()));
            Exit::Done
        }
        Err(error) => {
            eprint_line(&format!(
                "Error: cannot write the token to {}: {}. The token was generated, and is printed to standard output.",
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
            "Error: cannot write the token to standard output: {reason}. The token was generated, and saved in {}",
            path.display()
        )),
        // No other copy exists, so showing the token is better than losing it.
        Err(_) => eprint_line(&format!(
            "Error: cannot write the token to standard output: {reason}, nor to a file. This is the token:\n{text}"
        )),
    }
    Exit::Findings
}

/// Saves the text in the state directory, or else in the temporary directory.
fn save(text: &str) -> io::Result<PathBuf> {
    let directories = [state_directory().map(|state| state.join("tokens")), Some(temporary_directory())];
    let mut last = io::Error::other("no directory to write to");
    for directory in directories.into_iter().flatten() {
        match save_in(&directory, text) {
            Ok(path) => return Ok(path),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn save_in(directory: &Path, text: &str) -> io::Result<PathBuf> {
    create_private_directory(directory)?;
    let mut file = private_draft()
        .prefix(&format!("token-{}-", now().strftime("%Y%m%dT%H%M%SZ")))
        .suffix(".txt")
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    Ok(path)
}
