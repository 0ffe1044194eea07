//! A token out of what people really paste: quotes, wraps, whole JSON answers, Kubernetes Secrets.
//!
//! Consul takes none of this; [`recover`] exists for `inspect`, which wants to show what there is. Every step that was
//! needed is told, because it is what went wrong.

mod surrounded;

use std::fmt;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{DecodeError, Decoded, decode};

/// A token found in a text, and how.
#[derive(Debug)]
pub struct Recovered {
    /// The token.
    pub decoded: Decoded,
    /// Its text, as Consul would take it.
    pub text: Zeroizing<String>,
    /// What had to be undone, in that order. Empty: Consul takes the text as it was given.
    pub repairs: Vec<Repair>,
}

impl Recovered {
    /// The document that holds the token, where that is all there is around it: nobody meant the document.
    pub fn extracted_from(&self) -> Option<Repair> {
        let is_document = |repair: &Repair| matches!(repair, Repair::JsonResponse | Repair::SecretManifest);
        let is_other = |repair: &Repair| !is_document(repair) && *repair != Repair::SurroundingWhitespace;
        self.repairs.iter().copied().find(is_document).filter(|_| !self.repairs.iter().any(is_other))
    }
}

/// Something around a token that Consul would stumble over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// A byte order mark.
    ByteOrderMark,
    /// Blanks, tabs or line ends around it.
    SurroundingWhitespace,
    /// Quotation marks around it.
    Quotes,
    /// `NAME=` before it, as in an environment file.
    Assignment,
    /// Words before or after it: a prompt, a command, a full stop.
    SurroundingText,
    /// Blanks inside the base64.
    InnerWhitespace,
    /// The two characters `\n` inside the base64.
    EscapedLineBreaks,
    /// `{"PeeringToken": …}`, what `-format json` prints.
    JsonResponse,
    /// A Kubernetes Secret that holds it.
    SecretManifest,
    /// base64 of base64: the `data` of a Kubernetes Secret.
    DoubleEncoded,
    /// `-` and `_` for `+` and `/`.
    UrlAlphabet,
    /// The `=` at the end were lost.
    MissingPadding,
    /// The token's JSON without the base64 around it.
    BareJson,
}

impl fmt::Display for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ByteOrderMark => "removed a byte order mark",
            Self::SurroundingWhitespace => "removed blanks around the token",
            Self::Quotes => "removed quotation marks around the token",
            Self::Assignment => "removed a variable's name before the token",
            Self::SurroundingText => "took the token out of the text around it",
            Self::InnerWhitespace => "removed blanks inside the token",
            Self::EscapedLineBreaks => "removed the two characters \\n where line breaks had been",
            Self::JsonResponse => "took the token out of {\"PeeringToken\": …}",
            Self::SecretManifest => "took the token out of a Kubernetes Secret",
            Self::DoubleEncoded => "decoded base64 twice, as in a Kubernetes Secret's data",
            Self::UrlAlphabet => "read the URL alphabet of base64 (- and _ for + and /)",
            Self::MissingPadding => "added the padding (=) that was lost",
            Self::BareJson => "read the token's JSON without base64 around it",
        })
    }
}

impl Repair {
    /// Whether a text that is no token at all may look as if this had happened to it.
    fn is_a_guess(self) -> bool {
        matches!(self, Self::InnerWhitespace | Self::DoubleEncoded | Self::UrlAlphabet | Self::MissingPadding)
    }
}

/// How many layers are taken off at most; nobody wraps a token deeper by accident.
const MAX_LAYERS: usize = 8;

/// The longest name of a variable that is taken for one, in bytes.
const MAX_NAME_LEN: usize = 64;

/// Finds the token in a text. The error is the one of the innermost text that was surely meant to be the token, with
/// what was undone until there: a guess that led nowhere is not told.
pub fn recover(text: &[u8]) -> Result<Recovered, (DecodeError, Vec<Repair>)> {
    let mut text = Zeroizing::new(text.to_vec());
    let mut repairs = Vec::new();
    let mut before_guesses = None;
    loop {
        let error = match decode(&text) {
            Ok(decoded) => {
                let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
                return Ok(Recovered { decoded, text, repairs });
            }
            Err(error) => error,
        };
        let layer = (repairs.len() < MAX_LAYERS).then(|| take_off_one_layer(&text)).flatten();
        let Some((layer, inner)) = layer else { return Err(before_guesses.unwrap_or((error, repairs))) };
        if layer.is_a_guess() && before_guesses.is_none() {
            before_guesses = Some((error, repairs.clone()));
        }
        // Consul passes over line ends itself.
        if layer != Repair::SurroundingWhitespace || without_outer_line_ends(&text).len() > inner.len() {
            repairs.push(layer);
        }
        text = inner;
    }
}

type Inner = Zeroizing<Vec<u8>>;

fn take_off_one_layer(text: &[u8]) -> Option<(Repair, Inner)> {
    let inner = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    if let Some(rest) = text.strip_prefix("\u{feff}".as_bytes()) {
        return Some((Repair::ByteOrderMark, inner(rest)));
    }
    let trimmed = text.trim_ascii();
    if trimmed.len() < text.len() {
        return Some((Repair::SurroundingWhitespace, inner(trimmed)));
    }
    if let [first @ (b'"' | b'\'' | b'`'), rest @ .., last] = text
        && first == last
    {
        return Some((Repair::Quotes, inner(rest)));
    }
    if text.first() == Some(&b'{')
        && let Some(found) = from_json(text)
    {
        return Some(found);
    }
    if let Some(found) = from_manifest(text) {
        return Some((Repair::SecretManifest, found));
    }
    if let Some(rest) = after_assignment(text) {
        return Some((Repair::Assignment, inner(rest)));
    }
    if let Some(found) = surrounded::find(text) {
        return Some((Repair::SurroundingText, found));
    }
    if contains(text, br"\n") || contains(text, br"\r") {
        return Some((Repair::EscapedLineBreaks, without_escaped_breaks(text)));
    }
    if text.iter().any(u8::is_ascii_whitespace) && text.iter().all(|byte| is_base64(*byte)) {
        let joined = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        // Line breaks alone are no fault; if there are only those, they hide another one behind.
        return Some((Repair::InnerWhitespace, Zeroizing::new(joined)));
    }
    from_other_base64(text)
}

fn without_outer_line_ends(text: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let start = text.iter().position(is_kept).unwrap_or(text.len());
    let end = text.iter().rposition(is_kept).map_or(start, |last| last + 1);
    &text[start..end]
}

fn from_json(text: &[u8]) -> Option<(Repair, Inner)> {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(text) else { return None };
    if let Some(token) = object.get("PeeringToken").and_then(serde_json::Value::as_str) {
        return Some((Repair::JsonResponse, Zeroizing::new(token.as_bytes().to_vec())));
    }
    if object.get("kind").and_then(serde_json::Value::as_str) == Some("Secret") {
        for (map, encoded) in [("stringData", false), ("data", true)] {
            let values = object.get(map).and_then(serde_json::Value::as_object);
            for value in values.into_iter().flat_map(|values| values.values()) {
                if let Some(token) = value.as_str().and_then(|value| secret_value(value, encoded)) {
                    return Some((Repair::SecretManifest, token));
                }
            }
        }
        return None;
    }
    if !["PeerID", "ServerAddresses", "ServerName"].iter().any(|key| object.contains_key(*key)) {
        return None;
    }
    let encoded = base64::prelude::BASE64_STANDARD.encode(text);
    Some((Repair::BareJson, Zeroizing::new(encoded.into_bytes())))
}

/// A Secret's value that turns out to be a token; `encoded` for those under `data`.
fn secret_value(value: &str, encoded: bool) -> Option<Inner> {
    let bytes = Zeroizing::new(value.as_bytes().to_vec());
    if !encoded {
        return decode(&bytes).is_ok().then_some(bytes);
    }
    let inner = Zeroizing::new(forgiving(&STANDARD).decode(without_blanks(&bytes)).ok()?);
    recover_without_manifest(&inner).then_some(inner)
}

/// Whether a Secret's decoded value leads to a token, perhaps behind a last line end.
fn recover_without_manifest(text: &[u8]) -> bool {
    decode(text.trim_ascii()).is_ok()
}

/// The first `key: value` line of a YAML Secret whose value is a token; block values too (`key: |`).
fn from_manifest(text: &[u8]) -> Option<Inner> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.lines().any(|line| line.trim_end() == "kind: Secret") {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().enumerate().find_map(|(at, line)| {
        let (_, value) = line.split_once(':')?;
        let value = value.trim().trim_matches(['"', '\'']);
        let block;
        let value = if value.is_empty() || value.starts_with(['|', '>']) {
            let depth = indentation(line);
            // base64 has no colon: up to the next key. So no line is looked at twice, however deep the keys nest.
            block = lines[at + 1..]
                .iter()
                .take_while(|line| !line.contains(':'))
                .take_while(|line| line.trim().is_empty() || indentation(line) > depth)
                .map(|line| line.trim())
                .collect::<String>();
            block.as_str()
        } else {
            value
        };
        secret_value(value, true).or_else(|| secret_value(value, false))
    })
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn after_assignment(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"export ").unwrap_or(text);
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = (&text[..at], &text[at + 1..]);
    let is_name = name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    // A token is long, and ends in `=` as well.
    (is_name && name.len() <= MAX_NAME_LEN && rest.len() > 2).then_some(rest)
}

fn without_escaped_breaks(text: &[u8]) -> Inner {
    let mut kept = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if *first == b'\\' && matches!(after.first(), Some(b'n' | b'r')) {
            rest = &after[1..];
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

/// base64 that Consul does not read: the URL alphabet, no padding, or base64 inside base64.
fn from_other_base64(text: &[u8]) -> Option<(Repair, Inner)> {
    if text.iter().any(|byte| matches!(byte, b'-' | b'_')) && text.iter().all(|byte| is_base64(*byte)) {
        forgiving(&URL_SAFE).decode(text).ok().map(Zeroizing::new)?;
        let standard = text.iter().map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        });
        return Some((Repair::UrlAlphabet, Zeroizing::new(standard.collect())));
    }
    let bytes = Zeroizing::new(forgiving(&STANDARD).decode(text).ok()?);
    if !text.len().is_multiple_of(4) {
        let mut padded = Zeroizing::new(text.to_vec());
        padded.resize(text.len().next_multiple_of(4), b'=');
        return Some((Repair::MissingPadding, padded));
    }
    let inner = bytes.trim_ascii();
    let again = !inner.is_empty() && inner.iter().all(|byte| is_base64(*byte) && *byte != b'-');
    again.then(|| (Repair::DoubleEncoded, Zeroizing::new(bytes.to_vec())))
}

pub(super) fn forgiving(alphabet: &base64::alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

fn without_blanks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
