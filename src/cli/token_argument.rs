//! A TOKEN as commands take it: the text itself, `@FILE`, or `-` for standard input.

use std::fs::File;
use std::io::{self, Read};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::token::LONGEST_TOKEN;

/// A token's text, and where it came from.
pub struct TokenText {
    /// `argument`, `@FILE` or `-`: safe to show.
    pub source: String,
    /// The text as it was given.
    pub text: Zeroizing<Vec<u8>>,
}

/// Why there is no text.
#[derive(Debug, Error)]
pub enum TokenTextError {
    /// The file or standard input cannot be read.
    #[error("cannot read a token from {source_name}: {reason}")]
    Unreadable {
        /// Where it should have come from.
        source_name: String,
        /// What the system says.
        reason: String,
    },
    /// Nothing that long is a token.
    #[error(
        "{source_name} is longer than {LONGEST_TOKEN} bytes: that is no peering token. Is it another file?"
    )]
    TooLong {
        /// Where it came from.
        source_name: String,
    },
}

/// Reads one TOKEN argument.
pub fn read(argument: &str) -> Result<TokenText, TokenTextError> {
    let unreadable = |error: io::Error| TokenTextError::Unreadable {
        source_name: if argument == "-" { "standard input".to_owned() } else { argument.to_owned() },
        reason: crate::consul::system_words(&error),
    };
    let (source, text) = match argument.strip_prefix('@') {
        Some(path) => (argument.to_owned(), File::open(path).and_then(read_bounded).map_err(unreadable)?),
        None if argument == "-" => {
            (argument.to_owned(), read_bounded(io::stdin().lock()).map_err(unreadable)?)
        }
        None => ("argument".to_owned(), Zeroizing::new(argument.as_bytes().to_vec())),
    };
    if text.len() > LONGEST_TOKEN {
        return Err(TokenTextError::TooLong { source_name: source });
    }
    Ok(TokenText { source, text })
}

/// One byte more than a token may have is enough to know.
fn read_bounded(reader: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(8192));
    reader.take(LONGEST_TOKEN as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}
