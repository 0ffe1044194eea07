//! The lines of a log: which may be about a peering, and which are one record.

use std::borrow::Cow;
use std::fmt;

use aho_corasick::packed::Searcher;

use super::log::MAX_RECORD_LEN;
use super::origin::is_log_line;

/// Finds the lines that may be about a peering: all of those contain `peer`, in upper-case or lower-case letters.
pub(super) struct Candidates(Searcher);

impl Candidates {
    /// Returns where the first such line contains it.
    pub(super) fn find(&self, lines: &[u8]) -> Option<usize> {
        self.0.find(lines).map(|found| found.start())
    }
}

impl Default for Candidates {
    fn default() -> Self {
        let words = (0_u8..16).map(|upper| {
            let letters = b"peer".iter().enumerate();
            letters
                .map(
                    |(index, letter)| {
                        if upper >> index & 1 == 1 { letter.to_ascii_uppercase() } else { *letter }
                    },
                )
                .collect::<Vec<u8>>()
        });
        Self(Searcher::new(words).expect("16 words of 4 letters"))
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Candidates")
    }
}

/// Whether a line continues the record of the line before.
pub(super) fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t', '|', '│', ')']) && !is_log_line(line)
}

/// Returns the line at an offset, without its line end.
pub(super) fn line_at(lines: &[u8], at: usize) -> &[u8] {
    let rest = &lines[at..];
    &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
}

/// Returns the text of a line that is read.
pub(super) fn text_of(line: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(&line[..line.len().min(MAX_RECORD_LEN)]) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('\r')),
        Cow::Owned(text) => Cow::Owned(text.trim_end_matches('\r').to_owned()),
    }
}

/// Returns the start of the record of the line that contains an offset. The first line starts a record.
pub(super) fn record_start(lines: &[u8], offset: usize) -> usize {
    let line_start = |at: usize| memchr::memrchr(b'\n', &lines[..at]).map_or(0, |end| end + 1);
    let mut start = line_start(offset);
    while start > 0 && continues(&text_of(line_at(lines, start))) {
        let before = line_start(start - 1);
        // Nothing continues an empty line.
        if text_of(&lines[before..start - 1]).is_empty() {
            break;
        }
        start = before;
    }
    start
}
