//! Syntax errors with Go's text (`json.SyntaxError`).

use std::fmt;

/// The error for a text that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// The offset of the unexpected byte, or the length of a text that ended too early.
    pub offset: usize,
    /// The unexpected byte; `None` if the text ended too early.
    unexpected: Option<Unexpected>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unexpected {
    byte: u8,
    context: &'static str,
}

impl SyntaxError {
    pub(super) fn end(offset: usize) -> Self {
        Self { offset, unexpected: None }
    }

    pub(super) fn unexpected(offset: usize, byte: u8, context: &'static str) -> Self {
        Self { offset, unexpected: Some(Unexpected { byte, context }) }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unexpected {
            None => formatter.write_str("unexpected end of JSON input"),
            Some(Unexpected { byte, context }) => {
                formatter.write_str("invalid character '")?;
                write_quoted(byte, formatter)?;
                write!(formatter, "' {context}")
            }
        }
    }
}

impl std::error::Error for SyntaxError {}

/// Writes a byte as Go quotes the character with that number: 0xE9 is `é`, regardless of the encoding of the text.
fn write_quoted(byte: u8, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match byte {
        b'\'' => formatter.write_str("\\'"),
        b'\\' => formatter.write_str("\\\\"),
        0x07 => formatter.write_str("\\a"),
        0x08 => formatter.write_str("\\b"),
        b'\t' => formatter.write_str("\\t"),
        b'\n' => formatter.write_str("\\n"),
        0x0B => formatter.write_str("\\v"),
        0x0C => formatter.write_str("\\f"),
        b'\r' => formatter.write_str("\\r"),
        0..0x20 | 0x7F => write!(formatter, "\\x{byte:02x}"),
        0x80..=0xA0 | 0xAD => write!(formatter, "\\u{byte:04x}"),
        _ => write!(formatter, "{}", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_quoted_as_the_character_with_its_number() {
        for (byte, quoted) in [
            (b'a', "a"),
            (b'"', "\""),
            (b'\'', "\\'"),
            (b'\\', "\\\\"),
            (0, "\\x00"),
            (0x0B, "\\v"),
            (0x7F, "\\x7f"),
            (0x80, "\\u0080"),
            (0xA0, "\\u00a0"),
            (0xAD, "\\u00ad"),
            (0xE9, "é"),
        ] {
            let message = SyntaxError::unexpected(0, byte, "in string literal").to_string();
            assert_eq!(message, format!("invalid character '{quoted}' in string literal"));
        }
    }
}
