//! Repairs pasted text: quotes, line wraps, whole JSON responses, Kubernetes Secrets.
//!
//! Consul accepts none of these. [`recover`] finds the token anyway and reports every repair, because each one is a reason
//! why Consul rejects the text.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::pasted_base64::{contains, lenient};
use super::{DecodeError, Decoded, decode, document, surrounded};

pub use super::repair::Repair;

/// A token that was found in a text.
#[derive(Debug)]
pub struct Recovered {
    /// The decoded token.
    pub decoded: Decoded,
    /// The text of the token, as Consul accepts it.
    pub text: Zeroizing<String>,
    /// The repairs, in order. Empty if Consul accepts the original text.
    pub repairs: Vec<Repair>,
}

/// The maximum number of repairs. Real pasted text needs no more than a few.
const MAX_REPAIRS: usize = 8;

/// The maximum length of a variable name, in bytes.
const MAX_NAME_LEN: usize = 64;

/// Returns the text without the line end of a file, which is not part of the token. Consul ignores it too.
pub(crate) fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Finds the token in a text.
///
/// If there is none, returns the error of the text after all repairs that certainly apply, and those repairs. Speculative
/// repairs that do not lead to a token are left out.
pub fn recover(text: &[u8]) -> Result<Recovered, (DecodeError, Vec<Repair>)> {
    let mut text = Zeroizing::new(text.to_vec());
    let mut repairs = Vec::new();
    let mut before_speculation = None;
    loop {
        let error = match decode(&text) {
            Ok(decoded) => {
                let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
                return Ok(Recovered { decoded, text, repairs });
            }
            Err(error) => error,
        };
        let step = (repairs.len() < MAX_REPAIRS).then(|| repair(&text)).flatten();
        let Some((repair, repaired)) = step else {
            return Err(before_speculation.unwrap_or((error, repairs)));
        };
        if repair.is_speculative() && before_speculation.is_none() {
            before_speculation = Some((error, repairs.clone()));
        }
        // Consul ignores line breaks, so removing those around the token is not a repair.
        if repair != Repair::SurroundingWhitespace || trim_line_breaks(&text).len() > repaired.len() {
            repairs.push(repair);
        }
        text = repaired;
    }
}

type Repaired = Zeroizing<Vec<u8>>;

/// Applies the first repair that matches a text.
fn repair(text: &[u8]) -> Option<(Repair, Repaired)> {
    let repaired = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    if let Some(converted) = document::from_utf16(text) {
        return Some((Repair::Utf16, converted));
    }
    if let Some(rest) = text.strip_prefix("\u{feff}".as_bytes()) {
        return Some((Repair::ByteOrderMark, repaired(rest)));
    }
    let trimmed = text.trim_ascii();
    if trimmed.len() < text.len() {
        return Some((Repair::SurroundingWhitespace, repaired(trimmed)));
    }
    if let [first @ (b'"' | b'\'' | b'`'), rest @ .., last] = text
        && first == last
    {
        return Some((Repair::Quotes, repaired(rest)));
    }
    if text.first() == Some(&b'{') && is_bare_json(text) {
        let encoded = base64::prelude::BASE64_STANDARD.encode(text);
        return Some((Repair::BareJson, Zeroizing::new(encoded.into_bytes())));
    }
    if let Some(found) = from_document(text) {
        return Some(found);
    }
    if let Some(rest) = after_assignment(text) {
        return Some((Repair::Assignment, repaired(rest)));
    }
    if let Some(found) = surrounded::find(text) {
        return Some((Repair::SurroundingText, found));
    }
    if contains(text, br"\n") || contains(text, br"\r") {
        return Some((Repair::EscapedLineBreaks, without_escaped_breaks(text)));
    }
    if text.iter().any(u8::is_ascii_whitespace) && text.iter().all(|byte| is_base64(*byte)) {
        let joined = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        // Consul ignores line breaks. If there is no other whitespace, another repair follows.
        return Some((Repair::InnerWhitespace, Zeroizing::new(joined)));
    }
    from_other_base64(text)
}

fn trim_line_breaks(text: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let start = text.iter().position(is_kept).unwrap_or(text.len());
    let end = text.iter().rposition(is_kept).map_or(start, |last| last + 1);
    &text[start..end]
}

fn is_bare_json(text: &[u8]) -> bool {
    serde_json::from_slice(text).is_ok_and(|value| document::is_token_json(&value))
}

/// Returns the token in a document that contains one token.
fn from_document(text: &[u8]) -> Option<(Repair, Repaired)> {
    let mut found = document::extract(text);
    let first = found.pop()?;
    found.iter().all(|it| it.text == first.text).then_some((first.document, first.text))
}

fn after_assignment(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"export ").unwrap_or(text);
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = (&text[..at], &text[at + 1..]);
    let is_name = name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    // A bare token may end in `=`, too.
    (is_name && name.len() <= MAX_NAME_LEN && rest.len() > 2).then_some(rest)
}

fn without_escaped_breaks(text: &[u8]) -> Repaired {
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

/// Repairs base64 that Consul rejects: the URL alphabet, missing padding, or base64 of base64.
fn from_other_base64(text: &[u8]) -> Option<(Repair, Repaired)> {
    if text.iter().any(|byte| matches!(byte, b'-' | b'_')) && text.iter().all(|byte| is_base64(*byte)) {
        lenient(&URL_SAFE).decode(text).ok().map(Zeroizing::new)?;
        let standard = text.iter().map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        });
        return Some((Repair::UrlAlphabet, Zeroizing::new(standard.collect())));
    }
    let bytes = Zeroizing::new(lenient(&STANDARD).decode(text).ok()?);
    if !text.len().is_multiple_of(4) {
        let mut padded = Zeroizing::new(text.to_vec());
        padded.resize(text.len().next_multiple_of(4), b'=');
        return Some((Repair::MissingPadding, padded));
    }
    let inner = bytes.trim_ascii();
    let is_base64_again = !inner.is_empty() && inner.iter().all(|byte| is_base64(*byte) && *byte != b'-');
    is_base64_again.then(|| (Repair::DoubleEncoded, Zeroizing::new(bytes.to_vec())))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}
