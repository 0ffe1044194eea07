//! JSON, indented by two spaces.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::token::shown::{contains_private_key, hide_private_keys};

/// Returns the value as JSON with a line end. Private keys are hidden.
///
/// # Panics
/// If the value has no JSON form, which no value of this crate does.
pub fn render(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a value of plain fields has a JSON form");
    if contains_private_key(&text) {
        let value = serde_json::to_value(value).expect("it had a JSON form");
        text =
            serde_json::to_string_pretty(&without_private_keys(value)).expect("a JSON value has a JSON form");
    }
    text.push('\n');
    text
}

/// Hides the private keys in every text of a value.
pub(super) fn without_private_keys(value: Value) -> Value {
    match value {
        Value::String(text) => match hide_private_keys(&text) {
            Cow::Owned(without_keys) => Value::String(without_keys),
            Cow::Borrowed(_) => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(without_private_keys).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_private_keys(value))).collect()
        }
        other => other,
    }
}
