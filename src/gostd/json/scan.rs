//! Fast search for bytes, eight at a time.

const ONES: u64 = repeat(0x01);
const HIGH: u64 = repeat(0x80);

/// Returns the number of bytes before the first quote, backslash or control character.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    find(
        bytes,
        |byte| matches!(byte, b'"' | b'\\' | 0..0x20),
        |word| {
            let quote = (word ^ repeat(b'"')).wrapping_sub(ONES);
            let backslash = (word ^ repeat(b'\\')).wrapping_sub(ONES);
            let control = word.wrapping_sub(repeat(0x20));
            quote | backslash | control
        },
    )
    .unwrap_or(bytes.len())
}

/// Returns the offset of the first backslash.
pub(super) fn backslash(bytes: &[u8]) -> Option<usize> {
    find(bytes, |byte| byte == b'\\', |word| (word ^ repeat(b'\\')).wrapping_sub(ONES))
}

/// Returns the offset of the first of some ASCII characters.
///
/// `borrows` must set the high bit of each such character's byte. It may also set the high bit of bytes that had it before
/// (these are not ASCII and are ignored), and of bytes after a match.
fn find(bytes: &[u8], wanted: impl Fn(u8) -> bool, borrows: impl Fn(u64) -> u64) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let found = borrows(word) & !word & HIGH;
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&byte| wanted(byte)).map(|at| bytes.len() - rest.len() + at)
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn searching_eight_bytes_at_a_time_finds_the_same_offset(bytes in proptest::collection::vec(
            prop_oneof![40 => Just(b'a'), 1 => any::<u8>(), 1 => Just(b'\\'), 1 => 0x1e_u8..0x24], 0..140,
        )) {
            let expected = bytes.iter().position(|&byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_run(&bytes), expected.unwrap_or(bytes.len()));
            prop_assert_eq!(backslash(&bytes), bytes.iter().position(|&byte| byte == b'\\'));
        }
    }
}
