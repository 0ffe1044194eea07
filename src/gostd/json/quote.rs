//! Writes strings as Go's `json.Marshal` does.

use std::fmt::Write;

/// Appends a text as a JSON string in quotes.
///
/// Go escapes `<`, `>` and `&` for HTML, U+2028 and U+2029 for JavaScript, and control characters other than
/// `\b \f \n \r \t` as `\u00XX`.
pub fn quote(text: &str, json: &mut String) {
    json.push('"');
    let mut rest = text;
    while let Some((clean, special)) = rest.bytes().position(is_special).map(|at| rest.split_at(at)) {
        json.push_str(clean);
        let mut characters = special.chars();
        characters.next().into_iter().for_each(|character| escape(character, json));
        rest = characters.as_str();
    }
    json.push_str(rest);
    json.push('"');
}

/// Returns whether a byte is escaped, or starts a character that may be (U+2028 starts with 0xE2).
fn is_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\' | b'<' | b'>' | b'&' | 0xE2)
}

fn escape(character: char, json: &mut String) {
    match character {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        '\u{8}' => json.push_str("\\b"),
        '\u{C}' => json.push_str("\\f"),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            write!(json, "\\u{:04x}", u32::from(character)).expect("writing to a string cannot fail");
        }
        _ => json.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        let mut json = String::new();
        quote(text, &mut json);
        json
    }

    #[test]
    fn strings_are_escaped_as_in_go() {
        assert_eq!(quoted("a/b"), r#""a/b""#);
        assert_eq!(quoted("<a href=\"x\">&</a>"), r#""\u003ca href=\"x\"\u003e\u0026\u003c/a\u003e""#);
        assert_eq!(quoted("\u{8}\u{c}\n\r\t\\"), r#""\b\f\n\r\t\\""#);
        assert_eq!(quoted("\0\u{1f}\u{7f}"), "\"\\u0000\\u001f\u{7f}\"");
        assert_eq!(quoted("\u{2028}\u{2029}\u{2030}é🎉"), "\"\\u2028\\u2029\u{2030}é🎉\"");
    }
}
