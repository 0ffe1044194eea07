//! The tokens that are known: a file of fingerprints.
//!
//! Each line starts with the SHA-256 of a token's text, in hexadecimal. What follows it is a note. Lines that start with `#`
//! are comments.

use std::collections::HashSet;
use std::fmt::Write as _;

use thiserror::Error;

use super::token_found::TokenFound;

/// The comment at the start of a file.
const HEADER: &str = "\
# Tokens that \"peering find -baseline\" does not report: the SHA-256 of each token, then where it was found.
";

/// The length of a fingerprint, in hexadecimal digits.
const FINGERPRINT_LEN: usize = 64;

/// Tokens that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    fingerprints: HashSet<String>,
}

/// The error for a line that is neither a fingerprint nor a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line} does not start with a SHA-256 of {FINGERPRINT_LEN} hexadecimal digits")]
pub struct InvalidLine {
    /// The number of the line.
    pub line: usize,
}

impl Baseline {
    /// Parses a file.
    pub fn parse(text: &str) -> Result<Self, InvalidLine> {
        let mut fingerprints = HashSet::new();
        for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
            let Some(first) = line.split_whitespace().next().filter(|first| !first.starts_with('#')) else {
                continue;
            };
            if first.len() != FINGERPRINT_LEN || !first.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(InvalidLine { line: number });
            }
            fingerprints.insert(first.to_ascii_lowercase());
        }
        Ok(Self { fingerprints })
    }

    /// Whether a token is known.
    pub fn contains(&self, fingerprint: &str) -> bool {
        self.fingerprints.contains(fingerprint)
    }

    /// Returns the file for the tokens that were found: one line for each, with the first place.
    pub fn write<'a>(found: impl IntoIterator<Item = &'a TokenFound>) -> String {
        let mut text = HEADER.to_owned();
        let mut written = HashSet::new();
        for token in found {
            if written.insert(&token.token_sha256) {
                let path: String =
                    token.path.chars().map(|it| if it.is_control() { '?' } else { it }).collect();
                writeln!(text, "{}  {path}:{}", token.token_sha256, token.span.line)
                    .expect("writing to a string cannot fail");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_fingerprint_with_a_note_or_a_comment() {
        let fingerprint = "0a".repeat(32);
        let text = format!("# comment\n\n  {}  west.env:3 # old\r\n", fingerprint.to_uppercase());
        let baseline = Baseline::parse(&text).unwrap();
        assert!(baseline.contains(&fingerprint));
        assert!(!baseline.contains(&"0b".repeat(32)));
        for wrong in ["eyJDQSI6", &fingerprint[1..], &format!("{fingerprint}0"), &"0g".repeat(32)] {
            assert_eq!(Baseline::parse(&format!("#\n{wrong}\n")), Err(InvalidLine { line: 2 }), "{wrong}");
        }
    }
}
