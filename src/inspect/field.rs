//! One value out of an [`Inspection`], by a path such as `certificates[0].not_after`, for scripts.

use serde_json::Value;
use thiserror::Error;

use super::Inspection;

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FieldError {
    /// No such field at this place.
    #[error("no field {step:?} in {at}; there are: {known}")]
    Unknown {
        /// The step that leads nowhere.
        step: String,
        /// The path until there.
        at: String,
        /// What there is.
        known: String,
    },
    /// An index behind the end, or into something that is no list.
    #[error("{at} has {count} entries, so there is no {at}[{index}]")]
    Index {
        /// The path until there.
        at: String,
        /// How many there are.
        count: usize,
        /// Which was asked for.
        index: usize,
    },
    /// The secret is shown only where that is asked for.
    #[error("the establishment secret is shown with -show-secret only")]
    Hidden,
}

/// The value at a path: a scalar bare, a list of scalars a line each, anything else as JSON.
///
/// Names are matched without regard to case and underscores, so that `PeerID` is `peer_id`. Indices are written
/// `[0]` or `.0`.
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
                    known: names(value),
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
        _ => "none, it is a value".to_owned(),
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase()).collect()
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
