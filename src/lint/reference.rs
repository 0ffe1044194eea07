//! The released line of Consul whose verdict on a token is reported.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::gostd::GoDebug;

/// A released line of Consul, such as 2.1. All releases of a line have the same verdict on a token.
///
/// The verdicts differ in one known case: the CA's URIs with several colons in the host, such as `http://a:1:2/`, which Go
/// 1.26 rejects unless a program's go.mod has a `go` line before 1.26.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Reference {
    /// Consul 1.22 and earlier.
    V1_22,
    /// Consul 1.23.
    V1_23,
    /// Consul 2.0.
    V2_0,
    /// Consul 2.1 and later.
    #[default]
    V2_1,
}

impl Reference {
    /// Every line, from oldest to newest.
    pub const ALL: [Self; 4] = [Self::V1_22, Self::V1_23, Self::V2_0, Self::V2_1];

    /// Returns its number: `2.1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_22 => "1.22",
            Self::V1_23 => "1.23",
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
        }
    }

    /// Returns the line with this number.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reference| reference.name() == name)
    }

    /// Returns the line of a version as Consul reports it, such as `1.22.7+ent`; for an unlisted one, the nearest line.
    /// Returns `None` if the text is not a version.
    pub fn of_version(version: &str) -> Option<Self> {
        let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
        Some(match (major, minor) {
            (0, _) | (1, ..=22) => Self::V1_22,
            (1, _) => Self::V1_23,
            (2, 0) => Self::V2_0,
            _ => Self::V2_1,
        })
    }

    /// Returns the settings of Go that its releases are built with.
    pub(super) fn go_debug(self) -> GoDebug {
        GoDebug { url_strict_colons: self >= Self::V2_0 }
    }
}

/// `Consul 2.1`
impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Consul {}", self.name())
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Reference {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A released line of Consul.",
            "type": "string",
            "enum": Self::ALL.map(Self::name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_belongs_to_the_nearest_line() {
        for (version, expected) in [
            ("1.13.9", Some("1.22")),
            ("1.22.7+ent", Some("1.22")),
            ("v1.23.0-dev", Some("1.23")),
            ("2.0.0", Some("2.0")),
            ("2.1.0-dev", Some("2.1")),
            ("2.2.0", Some("2.1")),
            ("3.0.0-rc1", Some("2.1")),
            ("2", None),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(Reference::of_version(version).map(Reference::name), expected, "{version}");
        }
        for reference in Reference::ALL {
            assert_eq!(Reference::from_name(reference.name()), Some(reference));
            assert_eq!(Reference::of_version(&format!("{}.0", reference.name())), Some(reference));
        }
    }
}
