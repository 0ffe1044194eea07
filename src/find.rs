//! Finds peering tokens in anything: source code, documents, states, archives, histories.
//!
//! A token is base64 of a JSON object. The search looks for the few ways in which such a text can start, also inside other
//! base64, reads on across line breaks, quotes and escapes until the object ends, and reports it only if it decodes into a
//! token. So it needs to know nothing about the format of a file.

mod alphabet;
pub mod baseline;
mod candidate;
mod digits;
mod gap;
mod git_log;
mod json_object;
mod marker;
mod needles;
mod place;
pub mod report;
mod stream;
#[cfg(test)]
mod tests;
pub mod token_found;
mod window;

use std::io::{self, BufReader, Read};

use zeroize::Zeroizing;

use crate::token::{Token, fingerprint};
use candidate::DecodedText;
pub use place::Span;
use window::{Hit, Window};

/// A token, and where it is. Its debug output does not contain the secret.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub place: Place,
    /// How often it was encoded as base64. The text that Consul accepts is encoded once.
    pub encodings: usize,
    /// SHA-256 of the text that Consul accepts.
    pub fingerprint: String,
    /// The token.
    pub token: Token,
}

/// Where a token is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path of the file, or `-` for standard input.
    pub path: String,
    /// The commit that added or removed it, if a history was searched.
    pub commit: Option<String>,
    /// Whether the commit removed it.
    pub removed: bool,
    /// Its lines and columns in the file. In the message of a commit: those in the output of git.
    pub span: Span,
}

impl Place {
    fn in_source(source: &str, span: Span) -> Self {
        Self { path: source.to_owned(), commit: None, removed: false, span }
    }
}

impl Found {
    fn new(place: Place, hit: Hit) -> Self {
        let Hit { layers, decoded, .. } = hit;
        let DecodedText { text, token } = *decoded;
        Self { place, encodings: layers, fingerprint: fingerprint(&text), token }
    }
}

/// Searches one text after the other. It keeps its memory, so use one for many files.
#[derive(Debug)]
pub struct Search {
    window: Window,
}

impl Default for Search {
    fn default() -> Self {
        Self { window: Window::new(1) }
    }
}

impl Search {
    /// Searches a file of any length. `path` is its path as it is shown. Returns how many bytes were read.
    ///
    /// What was found before an error is in `found`.
    pub fn file(&mut self, path: &str, reader: &mut impl Read, found: &mut Vec<Found>) -> io::Result<u64> {
        let mut hits = Vec::new();
        let result = stream::search(reader, &mut self.window, &mut hits);
        found.extend(hits.into_iter().map(|hit| Found::new(Place::in_source(path, hit.span), hit)));
        result
    }

    /// Searches a pipe. If it is the output of `git log -p`, the places are those in the commits.
    pub fn pipe(&mut self, source: &str, reader: &mut impl Read, found: &mut Vec<Found>) -> io::Result<u64> {
        let mut sample = Zeroizing::new(Vec::new());
        reader.by_ref().take(git_log::SAMPLE_LEN as u64).read_to_end(&mut sample)?;
        let mut whole = sample.chain(reader);
        if git_log::is_log(&sample) {
            return git_log::search(source, &mut BufReader::new(whole), found);
        }
        self.file(source, &mut whole, found)
    }
}
