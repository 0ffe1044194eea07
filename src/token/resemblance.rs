//! What a text that is no token probably is instead.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::recover::{contains, forgiving};
use super::{DecodeError, Stage};

/// What a text that cannot be read as a token resembles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resemblance {
    /// Nothing, or nothing but blanks.
    Empty,
    /// A JSON Web Token, such as the one in Consul's documentation of establishing.
    Jwt,
    /// A UUID, as an ACL token's secret is.
    Uuid,
    /// A PEM certificate or key.
    Pem,
    /// A token with an ellipsis in its middle, as documents and logs shorten it.
    Shortened,
    /// The beginning of a token; the end is missing.
    MissingEnd,
    /// The end of a token; the beginning is missing.
    MissingStart,
    /// JSON, but not the answer or the manifest that holds a token.
    Json,
    /// base64 of bytes that are no text, such as a compressed file.
    Binary,
    /// base64 of some other text.
    OtherText,
    /// A token whose JSON was changed by hand.
    Edited,
    /// Nothing that is known.
    Unknown,
}

impl Resemblance {
    /// What `text` resembles, given why it could not be read.
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
        if matches!(text[0], b'{' | b'[') {
            return Self::Json;
        }
        if is_end_of_a_token(text) {
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
            // What Go cannot complete to four digits, it blames on where the last group starts or on the end.
            Stage::Base64 if is_token_start && error.offset + 4 >= text.len() && !text.ends_with(b"=") => {
                Self::MissingEnd
            }
            Stage::Base64 => Self::Unknown,
        }
    }

    /// The likely cause, as a sentence for people.
    pub fn cause(self) -> &'static str {
        match self {
            Self::Empty => {
                "there is nothing: an empty file, a variable that is not set, or a command before a pipe that failed"
            }
            Self::Jwt => {
                "this is a JSON Web Token, perhaps the example in Consul's documentation, which is not a peering token"
            }
            Self::Uuid => {
                "this is a UUID, as ACL tokens and peer IDs are; a peering token is far longer and starts with eyJ"
            }
            Self::Pem => {
                "this is a PEM file, such as a CA certificate; a peering token holds one, but is not one"
            }
            Self::Shortened => "it was shortened with an ellipsis, as documents, tickets and logs do",
            Self::MissingEnd => "the end is missing: it was cut when it was copied, stored or passed on",
            Self::MissingStart => {
                "the beginning is missing: it was cut when it was copied, stored or passed on"
            }
            Self::Json => {
                "this is JSON, but neither a generated token's answer nor a Kubernetes Secret with a token in it"
            }
            Self::Binary => "it is base64 of bytes, such as a compressed file, not of a token",
            Self::OtherText => "it is base64 of something else than a token",
            Self::Edited => "it looks like a token whose JSON was changed or damaged",
            Self::Unknown => "something was added or lost on the way, or this is no token at all",
        }
    }

    /// What to do about it, as a sentence for people.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Empty => "look at the file or the command that should have given the token",
            Self::Jwt | Self::Uuid | Self::Pem => {
                "get the token that the accepting cluster printed: peering generate-token -name NAME prints one"
            }
            Self::Shortened | Self::MissingEnd | Self::MissingStart | Self::Edited => {
                "copy it again, whole; if the original is gone, generate another one on the accepting cluster"
            }
            Self::Json => "give the token itself, or the whole answer or manifest that holds it",
            Self::Binary | Self::OtherText | Self::Unknown => {
                "compare it with what the accepting cluster printed: a token starts with eyJ and is one long word"
            }
        }
    }
}

/// base64 of `{"CA"`, `{"Ma`, `{"Se`, `{"Pe`: how a token of any version starts.
const TOKEN_STARTS: [&[u8]; 4] = [b"eyJDQSI6", b"eyJNYW51", b"eyJTZXJ2", b"eyJQZWVy"];

/// Whether it is base64 of the end of a token's JSON, wherever in a group of four digits it begins.
fn is_end_of_a_token(text: &[u8]) -> bool {
    if text.starts_with(b"eyJ")
        || !text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(byte))
    {
        return false;
    }
    let mut digits = Zeroizing::new(text.to_vec());
    digits.retain(|byte| !b"\r\n=".contains(byte));
    let forgiving = forgiving(&STANDARD);
    (0..4).any(|lost| {
        let whole = digits.get(lost..).unwrap_or_default();
        let whole = if whole.len() % 4 == 1 { &whole[..whole.len() - 1] } else { whole };
        let json = Zeroizing::new(forgiving.decode(whole).unwrap_or_default());
        contains(&json, b"\"PeerID\":\"")
    })
}

fn has_ellipsis(text: &[u8]) -> bool {
    contains(text, "…".as_bytes()) || contains(text, b"...")
}

/// Three parts with dots between, the first of which is base64 of a JSON object with an `alg` (RFC 7515 §4.1.1).
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

/// `8-4-4-4-12` hexadecimal digits, of any version.
pub fn is_uuid(text: &[u8]) -> bool {
    // Counting goes through the text in one sweep, where looking for the first fault would stop at each byte.
    text.len() == 36
        && [8, 13, 18, 23].iter().all(|dash| text[*dash] == b'-')
        && text.iter().filter(|byte| byte.is_ascii_hexdigit()).count() == 32
}
