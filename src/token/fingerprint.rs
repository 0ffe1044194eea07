//! An identifier for a token that does not reveal it.

use zeroize::Zeroizing;

use crate::hex::sha256_hex;

/// Returns the SHA-256 digest of a token's text as 64 lower-case hexadecimal digits.
///
/// Line breaks are ignored, so a wrapped token has the same fingerprint as the original.
pub fn fingerprint(text: &str) -> String {
    let bare: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect());
    sha256_hex(&bare)
}
