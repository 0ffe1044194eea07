//! What a check found.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// What was found, with the values that matter.
    pub message: String,
    /// A field as Consul names it, such as `CA[0]` or `ServerAddresses[1]`; `text` for the text as a whole.
    pub path: Cow<'static, str>,
    /// The values by name.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub values: Values,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nothing has to be done.
    Info,
    /// Works today, and causes problems later or elsewhere.
    Warning,
    /// Consul rejects the token, or the token or peering cannot work.
    Error,
}

/// Values by name, in the order in which the check reports them.
///
/// A list instead of a map: there are at most three, and a batch creates millions of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(pub(super) Vec<(&'static str, Value)>);

impl Severity {
    /// Returns its name, also in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Values {
    /// Returns each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}

impl FromIterator<(&'static str, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (&'static str, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
