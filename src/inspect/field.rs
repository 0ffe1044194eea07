//! One value of an [`Inspection`] for scripts, by a path such as `certificates[0].not_after`.

use serde_json::Value;
use thiserror::Error;

use super::Inspection;

/// The reason why a path has no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The field does not exist.
    #[error("{at} has no field {step:?}; it has: {available}")]
    Unknown {
        /// The missing field.
        step: String,
        /// The path before it.
        at: String,
        /// The fields that exist.
        available: String,
    },
    /// The index is out of range.
    #[error("{at} has {count} entries, so {at}[{index}] does not exist")]
    Index {
        /// The path before it.
        at: String,
        /// The number of entries.
        count: usize,
        /// The index.
        index: usize,
    },
    /// The secret is hidden.
    #[error("the establishment secret is hidden; use -show-secret to show it")]
    Hidden,
}

/// Returns the value at a path: a scalar without quotes, a list of scalars with one per line, or anything else as JSON.
///
/// Names are compared without case and underscores, so `PeerID` is `peer_id`. Write an index as `[0]` or `.0`.
pub fn field(inspection: &Inspection, path: &str) -> Result<String, FieldError> {
    let root = serde_json::to_value(inspection).unwrap_or_default();
    let mut value = &root;
    let mut at = String::from("the token");
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty());
    for step in steps {
        if folded(step) == "value" && at.ends_with("establishment_secret") && value.get("value").is_none() {
            return Err(FieldError::Hidden);
        }
        value =
            match (value, step.parse::<usize>()) {
                (Value::Array(entries), Ok(index)) => entries
                    .get(index)
                    .ok_or_else(|| FieldError::Index { at: at.clone(), count: entries.len(), index })?,
                (value, _) => find(value, step).ok_or_else(|| FieldError::Unknown {
                    step: step.to_owned(),
                    at: at.clone(),
                    available: names(value),
                })?,
            };
        at = if at == "the token" { step.to_owned() } else { format!("{at}.{step}") };
    }
    if folded(&at) == "establishmentsecret" {
        return value.get("value").map(plain).ok_or(FieldError::Hidden);
    }
    Ok(plain(value))
}

fn find<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    let wanted = folded(step);
    value.as_object()?.iter().find(|(name, _)| folded(name) == wanted).map(|(_, value)| value)
}

fn names(value: &Value) -> String {
    match value {
        Value::Object(fields) => fields.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        Value::Array(entries) => format!("{} entries, from [0]", entries.len()),
        _ => "none, because it is a value".to_owned(),
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| *character != '_')
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(entries) if !entries.iter().any(|entry| entry.is_object() || entry.is_array()) => {
            entries.iter().map(plain).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}
