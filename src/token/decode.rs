//! Token text → [`Token`], read exactly as Consul reads it.

mod fields;
mod observation;
#[cfg(test)]
mod tests;

use thiserror::Error;

use super::Token;
use crate::ZeroizeBuf;
use crate::gostd::base64;
use fields::Fault;

pub use observation::{MAX_OBSERVATIONS, Observation, ObservationKind};

/// What Consul's HTTP handler says of an empty token, which never reaches the decoder (status 400).
const EMPTY: &str = "PeeringToken is required in the payload when establishing a peering.";

/// A token, and what was remarkable about its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What the token says.
    pub token: Token,
    /// What Consul passes over in silence, in the order of the text.
    pub observations: Vec<Observation>,
}

/// Which step of reading failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The text is not standard base64 with padding.
    Base64,
    /// What the base64 holds is not text.
    Utf8,
    /// What the base64 holds is not JSON.
    Json,
    /// The JSON has a value of another type than the field's.
    Field,
}

/// Why a text is not a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The step that failed.
    pub stage: Stage,
    /// Where: in bytes, of the text for [`Stage::Base64`], else of the bytes that the base64 holds.
    pub offset: usize,
    /// The field, for [`Stage::Field`], such as `Remote.Datacenter`; `None` when the whole JSON is of another type.
    pub field: Option<String>,
    /// The very message that Consul returns. It never holds a string's value.
    pub message: String,
}

/// Remembers strings of `CA`. Thousands of tokens share one, and its escapes are most of what there is to read.
pub trait CaCache {
    /// What a JSON string means, by what stands between its quotes, if it was read before.
    fn get(&mut self, written: &[u8]) -> Option<String>;
    /// Takes a string that was read.
    fn insert(&mut self, written: &[u8], text: &str);
}

/// Remembers nothing.
struct NoCache;

impl CaCache for NoCache {
    fn get(&mut self, _: &[u8]) -> Option<String> {
        None
    }

    fn insert(&mut self, _: &[u8], _: &str) {}
}

/// Reads a token's text as Consul does.
pub fn decode(text: &[u8]) -> Result<Decoded, DecodeError> {
    decode_with_cache(text, &mut ZeroizeBuf::default(), &mut NoCache)
}

/// Reads a token's text as Consul does; for many tokens of few clusters. The JSON under the base64 is put into a buffer,
/// which is best the same for all of them.
pub fn decode_with_cache(
    text: &[u8],
    json: &mut ZeroizeBuf,
    memory: &mut impl CaCache,
) -> Result<Decoded, DecodeError> {
    base64::decode_into(text, json).map_err(|error| DecodeError {
        stage: Stage::Base64,
        offset: error.offset,
        field: None,
        message: format!("failed to decode token: {error}"),
    })?;
    let (token, fields) = fields::read(json, memory).map_err(|fault| describe(fault, json, text))?;
    let mut observations = observation::of_base64(text, json.len());
    observations.extend(fields);
    Ok(Decoded { token, observations })
}

fn describe(fault: Fault, json: &[u8], text: &[u8]) -> DecodeError {
    match fault {
        Fault::Syntax(error) => DecodeError {
            stage: if is_text_at(json, error.offset) { Stage::Json } else { Stage::Utf8 },
            offset: error.offset,
            field: None,
            message: if text.is_empty() { EMPTY.to_owned() } else { error.to_string() },
        },
        Fault::Type(error) => DecodeError {
            stage: Stage::Field,
            offset: error.offset,
            field: error.field.map(|field| field.path.to_owned()),
            message: error.to_string(),
        },
    }
}

/// Whether the character that begins at an offset is UTF-8.
fn is_text_at(bytes: &[u8], offset: usize) -> bool {
    let character = &bytes[offset..bytes.len().min(offset + 4)];
    character.is_empty() || !matches!(std::str::from_utf8(character), Err(error) if error.valid_up_to() == 0)
}
