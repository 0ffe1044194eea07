//! A name for a token that does not show it.

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// SHA-256 of a token's text, 64 lower-case hexadecimal digits.
///
/// Line breaks carry nothing, so the same token keeps its fingerprint however it was wrapped.
pub fn fingerprint(text: &str) -> String {
    let bare: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect());
    crate::certificate::hex(digest(&SHA256, &bare).as_ref())
}
