//! Decodes the text of a token into a [`Token`], exactly as Consul does.

mod ca_prefix;
mod consul_layout;
mod fields;
mod observation;
#[cfg(test)]
mod tests;

use thiserror::Error;

use super::Token;
use crate::ZeroizeBuf;
use crate::gostd::base64;
use fields::ReadError;

pub use ca_prefix::CaPrefix;
pub use observation::{MAX_OBSERVATIONS, Observation, ObservationKind};

/// The error of Consul's HTTP handler for an empty token, which never reaches the decoder (status 400).
const EMPTY: &str = "PeeringToken is required in the payload when establishing a peering.";

/// A decoded token with observations about its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The decoded token.
    pub token: Token,
    /// Irregularities that Consul ignores, in the order of the text.
    pub observations: Vec<Observation>,
}

/// The step of decoding that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The text is not standard base64 with padding.
    Base64,
    /// The decoded bytes are not UTF-8.
    Utf8,
    /// The decoded text is not JSON.
    Json,
    /// A JSON value does not have the type of its field.
    Field,
}

/// The error for a text that is not a token. Its text is Consul's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The step that failed.
    pub stage: Stage,
    /// The position of the error in bytes: in the text for [`Stage::Base64`], otherwise in the decoded JSON.
    pub offset: usize,
    /// For [`Stage::Field`] the field, such as `Remote.Datacenter`; `None` if the JSON is not an object.
    pub field: Option<String>,
    /// The exact message that Consul returns. It never contains the value of a string.
    pub message: String,
}

/// Decodes the text of a token as Consul does.
pub fn decode(text: &[u8]) -> Result<Decoded, DecodeError> {
    decode_into(text, &mut ZeroizeBuf::default())
}

/// Decodes the text of a token as Consul does. `json` receives its JSON: to decode many tokens, pass the same buffer each
/// time.
pub fn decode_into(text: &[u8], json: &mut ZeroizeBuf) -> Result<Decoded, DecodeError> {
    base64::decode_into(text, json).map_err(|error| DecodeError {
        stage: Stage::Base64,
        offset: error.offset,
        field: None,
        message: format!("failed to decode token: {error}"),
    })?;
    let (token, fields) = fields::read(json).map_err(|error| describe(error, json, text))?;
    let mut observations = observation::of_base64(text, json.len());
    observations.extend(fields);
    Ok(Decoded { token, observations })
}

fn describe(error: ReadError, json: &[u8], text: &[u8]) -> DecodeError {
    match error {
        ReadError::Syntax(error) => DecodeError {
            stage: if is_utf8_at(json, error.offset) { Stage::Json } else { Stage::Utf8 },
            offset: error.offset,
            field: None,
            message: if text.is_empty() { EMPTY.to_owned() } else { error.to_string() },
        },
        ReadError::Type(error) => DecodeError {
            stage: Stage::Field,
            offset: error.offset,
            field: error.field.map(|field| field.path.to_owned()),
            message: error.to_string(),
        },
    }
}

/// Returns whether the character at an offset is UTF-8.
fn is_utf8_at(bytes: &[u8], offset: usize) -> bool {
    let character = &bytes[offset..bytes.len().min(offset + 4)];
    character.is_empty() || !matches!(std::str::from_utf8(character), Err(error) if error.valid_up_to() == 0)
}
