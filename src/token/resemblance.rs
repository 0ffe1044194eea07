//! Guesses what a text is that cannot be decoded as a token.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::not_a_token::NotAToken;
use super::pasted_base64::{TOKEN_STARTS, contains, lenient};
use super::{DecodeError, Stage};

/// What a text resembles that cannot be decoded as a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resemblance {
    /// Empty text or only whitespace.
    Empty,
    /// A JSON Web Token, such as the example in Consul's documentation.
    Jwt,
    /// A UUID, such as the secret ID of an ACL token.
    Uuid,
    /// A PEM certificate or key.
    Pem,
    /// A token shortened with an ellipsis, as in documents and logs.
    Shortened,
    /// A token whose end is missing.
    MissingEnd,
    /// A token whose start is missing.
    MissingStart,
    /// Something else that is recognized, which [`NotAToken`] describes.
    NotAToken,
    /// JSON that is neither an API response nor a manifest with a token.
    Json,
    /// base64 of binary data, such as a compressed file.
    Binary,
    /// base64 of a text that is not JSON.
    OtherText,
    /// A token whose JSON was changed or damaged.
    Edited,
    /// None of these.
    Unknown,
}

impl Resemblance {
    /// Classifies a text, given its decoding error.
    pub fn of(text: &[u8], error: &DecodeError) -> Self {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Self::Empty;
        }
        if is_jwt(text) {
            return Self::Jwt;
        }
        if is_uuid(text) {
            return Self::Uuid;
        }
        if text.starts_with(b"-----BEGIN ") {
            return Self::Pem;
        }
        if NotAToken::identify(text).is_some() {
            return Self::NotAToken;
        }
        if matches!(text[0], b'{' | b'[') {
            return Self::Json;
        }
        if is_token_end(text) {
            return Self::MissingStart;
        }
        let is_token_start = TOKEN_STARTS.iter().any(|start| text.starts_with(start));
        match error.stage {
            Stage::Field => Self::Edited,
            Stage::Utf8 => Self::Binary,
            Stage::Json if is_token_start && error.message == "unexpected end of JSON input" => {
                Self::MissingEnd
            }
            Stage::Json if is_token_start => Self::Edited,
            Stage::Json => Self::OtherText,
            Stage::Base64 if is_token_start && has_ellipsis(text) => Self::Shortened,
            // For an incomplete group of four digits, Go reports the start of the group or the end of the text.
            Stage::Base64 if is_token_start && error.offset + 4 >= text.len() && !text.ends_with(b"=") => {
                Self::MissingEnd
            }
            Stage::Base64 => Self::Unknown,
        }
    }

    /// Returns whether a check reports this.
    pub(crate) fn is_specific(self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::Jwt
                | Self::Uuid
                | Self::Pem
                | Self::Shortened
                | Self::MissingEnd
                | Self::NotAToken
        )
    }

    /// Returns the likely cause as a clause without a final period.
    pub fn cause(self) -> &'static str {
        match self {
            Self::Empty => {
                "it is empty (an empty file, an unset variable, or a failed command before a pipe)"
            }
            Self::Jwt => {
                "this is a JSON Web Token, perhaps the example in Consul's documentation, not a peering token"
            }
            Self::Uuid => {
                "this is a UUID, such as an ACL token or a peer ID; a peering token is much longer and starts with eyJ"
            }
            Self::Pem => "this is a PEM file, such as a CA certificate, not a peering token",
            Self::Shortened => "the token was shortened with an ellipsis, as in documents, tickets and logs",
            Self::MissingEnd => {
                "the end of the token is missing: it was cut off when it was copied or stored"
            }
            Self::MissingStart => {
                "the start of the token is missing: it was cut off when it was copied or stored"
            }
            Self::NotAToken => "this is something else, not a peering token",
            Self::Json => {
                "this is JSON, but neither the response of generate-token nor a Kubernetes Secret with a token"
            }
            Self::Binary => "this is base64 of binary data, such as a compressed file, not of a token",
            Self::OtherText => "this is base64 of another text, not of a token",
            Self::Edited => "the JSON in the token was changed or damaged",
            Self::Unknown => "the token was changed when it was copied, or this is not a token",
        }
    }

    /// Returns the fix as an imperative clause without a final period.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Empty => "check the file or command that should contain or print the token",
            Self::Jwt | Self::Uuid | Self::Pem | Self::NotAToken => {
                "generate a peering token on the accepting cluster: peering generate-token -name NAME"
            }
            Self::Shortened | Self::MissingEnd | Self::MissingStart | Self::Edited => {
                "copy the complete token again; if the original is lost, generate a new one on the accepting cluster"
            }
            Self::Json => "pass the token itself, or the complete response or manifest that contains it",
            Self::Binary | Self::OtherText | Self::Unknown => {
                "compare it with the output of generate-token: a token starts with eyJ and contains no spaces"
            }
        }
    }
}

/// Returns whether a text is the end of a token, starting at any position in a group of four digits.
fn is_token_end(text: &[u8]) -> bool {
    if text.starts_with(b"eyJ")
        || !text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte))
    {
        return false;
    }
    let mut digits = Zeroizing::new(text.to_vec());
    digits.retain(|byte| !b"\r\n=".contains(byte));
    let lenient = lenient(&STANDARD);
    (0..4).any(|lost| {
        let groups = digits.get(lost..).unwrap_or_default();
        let groups = if groups.len() % 4 == 1 { &groups[..groups.len() - 1] } else { groups };
        let json = Zeroizing::new(lenient.decode(groups).unwrap_or_default());
        contains(&json, b"\"PeerID\":\"")
    })
}

fn has_ellipsis(text: &[u8]) -> bool {
    contains(text, "…".as_bytes()) || contains(text, b"...")
}

/// Returns whether a text is a JSON Web Token: three parts separated by dots, the first being base64 of a JSON object
/// with an `alg` (RFC 7515 §4.1.1).
pub fn is_jwt(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let url_safe = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let Ok(header) = url_safe.decode(header) else { return false };
    matches!(serde_json::from_slice::<serde_json::Value>(&header), Ok(header) if header.get("alg").is_some())
}

/// Returns whether a text is a UUID of any version: `8-4-4-4-12` hexadecimal digits.
pub fn is_uuid(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 36]>::try_from(text) else { return false };
    // Without an early end, the loop compares many bytes per instruction.
    let is_known = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let are_known = text.iter().fold(true, |all, byte| all & is_known(byte));
    let dashes = text.iter().fold(0_u8, |dashes, byte| dashes + u8::from(*byte == b'-'));
    are_known && dashes == 4 && [8, 13, 18, 23].iter().all(|dash| text[*dash] == b'-')
}
