//! The checks: each a value that holds its name, texts and a pure function of [`Context`].
//!
//! `explain`, `docs/checks.md`, JSON, SARIF and JUnit all come from these values. To add one, write its file, its line
//! in [`ALL`], and a firing and a quiet fixture (see CONTRIBUTING.md).

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::context::Context;
use crate::token::MAX_OBSERVATIONS;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It works today and will hurt.
    Warning,
    /// Consul refuses it, or it cannot work.
    Error,
}

/// What a check looks at. A check runs when that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The token's text: always there.
    Text,
    /// The token's fields: there when the text could be decoded.
    Fields,
    /// The acceptor's datacenter beside its server name: there when `Remote` tells it, since Consul 1.14.
    Datacenter,
    /// Its addresses: there when it has some.
    Addresses,
    /// Its certificates: there when `CA` has entries.
    Certificates,
}

/// The part of a token that a check is about: the chapter that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The token's text, and the JSON in it.
    Text,
    /// Where to dial.
    Addresses,
    /// Who is meant: server name, datacenter, peer ID, secret.
    Identity,
    /// Whom to trust.
    Certificates,
}

/// One check.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Stable kebab-case name that states the fault.
    pub name: &'static str,
    /// How bad its findings are, unless the user says otherwise.
    pub severity: Severity,
    /// What it is about.
    pub area: Area,
    /// What it looks at.
    pub subject: Subject,
    /// What is wrong, in one sentence.
    pub summary: &'static str,
    /// Why that is a fault, and how it comes about.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where that is known from: Consul's behaviour, an RFC, an issue.
    pub source: &'static str,
    /// Reports every place where the fault is.
    #[serde(skip)]
    pub run: fn(&Context<'_>, &mut Found),
}

/// Where a check puts what it finds. It keeps the first faults, and counts the others.
#[derive(Debug, Default)]
pub struct Found {
    faults: Vec<Fault>,
    left_out: usize,
}

/// How many faults of a check are listed for one token: a token of some megabytes can hold a million.
const MAX_FAULTS: usize = 100;
const _: () = assert!(MAX_FAULTS <= MAX_OBSERVATIONS, "faults left out would be miscounted");

/// One fault, in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a field as Consul names it, such as `CA[0]` or `ServerAddresses[1]`; `text` for the text as a whole.
    pub path: Cow<'static, str>,
    /// What, with the values that decide it, as a sentence.
    pub message: String,
    /// The values by name, for programs.
    pub values: Values,
}

/// Values by name, in the order in which the check tells them.
///
/// A list and no map: there are three of them at most, and a batch makes millions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Found {
    /// Reports a fault.
    pub fn fault(
        &mut self,
        path: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        if self.faults.len() == MAX_FAULTS {
            self.left_out += 1;
            return;
        }
        let values = Values(values.into_iter().collect());
        self.faults.push(Fault { path: path.into(), message: message.into(), values });
    }

    /// Reports so many more faults that nobody listed.
    pub fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// Whether nothing was reported so far.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Takes what was reported so far, in the order of reporting; a last one tells how many are not listed.
    pub fn take(&mut self) -> Vec<Fault> {
        let mut faults = std::mem::take(&mut self.faults);
        let left_out = std::mem::take(&mut self.left_out);
        if left_out > 0 {
            let path = faults.last().map_or(Cow::Borrowed("text"), |last| last.path.clone());
            let values = Values(vec![("left_out", left_out.into())]);
            faults.push(Fault {
                path,
                message: format!("and {left_out} more, which are not listed"),
                values,
            });
        }
        faults
    }
}

impl Subject {
    /// Every subject, in the order of declaration.
    pub const ALL: [Self; 5] =
        [Self::Text, Self::Fields, Self::Datacenter, Self::Addresses, Self::Certificates];

    /// When a check of this subject runs; `None`: always.
    pub fn condition(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Fields => Some("the token can be decoded"),
            Self::Datacenter => Some("the token tells its datacenter, as it does since Consul 1.14"),
            Self::Addresses => Some("the token has addresses"),
            Self::Certificates => Some("the token has a CA"),
        }
    }

    /// Why a check of this subject cannot run on these facts, if it cannot.
    pub fn missing(self, facts: &Context<'_>) -> Option<&'static str> {
        match self {
            Self::Text => None,
            _ if facts.token().is_none() => Some("the token could not be decoded"),
            Self::Datacenter if facts.datacenter().is_none() => {
                Some("the token does not tell its datacenter; Consul 1.13 wrote none")
            }
            Self::Addresses if facts.addresses.is_empty() => Some("the token has no addresses"),
            Self::Certificates if facts.ca_entries.is_empty() => Some("the token has no CA"),
            Self::Fields | Self::Datacenter | Self::Addresses | Self::Certificates => None,
        }
    }
}

impl Area {
    /// The heading over its checks.
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "The text",
            Self::Addresses => "Addresses",
            Self::Identity => "Who is meant",
            Self::Certificates => "Certificates",
        }
    }
}

impl Severity {
    /// Its name, also in JSON.
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
