//! Any value as YAML, with the same fields as its JSON.

use serde::Serialize;

/// The value as YAML with a last line end.
///
/// # Panics
/// Never for reports: their keys are strings.
pub fn render(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("a value of plain fields has a JSON form");
    serde_saphyr::to_string(&value).expect("a JSON value has a YAML form")
}
