//! Finding a byte quickly, eight at a time.

const ONES: u64 = repeat(0x01);
const HIGH: u64 = repeat(0x80);

/// How many bytes stand before a quote, a backslash or a control character.
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

/// Where the first backslash stands.
pub(super) fn backslash(bytes: &[u8]) -> Option<usize> {
    find(bytes, |byte| byte == b'\\', |word| (word ^ repeat(b'\\')).wrapping_sub(ONES))
}

/// Where the first of some ASCII characters stands.
///
/// `borrows` subtracts so that the high bit of such a character's byte becomes set. It may well set other bits: where
/// the word had the high bit before (that is no ASCII), and above a byte that borrowed (which comes first anyway).
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
        fn eight_at_a_time_finds_what_one_at_a_time_finds(bytes in proptest::collection::vec(
            prop_oneof![40 => Just(b'a'), 1 => any::<u8>(), 1 => Just(b'\\'), 1 => 0x1e_u8..0x24], 0..140,
        )) {
            let expected = bytes.iter().position(|&byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_run(&bytes), expected.unwrap_or(bytes.len()));
            prop_assert_eq!(backslash(&bytes), bytes.iter().position(|&byte| byte == b'\\'));
        }
    }
}
