//! Lines and columns, as editors count them: from 1, and in characters.

use serde::Serialize;

/// Where a token is in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// The line of its first character.
    pub line: u64,
    /// The column of its first character.
    pub column: u64,
    /// The line of its last character.
    pub end_line: u64,
    /// The column after its last character.
    pub end_column: u64,
}

/// Counts lines and characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    line: u64,
    column: u64,
}

impl Counter {
    /// Starts at the first column of a line.
    pub(super) fn at_line(line: u64) -> Self {
        Self { line, column: 1 }
    }

    /// Counts some bytes.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        if lines > 0 {
            self.line += lines as u64;
            self.column = 1;
        }
        let line = memchr::memrchr(b'\n', bytes).map_or(bytes, |end| &bytes[end + 1..]);
        self.column += characters(line);
    }

    /// Returns the place of a part of a text at whose start this counter is.
    pub(super) fn span(self, text: &[u8], start: usize, end: usize) -> Span {
        let mut first = self;
        first.advance(&text[..start]);
        let mut last = first;
        last.advance(&text[start..end]);
        Span { line: first.line, column: first.column, end_line: last.line, end_column: last.column }
    }
}

/// Counts the characters of UTF-8. Of other text, each byte is one, unless it looks like a part of a character.
fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64
}
