//! Whether a text should be a token, damaged or not.

use base64::Engine;
use base64::alphabet::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::token::pasted_base64::{TOKEN_STARTS, lenient};

/// The starts of a token's JSON.
const JSON_STARTS: [&[u8]; 4] = [b"{\"CA\"", b"{\"Manual", b"{\"Server", b"{\"Peer"];

/// How often people encode a token again.
const MAX_LAYERS: usize = 3;

/// The number of base64 digits that show what a text is.
const SAMPLE_LEN: usize = 64;

/// Returns whether a text starts like a token, or like a token that was encoded again or not at all.
pub(super) fn starts_like_token(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    if JSON_STARTS.iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let digits = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    let mut sample = Zeroizing::new(digits.take(SAMPLE_LEN).collect::<Vec<u8>>());
    for _ in 0..MAX_LAYERS {
        if TOKEN_STARTS.iter().any(|start| sample.starts_with(start)) {
            return true;
        }
        let whole = sample.len() / 4 * 4;
        match lenient(&STANDARD).decode(&sample[..whole]) {
            Ok(decoded) => sample = Zeroizing::new(decoded),
            Err(_) => return false,
        }
    }
    false
}

/// Returns whether a value is the JSON of a token. What the API returns for a peering also has a `PeerID`.
pub(crate) fn is_token_json(value: &Value) -> bool {
    value.get("State").is_none()
        && ["PeerID", "ServerAddresses", "ServerName"].iter().any(|key| value.get(key).is_some())
}

/// Returns whether a text is base64 and line breaks only.
pub(super) fn is_base64(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte))
}
