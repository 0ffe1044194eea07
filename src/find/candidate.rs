//! Decides whether a token starts at an offset: it must decode into one.

use zeroize::Zeroizing;

use super::digits::{Bytes, Digits, ReadByte};
use super::json_object::{JsonObject, State};
use super::needles::Phase;
use crate::gostd::base64;
use crate::token::{MAX_TOKEN_LEN, Token, decode};

/// The longest text of a token with everything that wraps it, in bytes: twice encoded and wrapped at short lines.
pub(super) const MAX_SPAN: usize = 2 * MAX_TOKEN_LEN;

/// How many bytes of the outer encoding are decoded first. They show whether the inner text can be a token.
const FIRST_STEP: usize = 96;

/// What starts at an offset.
#[derive(Debug)]
pub(super) enum Candidate {
    /// A token, which ends before this offset.
    Token(usize, Box<DecodedText>),
    /// Something else.
    Other,
    /// The text ends before this is clear.
    OutOfText,
}

/// A token with its text, in the form that Consul accepts.
#[derive(Debug, Clone)]
pub(super) struct DecodedText {
    pub(super) text: Zeroizing<String>,
    pub(super) token: Token,
}

/// Reads the token that starts at an offset. It was encoded `layers` times, and `phase` is the position of its first byte in
/// the outer encoding.
pub(super) fn read(text: &[u8], start: usize, layers: usize, phase: Phase, work: &mut usize) -> Candidate {
    let text = &text[..text.len().min(start.saturating_add(MAX_SPAN))];
    let bytes = phase.bytes(Digits::new(text, start));
    if layers == 1 { read_json(bytes, work) } else { read_encoded(bytes, layers, work) }
}

/// Reads the JSON of a token.
fn read_json(mut bytes: Bytes<'_>, work: &mut usize) -> Candidate {
    let mut object = JsonObject::default();
    let mut json = Zeroizing::new(Vec::new());
    let start = bytes.position();
    loop {
        let state = match bytes.next() {
            ReadByte::Byte(byte) => {
                json.push(byte);
                object.push(byte)
            }
            ReadByte::End => State::Invalid,
            ReadByte::OutOfText => {
                *work += bytes.position() - start;
                return Candidate::OutOfText;
            }
        };
        match state {
            State::Open => {}
            State::Invalid => {
                *work += bytes.position() - start;
                return Candidate::Other;
            }
            State::Closed => break,
        }
    }
    // Some programs end the JSON with a line break.
    let mut after = bytes;
    while let Some(byte) = after.next_adjacent().filter(u8::is_ascii_whitespace) {
        json.push(byte);
        bytes = after;
    }
    bytes.skip_padding();
    *work += bytes.position() - start;
    let text = Zeroizing::new(base64::encode(&json));
    match decode(text.as_bytes()) {
        Ok(decoded) if is_token(&decoded.token) => {
            Candidate::Token(bytes.position(), Box::new(DecodedText { text, token: decoded.token }))
        }
        _ => Candidate::Other,
    }
}

/// Reads a token that was encoded again. Only as much is decoded as is necessary: it can be the start of a long text.
fn read_encoded(outer: Bytes<'_>, layers: usize, work: &mut usize) -> Candidate {
    let mut limit = FIRST_STEP;
    loop {
        let mut bytes = outer;
        let mut inner = Zeroizing::new(Vec::with_capacity(limit));
        let mut ends = Vec::with_capacity(limit);
        let stopped_at = loop {
            if inner.len() == limit {
                break None;
            }
            match bytes.next() {
                ReadByte::Byte(byte) => {
                    inner.push(byte);
                    ends.push(bytes.position());
                }
                end => break Some(end),
            }
        };
        *work += inner.len();
        match (read(&inner, 0, layers - 1, Phase::START, work), stopped_at) {
            (Candidate::Token(end, token), _) => {
                // The padding of the outer encoding belongs to it, if the inner text ends there too.
                if let (true, Some(ReadByte::End)) = (end == inner.len(), stopped_at) {
                    bytes.skip_padding();
                    return Candidate::Token(bytes.position(), token);
                }
                return Candidate::Token(ends[end - 1], token);
            }
            (Candidate::Other, _) | (Candidate::OutOfText, Some(ReadByte::End)) => return Candidate::Other,
            (Candidate::OutOfText, None) => limit *= 4,
            (Candidate::OutOfText, Some(_)) => return Candidate::OutOfText,
        }
    }
}

/// Whether a decoded object is a token. Consul reads any object as one, so a peer ID or an address is required.
fn is_token(token: &Token) -> bool {
    !token.peer_id.is_empty() || !token.dialed_addresses().is_empty()
}
