//! Facts that are too long for one value: their parts, and the index that names them.

use ring::rand::SecureRandom;
use serde::{Deserialize, Serialize};

use super::HubError;
use crate::hex::{hex, sha256_hex};
use crate::net::consul::Pair;

/// The version of the index. A reader refuses newer ones.
const VERSION: u32 = 1;

/// The `kind` of an index. Each line of facts has another one.
const KIND: &str = "parts";

/// The value of a key whose facts are in parts.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    kind: String,
    version: u32,
    /// The parts in their order.
    pub(super) parts: Vec<Part>,
}

/// A key with a part of the facts.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) key: String,
    /// SHA-256 of its value, as lower-case hexadecimal digits.
    pub(super) sha256: String,
}

/// What each version of an index and each fact has.
#[derive(Deserialize)]
struct Start {
    kind: String,
    version: u32,
}

impl Index {
    /// Returns the index in a value; `None` if the value is something else.
    pub(super) fn of_value(pair: &Pair) -> Result<Option<Self>, HubError> {
        let start: Option<Start> = serde_json::from_slice(&pair.value).ok();
        let Some(start) = start.filter(|start| start.kind == KIND) else { return Ok(None) };
        let invalid = |reason| HubError::InvalidIndex { key: pair.key.clone(), reason };
        if start.version != VERSION {
            let version = start.version;
            return Err(invalid(format!(
                "version {version} of an index is not supported: this program reads version {VERSION}"
            )));
        }
        let index: Self = serde_json::from_slice(&pair.value).map_err(|error| invalid(error.to_string()))?;
        let prefix = parts_prefix(&pair.key);
        match index.parts.iter().find(|part| !part.key.starts_with(&prefix)) {
            Some(part) => Err(invalid(format!("{} is not one of its parts", part.key))),
            None => Ok(Some(index)),
        }
    }
}

/// Returns the start of the keys of the parts of a key.
pub(super) fn parts_prefix(key: &str) -> String {
    format!("{key}/parts/")
}

/// Returns the value of a key for facts: the facts, or an index of parts, with the keys and values of the parts. Facts and parts
/// have at most `max_len` bytes.
pub(super) fn split(
    key: &str,
    text: String,
    max_len: usize,
    random: &(dyn SecureRandom + Sync),
) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    if text.len() <= max_len {
        return (text.into_bytes(), Vec::new());
    }
    let mut id = [0; 8];
    random.fill(&mut id).expect("the system provides random bytes");
    let prefix = parts_prefix(key) + &hex(&id);
    let parts: Vec<(String, Vec<u8>)> = (1..)
        .zip(text.as_bytes().chunks(max_len))
        .map(|(number, bytes)| (format!("{prefix}/{number:04}"), bytes.to_vec()))
        .collect();
    let described = parts.iter().map(|(key, bytes)| Part { key: key.clone(), sha256: sha256_hex(bytes) });
    let index = Index { kind: KIND.to_owned(), version: VERSION, parts: described.collect() };
    (serde_json::to_vec(&index).expect("an index is valid JSON"), parts)
}
