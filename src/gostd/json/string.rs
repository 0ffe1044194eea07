//! A JSON string as written, and what it means to Go.

use std::borrow::Cow;

use super::scan;

/// The inside of a string whose syntax is good, escapes and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawString<'a> {
    /// What stands between the quotes.
    pub bytes: &'a [u8],
    /// Where it begins in the text.
    pub offset: usize,
    /// Whether there is a backslash.
    pub(super) escaped: bool,
}

/// A string's meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unescaped<'a> {
    /// The text. What was no text (bytes that are not UTF-8, lone surrogates) is U+FFFD in it.
    pub text: Cow<'a, str>,
    /// Where the first such thing stands in the JSON text.
    pub replaced: Option<usize>,
}

impl<'a> RawString<'a> {
    /// What the string means: Go replaces each byte that is no text, and each lone surrogate, by one U+FFFD.
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

/// Resolves the escapes. The result says where the first lone surrogate stands.
fn unescape_into(mut raw: &[u8], bytes: &mut Vec<u8>) -> Option<usize> {
    let length = raw.len();
    let mut lone_surrogate = None;
    while let Some(at) = scan::backslash(raw) {
        bytes.extend_from_slice(&raw[..at]);
        let escape = &raw[at..];
        let (simple, taken) = match escape[1] {
            b'u' => {
                let (letter, taken) = unicode_escape(escape);
                if letter.is_none() {
                    lone_surrogate = lone_surrogate.or(Some(length - escape.len()));
                }
                let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
                bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                raw = &escape[taken..];
                continue;
            }
            b'n' => (b'\n', 2),
            b't' => (b'\t', 2),
            b'r' => (b'\r', 2),
            b'b' => (0x08, 2),
            b'f' => (0x0C, 2),
            other => (other, 2),
        };
        bytes.push(simple);
        raw = &escape[taken..];
    }
    bytes.extend_from_slice(raw);
    lone_surrogate
}

/// Reads `\uXXXX`, or two of them where they are a pair of surrogates; `None` for a surrogate alone. Also says how
/// many bytes that took.
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

/// Replaces bytes that are not UTF-8, each by its own U+FFFD. (Rust's own lossy reading makes one of several.)
fn replace_bytes(mut bytes: &[u8]) -> String {
    // Room for the worst case, so that no half-grown copy of a secret is left behind.
    let mut text = String::with_capacity(bytes.len() * 3);
    while let Err(error) = std::str::from_utf8(bytes) {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(valid).expect("valid up to here"));
        text.push(char::REPLACEMENT_CHARACTER);
        bytes = &rest[1..];
    }
    text.push_str(std::str::from_utf8(bytes).expect("the loop ended"));
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
    fn escapes_mean_what_json_says() {
        assert_eq!(unescape(br#""a\"\\\/\b\f\n\r\tz""#), ("a\"\\/\u{8}\u{c}\n\r\tz".into(), None));
        assert_eq!(unescape(br#""\u0041\u00e9\uD83C\udf89""#), ("Aé🎉".into(), None));
        assert_eq!(unescape("\"é🎉\"".as_bytes()), ("é🎉".into(), None));
    }

    #[test]
    fn lone_surrogates_are_replaced_one_by_one() {
        assert_eq!(unescape(br#""\ud800""#), ("\u{fffd}".into(), Some(1)));
        assert_eq!(unescape(br#""a\udc00\ud800""#), ("a\u{fffd}\u{fffd}".into(), Some(2)));
        assert_eq!(unescape(br#""\ud800\ud83c\udf89""#), ("\u{fffd}🎉".into(), Some(1)));
        assert_eq!(unescape(br#""\ud800A""#), ("\u{fffd}A".into(), Some(1)));
    }

    #[test]
    fn bytes_that_are_not_text_are_replaced_one_by_one() {
        assert_eq!(unescape(b"\"a\xE2\x82z\""), ("a\u{fffd}\u{fffd}z".into(), Some(2)));
        assert_eq!(unescape(b"\"\\n\xED\xA0\x80\""), ("\n\u{fffd}\u{fffd}\u{fffd}".into(), Some(3)));
        assert_eq!(unescape(b"\"\xFF\\ud800\""), ("\u{fffd}\u{fffd}".into(), Some(1)));
    }
}
