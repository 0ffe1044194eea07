//! Any value as JSON, indented by two for people who look at it.

use serde::Serialize;

/// The value as JSON with a last line end.
///
/// # Panics
/// Never for reports: their keys are strings.
pub fn render(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a value of plain fields has a JSON form");
    text.push('\n');
    text
}
