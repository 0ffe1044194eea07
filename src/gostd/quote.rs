//! Go's `strconv.Quote`, for names in error messages.

use std::fmt::Write;

/// Returns a text in double quotes with Go's escapes.
///
/// Go escapes some characters outside ASCII according to its Unicode tables. These are not implemented: such characters are
/// kept, and bytes that are not UTF-8 are escaped.
pub fn quote(text: &[u8]) -> String {
    let mut quoted = String::from('"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push(character, &mut quoted));
        for byte in chunk.invalid() {
            write!(quoted, "\\x{byte:02x}").expect("writing to a string cannot fail");
        }
    }
    quoted.push('"');
    quoted
}

fn push(character: char, quoted: &mut String) {
    let escape = match character {
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
            return write!(quoted, "\\x{:02x}", u32::from(character))
                .expect("writing to a string cannot fail");
        }
        _ => return quoted.push(character),
    };
    quoted.push_str(escape);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_quoted_as_in_go() {
        assert_eq!(quote(b"a\"\\\x07\x08\x0c\n\r\t\x0b\0\x7f"), r#""a\"\\\a\b\f\n\r\t\v\x00\x7f""#);
        assert_eq!(quote(b"\xFF"), r#""\xff""#);
    }
}
