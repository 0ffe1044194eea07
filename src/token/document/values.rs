//! The values of JSON and YAML documents.

use std::collections::HashSet;

use serde_json::{Deserializer, Value};
use zeroize::Zeroizing;

use super::likeness::starts_like_token;
use super::{Extracted, kubernetes, terraform};
use crate::token::repair::Repair;

/// How deep values are searched. No known document is half as deep.
const MAX_DEPTH: usize = 64;

/// Parses JSON documents one after the other, or the YAML documents of Kubernetes. Other text may be YAML by accident.
pub(crate) fn parse(text: &[u8]) -> Option<Vec<Value>> {
    if let [b'{' | b'[', ..] = text
        && let Some(documents) = parse_json(text)
    {
        return Some(documents);
    }
    let text = std::str::from_utf8(text).ok()?;
    let is_kubernetes = text.contains("kind:") && text.contains("apiVersion:")
        || text.contains("\"kind\":") && text.contains("\"apiVersion\":")
        || text.contains("kind: Secret");
    if !is_kubernetes {
        return None;
    }
    let documents = parse_yaml(text)?;
    documents.iter().all(Value::is_object).then_some(documents).filter(|it| !it.is_empty())
}

#[cfg(feature = "yaml")]
fn parse_yaml(text: &str) -> Option<Vec<Value>> {
    serde_saphyr::from_multiple(text).ok()
}

#[cfg(not(feature = "yaml"))]
fn parse_yaml(_: &str) -> Option<Vec<Value>> {
    None
}

fn parse_json(text: &[u8]) -> Option<Vec<Value>> {
    let documents: Result<Vec<Value>, _> = Deserializer::from_slice(text).into_iter().collect();
    let documents = documents.ok()?;
    (documents.iter().all(|it| it.is_object() || it.is_array()) && !documents.is_empty()).then_some(documents)
}

/// Collects every text in a document that is a token, or should be one. `is_alone`: the document is the whole text.
pub(super) fn walk<'a>(document: &'a Value, is_alone: bool, found: &'a mut Vec<Extracted>) {
    let is_state = terraform::is_state(document);
    let kind = if is_state { Repair::TerraformState } else { Repair::JsonDocument };
    let seen = HashSet::new();
    let mut walk = Walk { kind, is_alone, found, seen, path: Vec::new() };
    walk.value(document);
}

struct Walk<'a> {
    kind: Repair,
    is_alone: bool,
    found: &'a mut Vec<Extracted>,
    /// The texts that are already in `found`.
    seen: HashSet<&'a str>,
    /// The keys and indexes on the way.
    path: Vec<String>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, value: &'a Value) {
        if self.path.len() > MAX_DEPTH {
            return;
        }
        match value {
            Value::String(text) if starts_like_token(text.as_bytes()) => {
                let place = (!self.path.is_empty()).then(|| self.path.join("."));
                self.add(text, self.kind, place);
            }
            Value::Array(items) => {
                let several = items.len() > 1;
                for (index, item) in items.iter().enumerate() {
                    self.is_alone &= !several;
                    self.within(index.to_string(), item);
                }
            }
            Value::Object(object) => {
                if let Some(secret) = kubernetes::Secret::of(value) {
                    self.found.extend(secret.tokens(self.is_alone));
                } else if let Some(Value::String(token)) = object.get("PeeringToken") {
                    let place = (!self.path.is_empty()).then(|| self.path.join("."));
                    self.add(token, Repair::JsonResponse, place);
                } else if let Some(address) =
                    terraform::address(value).filter(|_| self.kind == Repair::TerraformState)
                {
                    let outer = std::mem::replace(&mut self.path, vec![address]);
                    object.values().for_each(|it| self.unnamed(it));
                    self.path = outer;
                } else {
                    object.iter().for_each(|(key, item)| self.within(key.clone(), item));
                }
            }
            _ => {}
        }
    }

    fn within(&mut self, key: String, value: &'a Value) {
        self.path.push(key);
        self.value(value);
        self.path.pop();
    }

    /// Searches a value whose place has a name of its own.
    fn unnamed(&mut self, value: &'a Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|it| self.unnamed(it)),
            Value::Object(object) if self.path.len() <= MAX_DEPTH => {
                let index = object.get("index_key").map(|key| format!("[{key}]"));
                if let Some(index) = &index {
                    self.path.last_mut().expect("an address").push_str(index);
                }
                object.values().for_each(|it| self.unnamed(it));
                if let Some(index) = index {
                    let last = self.path.last_mut().expect("an address");
                    last.truncate(last.len() - index.len());
                }
            }
            Value::String(_) => self.value(value),
            _ => {}
        }
    }

    /// Adds a text. A state repeats tokens in its outputs.
    fn add(&mut self, text: &'a str, document: Repair, place: Option<String>) {
        if self.seen.insert(text) {
            let text = Zeroizing::new(text.as_bytes().to_vec());
            self.found.push(Extracted { text, document, place });
        }
    }
}
