//! A TOKEN as commands take it: the text itself, `@FILE`, or `-` for standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::gostd::os_error::os_error_text;
use crate::token::MAX_TOKEN_LEN;
use crate::token::redact::redact;

/// A token's text, and where it came from.
pub struct TokenText {
    /// `argument`, `@FILE` or `-`: safe to show.
    pub source: String,
    /// The text as it was given.
    pub text: Zeroizing<Vec<u8>>,
}

impl TokenText {
    /// Where it came from, in words.
    pub fn place(&self) -> String {
        match self.source.as_str() {
            "argument" => "in the argument".to_owned(),
            "-" => "on standard input".to_owned(),
            file => format!("in {file}"),
        }
    }

    /// The file that was meant, if an argument is the name of one: the `@` before it was forgotten.
    pub fn file_of_that_name(&self) -> Option<&str> {
        let name = std::str::from_utf8(&self.text).ok().filter(|_| self.source == "argument")?;
        file_of_that_name(name)
    }
}

/// The text itself, if it is the name of a file.
pub fn file_of_that_name(text: &str) -> Option<&str> {
    (text.len() <= MAX_PATH_LEN && Path::new(text).is_file()).then_some(text)
}

/// The longest name that is looked for among files, in bytes: Linux's limit.
const MAX_PATH_LEN: usize = 4096;

/// Why there is no text.
#[derive(Debug, Error)]
pub enum TokenTextError {
    /// The file or standard input cannot be read.
    #[error("cannot read {source_name}: {reason}")]
    Unreadable {
        /// Where it should have come from.
        source_name: String,
        /// What the system says.
        reason: String,
    },
    /// Nothing that long is a token.
    #[error(
        "{source_name} is longer than {MAX_TOKEN_LEN} bytes: that is no peering token. Is it another file?"
    )]
    TooLong {
        /// Where it came from.
        source_name: String,
    },
}

/// Reads one TOKEN argument.
pub fn read(argument: &str) -> Result<TokenText, TokenTextError> {
    let unreadable = |error: io::Error| {
        let source_name = match argument {
            "-" => "standard input".to_owned(),
            file => redact(file).into_owned(),
        };
        let is_token = argument.starts_with("@eyJ");
        let reason =
            os_error_text(&error) + if is_token { ": leave the @ away if this is a token" } else { "" };
        TokenTextError::Unreadable { source_name, reason }
    };
    let (source, text) = match argument.strip_prefix('@') {
        Some(path) => {
            (argument.to_owned(), File::open(expanded(path)).and_then(read_bounded).map_err(unreadable)?)
        }
        None if argument == "-" => {
            (argument.to_owned(), read_bounded(io::stdin().lock()).map_err(unreadable)?)
        }
        None => ("argument".to_owned(), Zeroizing::new(argument.as_bytes().to_vec())),
    };
    if text.len() > MAX_TOKEN_LEN {
        return Err(TokenTextError::TooLong { source_name: source });
    }
    Ok(TokenText { source, text })
}

/// A path with the home directory for `~/`, which no shell puts there after an `@`.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

/// One byte more than a token may have is enough to know.
fn read_bounded(reader: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(8192));
    reader.take(MAX_TOKEN_LEN as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}
