//! JSON strings as written, and their value in Go.

use std::borrow::Cow;

use super::scan;

/// The raw bytes of a syntactically valid string, with escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawString<'a> {
    /// The bytes between the quotes.
    pub bytes: &'a [u8],
    /// Their offset in the JSON text.
    pub offset: usize,
    /// Whether the string contains a backslash.
    pub(super) escaped: bool,
}

/// The value of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unescaped<'a> {
    /// The text. Bytes that are not UTF-8, and lone surrogates, are replaced by U+FFFD.
    pub text: Cow<'a, str>,
    /// The offset of the first replacement in the JSON text.
    pub replaced: Option<usize>,
}

impl<'a> RawString<'a> {
    /// Returns the value of the string. Like Go, replaces each byte that is not UTF-8 and each lone surrogate by one U+FFFD.
    pub fn unescape(&self) -> Unescaped<'a> {
        if !self.escaped
            && let Ok(text) = std::str::from_utf8(self.bytes)
        {
            return Unescaped { text: Cow::Borrowed(text), replaced: None };
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let lone_surrogate = unescape_into(self.bytes, &mut bytes);
        match String::from_utf8(bytes) {
            Ok(text) => {
                Unescaped { text: Cow::Owned(text), replaced: lone_surrogate.map(|at| self.offset + at) }
            }
            Err(error) => {
                let first_bad = std::str::from_utf8(self.bytes).err().map(|error| error.valid_up_to());
                let replaced = lone_surrogate.into_iter().chain(first_bad).min();
                let text = replace_bytes(&zeroize::Zeroizing::new(error.into_bytes()));
                Unescaped { text: Cow::Owned(text), replaced: replaced.map(|at| self.offset + at) }
            }
        }
    }
}

/// Resolves the escapes. Returns the offset of the first lone surrogate.
fn unescape_into(mut raw: &[u8], bytes: &mut Vec<u8>) -> Option<usize> {
    let length = raw.len();
    let mut lone_surrogate = None;
    while let Some(at) = scan::backslash(raw) {
        bytes.extend_from_slice(&raw[..at]);
        let escape = &raw[at..];
        let byte = match escape[1] {
            b'u' => {
                let (character, len) = unicode_escape(escape);
                if character.is_none() {
                    lone_surrogate = lone_surrogate.or(Some(length - escape.len()));
                }
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                raw = &escape[len..];
                continue;
            }
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 0x08,
            b'f' => 0x0C,
            other => other,
        };
        bytes.push(byte);
        raw = &escape[2..];
    }
    bytes.extend_from_slice(raw);
    lone_surrogate
}

/// Reads `\uXXXX`, or two of them for a surrogate pair. Returns the character (`None` for a lone surrogate) and the length
/// of the escape.
fn unicode_escape(escape: &[u8]) -> (Option<char>, usize) {
    let Some(first) = code_unit(escape) else { return (None, escape.len()) };
    if !(0xD800..0xE000).contains(&first) {
        return (char::from_u32(first), 6);
    }
    match code_unit(&escape[6..]) {
        Some(second @ 0xDC00..0xE000) if first < 0xDC00 => {
            (char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), 12)
        }
        _ => (None, 6),
    }
}

fn code_unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.get(..6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}

/// Replaces each byte that is not UTF-8 by one U+FFFD. (`String::from_utf8_lossy` combines several into one.)
fn replace_bytes(mut bytes: &[u8]) -> String {
    // Growing the string would leave copies of a secret in freed memory.
    let mut text = String::with_capacity(bytes.len() * 3);
    while let Err(error) = std::str::from_utf8(bytes) {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(valid).expect("is valid up to this offset"));
        text.push(char::REPLACEMENT_CHARACTER);
        bytes = &rest[1..];
    }
    text.push_str(std::str::from_utf8(bytes).expect("is valid after the loop"));
    text
}

#[cfg(test)]
mod tests {
    use super::super::Reader;

    fn unescape(json: &[u8]) -> (String, Option<usize>) {
        let unescaped = Reader::new(json).string().unwrap().unescape();
        (unescaped.text.into_owned(), unescaped.replaced)
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(unescape(br#""a\"\\\/\b\f\n\r\tz""#), ("a\"\\/\u{8}\u{c}\n\r\tz".into(), None));
        assert_eq!(unescape(br#""\u0041\u00e9\uD83C\udf89""#), ("Aé🎉".into(), None));
        assert_eq!(unescape("\"é🎉\"".as_bytes()), ("é🎉".into(), None));
    }

    #[test]
    fn each_lone_surrogate_is_replaced() {
        assert_eq!(unescape(br#""\ud800""#), ("\u{fffd}".into(), Some(1)));
        assert_eq!(unescape(br#""a\udc00\ud800""#), ("a\u{fffd}\u{fffd}".into(), Some(2)));
        assert_eq!(unescape(br#""\ud800\ud83c\udf89""#), ("\u{fffd}🎉".into(), Some(1)));
        assert_eq!(unescape(br#""\ud800A""#), ("\u{fffd}A".into(), Some(1)));
    }

    #[test]
    fn each_byte_that_is_not_utf8_is_replaced() {
        assert_eq!(unescape(b"\"a\xE2\x82z\""), ("a\u{fffd}\u{fffd}z".into(), Some(2)));
        assert_eq!(unescape(b"\"\\n\xED\xA0\x80\""), ("\n\u{fffd}\u{fffd}\u{fffd}".into(), Some(3)));
        assert_eq!(unescape(b"\"\xFF\\ud800\""), ("\u{fffd}\u{fffd}".into(), Some(1)));
    }
}
