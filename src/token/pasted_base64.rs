//! Base64 as people paste it.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The start of a token of any version: base64 of `{"CA"`, `{"Ma`, `{"Se`, `{"Pe`.
pub(crate) const TOKEN_STARTS: [&[u8]; 4] = [b"eyJDQSI6", b"eyJNYW51", b"eyJTZXJ2", b"eyJQZWVy"];

/// Returns a decoder for base64 that Consul rejects: with any padding.
pub(super) fn lenient(alphabet: &base64::alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
