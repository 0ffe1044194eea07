//! Converts UTF-16, the encoding in which PowerShell and Windows editors write files.

use zeroize::Zeroizing;

/// The number of bytes that show whether a text without a byte order mark is UTF-16.
const SAMPLE_LEN: usize = 64;

/// Returns a UTF-16 text as UTF-8; `None` if it is not UTF-16.
pub(crate) fn from_utf16(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (order, text): (fn([u8; 2]) -> u16, _) = match text {
        [0xFF, 0xFE, rest @ ..] => (u16::from_le_bytes, rest),
        [0xFE, 0xFF, rest @ ..] => (u16::from_be_bytes, rest),
        _ if has_zeros(text, 1) => (u16::from_le_bytes, text),
        _ if has_zeros(text, 0) => (u16::from_be_bytes, text),
        _ => return None,
    };
    let units = text.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    let decoded = Zeroizing::new(
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>(),
    );
    Some(Zeroizing::new(decoded.as_bytes().to_vec()))
}

/// Returns whether the first bytes are ASCII in UTF-16: one byte of each pair is zero, and the other is not.
fn has_zeros(text: &[u8], position: usize) -> bool {
    let sample = &text[..text.len().min(SAMPLE_LEN)];
    sample.len() >= 4 && sample.chunks_exact(2).all(|pair| pair[position] == 0 && pair[1 - position] != 0)
}
