//! Quoted values with a key, in log lines and JSON.

use std::ops::Range;

/// Maximum length of the key of a quoted value, in bytes.
const MAX_KEY_LEN: usize = 64;

/// Maximum distance between the start of a key and the quote that starts its value, in bytes.
pub(super) const MAX_KEY_DISTANCE: usize = 2 * MAX_KEY_LEN + 4;

/// A quoted value with a key: `error="…"` in a log line, or `"error": "…"` in JSON.
pub(super) struct QuotedValue {
    /// The start of the key or of its quote.
    pub(super) start: usize,
    pub(super) key: Range<usize>,
    /// The value without its quotes.
    pub(super) value: Range<usize>,
}

/// Finds the first quoted value whose first quote is in a range, and whose key starts there.
pub(super) fn quoted_value(text: &str, range: Range<usize>) -> Option<QuotedValue> {
    let bytes = text.as_bytes();
    let mut at = range.start;
    while let Some(quote) = memchr::memchr(b'"', bytes.get(at..range.end)?).map(|offset| at + offset) {
        if let Some((start, key)) = key_before(text, quote).filter(|(start, _)| *start >= range.start) {
            return Some(QuotedValue { start, key, value: quote + 1..end_of_quoted(bytes, quote + 1) });
        }
        at = quote + 1;
    }
    None
}

/// Returns the offset of the unescaped quote that ends a value, or the end of the text.
fn end_of_quoted(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(offset) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        if bytes[at + offset] == b'"' {
            return at + offset;
        }
        at += offset + 2;
    }
    bytes.len()
}

/// Returns the key before the quote that starts a value: where it starts with its own quote, and its range.
fn key_before(text: &str, quote: usize) -> Option<(usize, Range<usize>)> {
    let before = &text[text.floor_char_boundary(quote.saturating_sub(2 * MAX_KEY_LEN))..quote];
    let offset = quote - before.len();
    if let Some(key) = before.strip_suffix('=') {
        let len =
            key.len() - key.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c)).len();
        let end = offset + key.len();
        return (len > 0 && len <= MAX_KEY_LEN).then(|| (end - len, end - len..end));
    }
    let key = before.trim_end_matches(['[', ' ']).strip_suffix(':')?.trim_end().strip_suffix('"')?;
    let start = key.rfind('"')? + 1;
    let plain = !key[start..].is_empty() && !key[start..].contains(['\\', ' ', ':']);
    (plain && key.len() - start <= MAX_KEY_LEN)
        .then(|| (offset + start - 1, offset + start..offset + key.len()))
}
