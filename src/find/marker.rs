//! What each line of a wrapped token starts with: the `#` of a comment, the `+` of a diff, the `>` of a mail.

use memchr::memrchr2;

/// How far the start of a line is searched, in bytes.
pub(super) const MAX_LINE_START: usize = 256;

/// The longest marker, in bytes.
const MAX_MARKER_LEN: usize = 8;

/// What comments, quotations and diffs put before each line.
const MARKERS: &[u8] = b"#;/*|>+-!%<";

/// The marker at the start of a line. It may contain spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker<'t>(&'t [u8]);

impl<'t> Marker<'t> {
    /// Returns the marker of the line that contains an offset.
    pub(super) fn before(text: &'t [u8], at: usize) -> Self {
        let from = at.saturating_sub(MAX_LINE_START);
        let before = &text[from..at];
        let line = match memrchr2(b'\n', b'\r', before) {
            Some(end) => &before[end + 1..],
            None if from == 0 => before,
            // The line is too long to start with a marker.
            None => &[],
        };
        let is_marker = |byte: &u8| byte.is_ascii_whitespace() || MARKERS.contains(byte);
        let marker = line[..line.iter().take_while(|byte| is_marker(byte)).count()].trim_ascii();
        match marker {
            // The following lines of a block comment start with an asterisk only.
            b"/*" | b"/**" => Self(b"*"),
            _ if marker.len() <= MAX_MARKER_LEN => Self(marker),
            _ => Self(b""),
        }
    }

    /// Returns the offset after this marker at the start of a line, or the offset of the line's text if it has none.
    pub(super) fn skip(self, text: &[u8], line: usize) -> usize {
        let start = skip_spaces(text, line);
        let mut at = start;
        for byte in self.0.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            at = skip_spaces(text, at);
            if text.get(at) != Some(byte) {
                return start;
            }
            at += 1;
        }
        at
    }
}

/// Returns the offset of the first byte that is not a space or tab.
pub(super) fn skip_spaces(text: &[u8], from: usize) -> usize {
    from + text[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}
