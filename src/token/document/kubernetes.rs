//! Kubernetes Secrets: the values that the controllers of Consul read.

use base64::Engine;
use base64::alphabet::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::Extracted;
use super::likeness::starts_like_token;
use crate::token::pasted_base64::lenient;
use crate::token::repair::Repair;

/// The label that the acceptor's controller sets on its Secrets.
const LABEL: &str = "consul.hashicorp.com/peering-token";

/// A Secret.
#[derive(Debug)]
pub(crate) struct Secret {
    /// `namespace/name`, or the name alone.
    pub(crate) name: String,
    /// The keys with the values as the controllers read them.
    pub(crate) values: Vec<(String, Zeroizing<Vec<u8>>)>,
    is_labelled: bool,
}

impl Secret {
    /// Returns the Secret in a value.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        if value.get("kind").and_then(Value::as_str) != Some("Secret") {
            return None;
        }
        let mut values: Vec<(String, Zeroizing<Vec<u8>>)> = Vec::new();
        for (key, text) in strings(value.get("data")) {
            values.push((key.to_owned(), decoded(text)));
        }
        // Kubernetes lets a key of stringData replace that of data.
        for (key, text) in strings(value.get("stringData")) {
            values.retain(|(existing, _)| existing != key);
            values.push((key.to_owned(), Zeroizing::new(text.as_bytes().to_vec())));
        }
        let label = value.pointer("/metadata/labels").and_then(|labels| labels.get(LABEL));
        Some(Self { name: name_of(value), values, is_labelled: label.is_some() })
    }

    /// Returns the values that are tokens, or should be. A Secret that is the whole document is there for its token.
    pub(super) fn tokens(self, is_alone: bool) -> Vec<Extracted> {
        let only_one = is_alone && self.values.len() == 1;
        let is_meant = self.is_labelled || only_one;
        let mut tokens: Vec<_> = self.values;
        tokens.retain(|(_, text)| is_meant || starts_like_token(text));
        let several = tokens.len() > 1;
        let name = self.name;
        let place = |key: &str| match (name.is_empty(), several) {
            (true, _) => key.to_owned(),
            (false, true) => format!("{name}#{key}"),
            (false, false) => name.clone(),
        };
        let extracted = tokens.into_iter().map(|(key, text)| Extracted {
            text,
            document: Repair::SecretManifest,
            place: Some(place(&key)),
        });
        extracted.collect()
    }
}

/// Returns `namespace/name` of a resource.
pub(crate) fn name_of(resource: &Value) -> String {
    let text = |key: &str| resource.pointer(key).and_then(Value::as_str);
    match (text("/metadata/namespace"), text("/metadata/name")) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        (_, name) => name.unwrap_or_default().to_owned(),
    }
}

/// Returns the tokens in the output of `kubectl get secret -o jsonpath={.data}`: base64 values by key.
pub(super) fn data_of_one_secret(document: &Value) -> Option<Vec<Extracted>> {
    let object = document.as_object().filter(|object| !object.is_empty())?;
    let mut found = Vec::new();
    for (key, value) in object {
        let text = decoded(value.as_str()?);
        // A token itself is not encoded for Kubernetes: decoding it gives JSON.
        if starts_like_token(&text) && text.first() != Some(&b'{') {
            found.push(Extracted { text, document: Repair::SecretData, place: Some(key.clone()) });
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Returns the tokens in `map[data:ZXlK…]`, which old versions of kubectl print instead of JSON.
pub(super) fn from_go_map(text: &[u8]) -> Vec<Extracted> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let inner = text.strip_prefix("map[").and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    let entries = inner.split_whitespace().filter_map(|entry| entry.split_once(':'));
    let decoded = entries.map(|(key, value)| (key, decoded(value)));
    let tokens = decoded.filter(|(_, text)| starts_like_token(text));
    tokens
        .map(|(key, text)| Extracted { text, document: Repair::SecretData, place: Some(key.to_owned()) })
        .collect()
}

/// Returns a value of `data` as the controllers read it. One that is not base64 is returned as it is.
fn decoded(value: &str) -> Zeroizing<Vec<u8>> {
    let mut digits = Zeroizing::new(value.as_bytes().to_vec());
    digits.retain(|byte| !byte.is_ascii_whitespace());
    match lenient(&STANDARD).decode(&*digits) {
        Ok(decoded) => Zeroizing::new(decoded),
        Err(_) => digits,
    }
}

fn strings(map: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}
