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
    render_long(value, 0)
}

/// Does the same with memory for a text of this length, in bytes: a text that grows is copied, and needs twice its memory then.
///
/// # Panics
/// As [`render`].
pub fn render_long(value: &impl Serialize, length: usize) -> String {
    let mut text = Vec::with_capacity(length);
    serde_json::to_writer_pretty(&mut text, value).expect("a value of plain fields has a JSON form");
    let mut text = String::from_utf8(text).expect("JSON is UTF-8");
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
