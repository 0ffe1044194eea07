//! The lines of a batch: standard input, a file, or several files one after the other.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;
use std::vec::IntoIter;

use crate::cli::args::paths::{self, Named, NamedFile, expand_home, unreadable};
use crate::cli::error::CliError;
use crate::net::file::open as open_file;
use crate::platform::{Stdin, WaitForInput, stdin};

/// The source of lines.
pub(super) enum Source {
    Stdin(Stdin),
    Files(Files),
}

/// Files that are read one after the other. Each is opened when it is needed.
pub(super) struct Files {
    current: File,
    rest: IntoIter<NamedFile>,
    /// Whether the current file ended without a line end so far.
    in_line: bool,
}

/// Opens the source that an argument names. Returns its size if it consists of files.
pub(super) fn open(argument: &str) -> Result<(Source, Option<u64>), CliError> {
    let files = match paths::find(argument)? {
        Named::Stdin => return Ok((Source::Stdin(stdin()), None)),
        Named::Files(files) => files,
        Named::Text => vec![NamedFile { source: argument.to_owned(), path: expand_home(argument) }],
    };
    let mut size = Some(0);
    for file in &files {
        let metadata = std::fs::metadata(&file.path).map_err(|error| unreadable(&file.source, &error))?;
        size = size.filter(|_| metadata.is_file()).map(|size| size + metadata.len());
    }
    let mut rest = files.into_iter();
    let Some(first) = rest.next() else {
        return Err(CliError::new(format_args!("no file matches {argument}")));
    };
    let current = open_file(&first.path).map_err(|error| unreadable(&first.source, &error))?;
    Ok((Source::Files(Files { current, rest, in_line: false }), size))
}

impl Read for Files {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(buffer)?;
            if let Some(last) = buffer[..count].last() {
                self.in_line = *last != b'\n';
                return Ok(count);
            }
            let Some(next) = self.rest.next() else { return Ok(0) };
            self.current = open_file(&next.path)?;
            // The first line of a file does not continue the last line of the file before.
            if std::mem::take(&mut self.in_line) && !buffer.is_empty() {
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Files(files) => files.read(buffer),
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}

impl WaitForInput for Source {
    fn wait_for_input(&mut self, timeout: Duration) -> io::Result<bool> {
        match self {
            Self::Files(files) => files.current.wait_for_input(timeout),
            Self::Stdin(stdin) => stdin.wait_for_input(timeout),
        }
    }
}
