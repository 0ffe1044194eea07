//! One value of an [`Inspection`] for scripts, by a path such as `certificates[0].not_after`.

use serde_json::{Value, json};
use thiserror::Error;

use super::{Address, Inspection};
use crate::token::shown::hide_private_keys;

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
    /// The entry of `CA` contains no certificate.
    #[error("CA[{index}] contains no certificate: {reason}")]
    NoCertificate {
        /// The index.
        index: usize,
        /// The reason.
        reason: String,
    },
    /// The entry of `CA` was not examined, because there are too many.
    #[error("this tool does not examine CA[{0}]; it examines the first 100 entries")]
    Unexamined(usize),
    /// The path is that of the token's text.
    #[error("\"text\" is the token's text as a whole, not a field; use the TOKEN argument itself")]
    Text,
    /// The secret is hidden.
    #[error("the establishment secret is hidden; use -show-secret to show it")]
    Hidden,
}

/// The fields of a token and of its first address and certificate, for completion.
pub const FIELDS: [&str; 27] = [
    "addresses",
    "addresses.0.address",
    "addresses.0.host",
    "addresses.0.port",
    "certificates",
    "certificates.0.days_left",
    "certificates.0.issuer",
    "certificates.0.not_after",
    "certificates.0.not_before",
    "certificates.0.serial",
    "certificates.0.sha256",
    "certificates.0.subject",
    "consul.accepted",
    "consul.message",
    "datacenter",
    "establishment_secret.present",
    "establishment_secret.sha256",
    "findings",
    "locality",
    "partition",
    "peer_id",
    "repairs",
    "server_name",
    "status",
    "tls",
    "token_sha256",
    "trust_domain",
];

/// Returns the value at a path: a scalar without quotes, a list of scalars with one per line, or anything else as JSON.
///
/// Names are compared without case and underscores, so `PeerID` is `peer_id`. Write an index as `[0]` or `.0`. The names of
/// Consul's own fields work too: `CA` and `CA[0]` are PEM, `ServerAddresses` is a list of addresses. So every path of a
/// finding is the path of a value, or an error with a reason.
pub fn field(inspection: &Inspection, path: &str) -> Result<String, FieldError> {
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    let steps: Vec<&str> = steps.filter(|step| !step.is_empty()).collect();
    let value = match steps.first().map(|step| folded(step)).as_deref() {
        Some("text") => return Err(FieldError::Text),
        Some("ca") => ca(inspection, &steps)?,
        Some("manualserveraddresses") => addresses(inspection, "manual", &steps)?,
        Some("serveraddresses") => addresses(inspection, "server", &steps)?,
        Some("remote") => remote(inspection, &steps)?,
        _ => plain(&descend(&serde_json::to_value(inspection).unwrap_or_default(), "the token", &steps)?),
    };
    Ok(hide_private_keys(&value).into_owned())
}

/// Returns the value of a path that starts with `CA`.
fn ca(inspection: &Inspection, steps: &[&str]) -> Result<String, FieldError> {
    let certificates = &inspection.certificates;
    let Some(index) = steps.get(1) else {
        return Ok(certificates.iter().map(|entry| entry.pem.trim_end()).collect::<Vec<_>>().join("\n"));
    };
    let count = certificates.len() + inspection.unexamined_certificates.unwrap_or_default();
    match index.parse::<usize>() {
        Ok(index) if (certificates.len()..count).contains(&index) => Err(FieldError::Unexamined(index)),
        Ok(index) if index >= count => Err(FieldError::Index { at: "CA".to_owned(), count, index }),
        Ok(index) if steps.len() == 2 => match &certificates[index].error {
            Some(reason) => Err(FieldError::NoCertificate { index, reason: reason.clone() }),
            None => Ok(certificates[index].pem.trim_end().to_owned()),
        },
        _ => descend(&serde_json::to_value(certificates).unwrap_or_default(), "CA", &steps[1..])
            .map(|value| plain(&value)),
    }
}

/// Returns the value of a path that starts with one of the two lists of addresses.
fn addresses(inspection: &Inspection, origin: &str, steps: &[&str]) -> Result<String, FieldError> {
    let of_origin = inspection.addresses.iter().filter(|address| address.origin == origin);
    let value = if steps.len() > 2 {
        serde_json::to_value(of_origin.collect::<Vec<&Address>>()).unwrap_or_default()
    } else {
        of_origin.map(|address| Value::from(address.address.as_str())).collect()
    };
    descend(&value, steps[0], &steps[1..]).map(|value| plain(&value))
}

/// Returns the value of a path that starts with `Remote`.
fn remote(inspection: &Inspection, steps: &[&str]) -> Result<String, FieldError> {
    let Inspection { partition, datacenter, locality, .. } = inspection;
    let remote = match datacenter {
        Some(_) => json!({"Partition": partition, "Datacenter": datacenter, "Locality": locality}),
        None => Value::Null,
    };
    descend(&remote, "Remote", &steps[1..]).map(|value| plain(&value))
}

/// Returns the value at the end of some steps.
fn descend(root: &Value, name: &str, steps: &[&str]) -> Result<Value, FieldError> {
    let mut value = root;
    let mut at = name.to_owned();
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
                    step: (*step).to_owned(),
                    at: at.clone(),
                    available: names(value),
                })?,
            };
        at = if at == "the token" { (*step).to_owned() } else { format!("{at}.{step}") };
    }
    if folded(&at) == "establishmentsecret" {
        return value.get("value").cloned().ok_or(FieldError::Hidden);
    }
    Ok(value.clone())
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

/// Returns a name without case and underscores. Go also ignores the case of two characters outside ASCII.
fn folded(name: &str) -> String {
    let characters = name.chars().filter(|character| *character != '_');
    characters
        .map(|character| match character {
            'ſ' => 's',
            '\u{212a}' => 'k',
            other => other.to_ascii_lowercase(),
        })
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
