//! Converts UTF-16, the encoding in which PowerShell and Windows editors write files.

use zeroize::Zeroizing;

/// The number of bytes that show whether a text without a byte order mark is UTF-16.
const SAMPLE_LEN: usize = 64;

/// How two bytes are a unit of UTF-16.
pub(crate) type Utf16Order = fn([u8; 2]) -> u16;

/// Returns a UTF-16 text as UTF-8; `None` if it is not UTF-16.
pub(crate) fn from_utf16(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (order, mark_len) = utf16_order(text)?;
    let decoded = Zeroizing::new(decode_utf16(&text[mark_len..], order));
    Some(Zeroizing::new(decoded.as_bytes().to_vec()))
}

/// Returns the order of the bytes in a UTF-16 text, and the length of its byte order mark; `None` if it is not UTF-16.
pub(crate) fn utf16_order(text: &[u8]) -> Option<(Utf16Order, usize)> {
    match text {
        [0xFF, 0xFE, ..] => Some((u16::from_le_bytes, 2)),
        [0xFE, 0xFF, ..] => Some((u16::from_be_bytes, 2)),
        _ if has_zeros(text, 1) => Some((u16::from_le_bytes, 0)),
        _ if has_zeros(text, 0) => Some((u16::from_be_bytes, 0)),
        _ => None,
    }
}

/// Decodes pairs of bytes.
pub(crate) fn decode_utf16(text: &[u8], order: Utf16Order) -> String {
    let units = text.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Returns whether the first bytes are ASCII in UTF-16: one byte of each pair is zero, and the other is not.
fn has_zeros(text: &[u8], position: usize) -> bool {
    let sample = &text[..text.len().min(SAMPLE_LEN)];
    sample.len() >= 4 && sample.chunks_exact(2).all(|pair| pair[position] == 0 && pair[1 - position] != 0)
}
