//! Tests of all bytes of a text that compare many bytes per instruction.

/// The number of bytes that are compared at once.
const CHUNK_LEN: usize = 16;

/// Returns whether all bytes pass a test.
#[inline]
pub(crate) fn all(bytes: &[u8], test: impl Fn(u8) -> bool) -> bool {
    // Without an early end, the loops become vector instructions.
    let all_of = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & test(*byte));
    let (chunks, _) = bytes.as_chunks::<CHUNK_LEN>();
    match bytes.last_chunk::<CHUNK_LEN>() {
        // The last chunk overlaps the one before it, so that no byte is compared alone.
        Some(last) => chunks.iter().fold(all_of(last), |all, chunk| all & all_of(chunk)),
        None => all_of(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_tested() {
        for length in 0..70 {
            let mut bytes = vec![b'a'; length];
            assert!(all(&bytes, |byte| byte == b'a'));
            for position in 0..length {
                bytes[position] = b'b';
                assert!(!all(&bytes, |byte| byte == b'a'), "{position} of {length}");
                bytes[position] = b'a';
            }
        }
    }
}
