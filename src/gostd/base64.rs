//! Go's `encoding/base64`, `StdEncoding`: the standard alphabet with padding.
//!
//! `\r` and `\n` are skipped everywhere, even inside the padding; other whitespace is an error. Unused bits of the last
//! digit may be set. The offset of an error is the byte at which Go notices it, which depends on the kind of error.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use thiserror::Error;

use crate::ZeroizeBuf;

/// The error for text that is not standard base64 (Go's `base64.CorruptInputError`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("illegal base64 data at input byte {offset}")]
pub struct CorruptInput {
    /// The byte offset that Go reports.
    pub offset: usize,
}

/// The configuration of the fast path, for text without line breaks.
const FAST: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);

#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
fn engine() -> impl Engine {
    base64::engine::Simd::standard(FAST)
}

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
fn engine() -> impl Engine {
    const ENGINE: base64::engine::GeneralPurpose =
        base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, FAST);
    ENGINE
}

/// Decodes base64 into a buffer that is wiped when dropped.
pub fn decode(text: &[u8]) -> Result<ZeroizeBuf, CorruptInput> {
    let mut bytes = ZeroizeBuf::default();
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

/// Decodes base64 into an existing buffer. Reusing one is faster, because allocating and wiping takes longer than decoding.
pub fn decode_into(text: &[u8], bytes: &mut ZeroizeBuf) -> Result<(), CorruptInput> {
    let max_len = base64::decoded_len_estimate(text.len());
    if bytes.capacity() < max_len {
        // Growing the old buffer would not wipe its previous memory.
        *bytes = ZeroizeBuf::from(Vec::with_capacity(max_len));
    }
    bytes.resize(max_len, 0);
    match engine().decode_slice(text, bytes) {
        Ok(length) => bytes.truncate(length),
        Err(_) => *bytes = decode_with_offsets(text)?,
    }
    Ok(())
}

/// Encodes bytes as base64 with padding and without line breaks.
pub fn encode(bytes: &[u8]) -> String {
    engine().encode(bytes)
}

/// Returns the offset of the last digit of a valid text, if unused bits of it are set.
pub fn trailing_bits(text: &[u8]) -> Option<usize> {
    let mut padding = 0;
    for (offset, &byte) in text.iter().enumerate().rev() {
        match byte {
            b'\n' | b'\r' => {}
            b'=' => padding += 1,
            _ => {
                let spare = match padding {
                    0 => 0,
                    1 => 0b11,
                    _ => 0b1111,
                };
                return (digit(byte)? & spare != 0).then_some(offset);
            }
        }
    }
    None
}

/// Decodes byte by byte, to skip line breaks and to find the offset of an error.
fn decode_with_offsets(text: &[u8]) -> Result<ZeroizeBuf, CorruptInput> {
    let mut bytes = ZeroizeBuf::from(Vec::with_capacity(text.len() / 4 * 3 + 3));
    let (mut position, mut group, mut digits) = (0, 0_u32, 0);
    while let Some(&byte) = text.get(position) {
        if let Some(value) = digit(byte) {
            group = group << 6 | u32::from(value);
            digits += 1;
            if digits == 4 {
                bytes.extend_from_slice(&group.to_be_bytes()[1..]);
                (group, digits) = (0, 0);
            }
        } else if byte == b'=' {
            check_end(text, position, digits)?;
            let group = group << (6 * (4 - digits));
            bytes.extend_from_slice(&group.to_be_bytes()[1..digits]);
            return Ok(bytes);
        } else if !is_line_break(byte) {
            return Err(CorruptInput { offset: position });
        }
        position += 1;
    }
    // Go subtracts the number of digits from the position, ignoring line breaks between them.
    if digits == 0 { Ok(bytes) } else { Err(CorruptInput { offset: position - digits }) }
}

/// Checks the text from the first `=`: one or two of them, followed only by line breaks.
fn check_end(text: &[u8], first: usize, digits: usize) -> Result<(), CorruptInput> {
    let mut next = first + 1;
    match digits {
        0 | 1 => return Err(CorruptInput { offset: first }),
        2 => {
            next = skip_line_breaks(text, next);
            match text.get(next) {
                None => return Err(CorruptInput { offset: text.len() }),
                Some(b'=') => next += 1,
                Some(_) => return Err(CorruptInput { offset: next - 1 }),
            }
        }
        _ => {}
    }
    next = skip_line_breaks(text, next);
    if next == text.len() { Ok(()) } else { Err(CorruptInput { offset: next }) }
}

fn skip_line_breaks(text: &[u8], from: usize) -> usize {
    text[from..].iter().position(|&byte| !is_line_break(byte)).map_or(text.len(), |length| from + length)
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use proptest::prelude::*;

    use super::*;

    fn offset(text: &str) -> usize {
        decode(text.as_bytes()).expect_err("an error").offset
    }

    #[test]
    fn line_breaks_are_skipped_even_inside_the_padding() {
        assert_eq!(decode(b"\r\ne\n3\r0\n=\n").unwrap().as_slice(), b"{}");
        assert_eq!(decode(b"ew=\n=\r\n").unwrap().as_slice(), b"{");
        assert_eq!(decode(b"\n").unwrap().as_slice(), b"");
    }

    #[test]
    fn other_whitespace_is_an_error() {
        assert_eq!(offset(" e30="), 0);
        assert_eq!(offset("e30= "), 4);
        assert_eq!(offset("e3\t0="), 2);
    }

    #[test]
    fn unused_bits_are_ignored() {
        assert_eq!(decode(b"e31=").unwrap().as_slice(), b"{}");
        assert_eq!(trailing_bits(b"e31="), Some(2));
        assert_eq!(trailing_bits(b"e30="), None);
        assert_eq!(trailing_bits(b"ex=\n=\n"), Some(1));
        assert_eq!(trailing_bits(b"////"), None);
        assert_eq!(trailing_bits(b"\n"), None);
    }

    #[test]
    fn the_offset_depends_on_the_kind_of_error() {
        assert_eq!(offset("AAAAA"), 4, "a single digit");
        assert_eq!(offset("AAAA\nA\nA"), 6, "a line break before a single digit");
        assert_eq!(offset("="), 0, "padding without a digit");
        assert_eq!(offset("A="), 1, "padding after one digit");
        assert_eq!(offset("AA=\n"), 4, "incomplete padding");
        assert_eq!(offset("AA=A"), 2, "incomplete padding, then a digit");
        assert_eq!(offset("AA==\nA"), 5, "text after the padding");
        assert_eq!(offset("AAA=\n="), 5, "padding after the padding");
        assert_eq!(offset("A-_A"), 1, "another alphabet");
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_round_trips(bytes: Vec<u8>, width in 1_usize..80) {
            let text = BASE64_STANDARD.encode(&bytes);
            prop_assert_eq!(&**decode(text.as_bytes()).unwrap(), &bytes);
            let wrapped: Vec<u8> = text.as_bytes().chunks(width).flat_map(|line| [line, b"\r\n"].concat()).collect();
            prop_assert_eq!(&**decode(&wrapped).unwrap(), &bytes);
        }

        #[test]
        fn any_text_is_decoded_or_rejected(text: Vec<u8>) {
            if let Err(error) = decode(&text) {
                prop_assert!(error.offset <= text.len());
            }
        }
    }
}
