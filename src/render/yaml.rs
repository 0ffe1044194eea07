//! YAML, with the same fields as JSON.

use serde::Serialize;

use super::json::without_private_keys;

/// Returns the value as YAML with a line end. Private keys are hidden.
///
/// # Panics
/// If the value has no JSON form, which no value of this crate does.
pub fn render(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("a value of plain fields has a JSON form");
    serde_saphyr::to_string(&without_private_keys(value)).expect("a JSON value has a YAML form")
}
