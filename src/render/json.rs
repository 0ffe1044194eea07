//! JSON, indented by two spaces.

use serde::Serialize;

/// Returns the value as JSON with a line end.
///
/// # Panics
/// If the value has no JSON form, which no value of this crate does.
pub fn render(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a value of plain fields has a JSON form");
    text.push('\n');
    text
}
