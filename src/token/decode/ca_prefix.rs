//! The start of a token's text up to the end of its `CA`, which all tokens of a cluster share.
//!
//! Base64 encodes three bytes as four digits. So tokens whose JSON starts with the same bytes have texts that start with
//! the same digits, and only what follows has to be decoded.

use super::consul_layout;
use super::observation::of_base64;
use super::{Decoded, base64};
use crate::ZeroizeBuf;
use crate::gostd::json::{Reader, ValueKind};
use crate::token::Token;
use crate::token::shown::contains_private_key;

/// The number of bytes in a group, which is encoded as four digits.
const GROUP_LEN: usize = 3;

/// The start of a token's text up to the end of its `CA`.
#[derive(Debug)]
pub struct CaPrefix {
    /// The digits of whole groups.
    text: Box<[u8]>,
    /// The end of the `CA`, after those groups.
    rest: Box<[u8]>,
    /// Its entries.
    ca: Vec<String>,
}

impl CaPrefix {
    /// Returns the prefix of a token's text, given its JSON. Returns `None` unless the token starts with `CA` and is
    /// without observations and private keys.
    pub fn of(text: &[u8], json: &[u8], decoded: &Decoded) -> Option<Self> {
        let ca =
            decoded.token.ca.as_ref().filter(|ca| !ca.iter().any(|entry| contains_private_key(entry)))?;
        if !decoded.observations.is_empty() {
            return None;
        }
        let end = end_of_ca(json)?;
        let (groups, rest_len) = (end / GROUP_LEN, end % GROUP_LEN);
        Some(Self {
            text: text.get(..groups * 4)?.into(),
            rest: json.get(end - rest_len..end)?.into(),
            ca: ca.clone(),
        })
    }

    /// Returns the digits.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Decodes a text that may start with this prefix. `json` receives the JSON after it.
    ///
    /// Returns `None` if the text does not start with it, or does not go on as in a token that Consul wrote: decode the whole
    /// text.
    pub fn decode(&self, text: &[u8], json: &mut ZeroizeBuf) -> Option<Decoded> {
        let digits = text.strip_prefix(&*self.text)?;
        base64::decode_into(digits, json).ok()?;
        if !json.starts_with(&self.rest) || !of_base64(digits, json.len()).is_empty() {
            return None;
        }
        let token = consul_layout::read_after_ca(&json[self.rest.len()..])?;
        Some(Decoded { token: Token { ca: Some(self.ca.clone()), ..token }, observations: Vec::new() })
    }
}

/// Returns the offset after the list of a token whose first key is `CA`.
fn end_of_ca(json: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(json);
    reader.kind().ok().filter(|kind| *kind == ValueKind::Object)?;
    let mut items = reader.enter().ok()?;
    reader.next_key(&mut items).ok()?.filter(|key| key.bytes == b"CA")?;
    reader.kind().ok().filter(|kind| *kind == ValueKind::List)?;
    reader.skip().ok()?;
    Some(reader.position())
}
