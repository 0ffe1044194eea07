//! Go's `strconv.Quote` of text that is nearly always ASCII: names inside error messages.

use std::fmt::Write;

/// The text in double quotes, with Go's escapes.
///
/// What Go thinks of characters beyond ASCII depends on tables that are not repeated here: they are left as they
/// are, and bytes that are not UTF-8 are escaped.
pub fn quote(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|letter| push(letter, &mut quoted));
        for byte in chunk.invalid() {
            write!(quoted, "\\x{byte:02x}").expect("a string takes any text");
        }
    }
    quoted.push('"');
    quoted
}

fn push(letter: char, quoted: &mut String) {
    let short = match letter {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0C' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0B' => "\\v",
        '\0'..' ' | '\x7F' => {
            return write!(quoted, "\\x{:02x}", u32::from(letter)).expect("a string takes any text");
        }
        _ => return quoted.push(letter),
    };
    quoted.push_str(short);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_quoted_as_go_does() {
        assert_eq!(quote(b"a\"\\\x07\x08\x0c\n\r\t\x0b\0\x7f"), r#""a\"\\\a\b\f\n\r\t\v\x00\x7f""#);
        assert_eq!(quote(b"\xFF"), r#""\xff""#);
    }
}
