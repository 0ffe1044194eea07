//! A check: a value with its name and texts. A check of tokens also has a pure function of [`Context`].
//!
//! `explain`, `docs/checks.md`, JSON, SARIF and JUnit are all written from these values. To add a check of tokens, write its
//! file, add it to [`rules::ALL`](super::rules::ALL), and add a fixture that fires and one that does not (see
//! CONTRIBUTING.md).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::context::Context;
use super::finding::{Finding, Severity, Values};
use super::rules::format::count;
use crate::token::MAX_OBSERVATIONS;
use crate::token::shown::{MAX_SHOWN, shorten, shown};

/// What a check needs. Without it, the check is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The token's text, which is always present.
    Text,
    /// The token's fields, if Consul can decode the text.
    Fields,
    /// The acceptor's datacenter, which `Remote` contains since Consul 1.14.
    Datacenter,
    /// The addresses, if there are any.
    Addresses,
    /// The certificates, if `CA` has entries.
    Certificates,
    /// One cluster of an audit.
    Cluster,
    /// One end of a peering.
    Peering,
    /// Both ends of a peering.
    #[serde(rename = "both_ends")]
    BothEnds,
    /// One end of a peering, and the cluster of the other.
    #[serde(rename = "peer_cluster")]
    PeerCluster,
    /// One end of a peering, and the ledger.
    Ledger,
}

/// What a check is about, which is its section in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The token's text, and the JSON in it.
    Text,
    /// The addresses that the dialer connects to.
    Addresses,
    /// Server name, datacenter, peer ID and secret.
    Identity,
    /// The CA certificates.
    Certificates,
    /// The peerings of an audit.
    Peerings,
    /// The clusters of an audit.
    Clusters,
}

/// The description of a check.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Stable kebab-case name that states the problem.
    pub name: &'static str,
    /// The default severity of its findings.
    pub severity: Severity,
    /// What it is about.
    pub area: Area,
    /// What it needs to run.
    pub subject: Subject,
    /// The problem, in one sentence.
    pub summary: &'static str,
    /// What the problem leads to, and how it comes about.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// How this is known: Consul's behavior, an RFC, an issue.
    pub source: &'static str,
}

/// A check of tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenCheck {
    /// Its description.
    pub check: Check,
    /// Reports each occurrence of the problem.
    pub run: fn(&Context<'_>, &mut Findings),
}

/// A check that can be selected, of tokens or of something else.
pub trait Rule: 'static {
    /// Returns its description.
    fn check(&self) -> &Check;
}

impl Rule for TokenCheck {
    fn check(&self) -> &Check {
        &self.check
    }
}

/// The findings of the checks that ran so far. It keeps the first `MAX_FINDINGS` of each check and counts the rest.
///
/// All checks share one list: a batch runs all of them on each token, and most find nothing.
#[derive(Debug)]
pub struct Findings {
    list: Vec<Finding>,
    /// The check that runs.
    check: &'static str,
    severity: Severity,
    /// The number of findings before those of the check.
    start: usize,
    /// The number of its findings that are not listed.
    truncated: usize,
    /// Whether a text can contain a private key.
    keys_possible: bool,
}

/// The maximum number of listed findings per check and token: a token of a few megabytes can cause a million.
const MAX_FINDINGS: usize = MAX_SHOWN;
const _: () = assert!(MAX_FINDINGS <= MAX_OBSERVATIONS, "truncated findings would be miscounted");

impl Findings {
    pub(super) fn new() -> Self {
        Self {
            list: Vec::new(),
            check: "",
            severity: Severity::Info,
            start: 0,
            truncated: 0,
            keys_possible: true,
        }
    }

    /// Creates a list for texts that were searched for private keys and contain none.
    pub(super) fn without_private_keys() -> Self {
        Self { keys_possible: false, ..Self::new() }
    }

    /// Runs a check, and returns whether it found something. If some findings are not listed, the last one says how many.
    #[inline]
    pub(super) fn run(&mut self, rule: &TokenCheck, severity: Severity, context: &Context<'_>) -> bool {
        (self.check, self.severity, self.start) = (rule.check.name, severity, self.list.len());
        (rule.run)(context, self);
        if self.truncated > 0 {
            self.count_unlisted();
        }
        self.list.len() > self.start
    }

    /// Adds a finding that says how many are not listed.
    #[cold]
    fn count_unlisted(&mut self) {
        let truncated = std::mem::take(&mut self.truncated);
        self.list.push(Finding {
            check: self.check,
            severity: self.severity,
            message: format!("{} not listed", count(truncated, "more finding")),
            path: self.found().last().map_or(Cow::Borrowed("text"), |last| last.path.clone()),
            values: Values(vec![("truncated", truncated.into())]),
        });
    }

    /// The findings of the check that runs.
    fn found(&self) -> &[Finding] {
        &self.list[self.start..]
    }

    /// Returns the findings in the order in which they were added.
    pub(super) fn finish(self) -> Vec<Finding> {
        self.list
    }

    /// Adds a finding. Private keys in its texts are hidden, and long texts and lists are shortened.
    pub fn add(
        &mut self,
        path: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        if self.found().len() == MAX_FINDINGS {
            self.truncated += 1;
            return;
        }
        let shown = if self.keys_possible { shown } else { shorten };
        let path = match path.into() {
            Cow::Borrowed(path) => Cow::Borrowed(path),
            Cow::Owned(path) => Cow::Owned(shown(path)),
        };
        self.list.push(Finding {
            check: self.check,
            severity: self.severity,
            message: shown(message.into()),
            path,
            values: Values(
                values.into_iter().map(|(name, value)| (name, shown_value(value, shown))).collect(),
            ),
        });
    }

    /// Counts findings that are not listed.
    pub fn add_unlisted(&mut self, count: usize) {
        self.truncated += count;
    }
}

fn shown_value(value: Value, shown: fn(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(shown(text)),
        Value::Array(list) => {
            list.into_iter().take(MAX_FINDINGS).map(|value| shown_value(value, shown)).collect()
        }
        other => other,
    }
}

impl Subject {
    /// The subjects of checks of tokens, in the order of declaration.
    pub(super) const OF_TOKENS: [Self; 5] =
        [Self::Text, Self::Fields, Self::Datacenter, Self::Addresses, Self::Certificates];

    /// Returns when a check of this subject runs; `None`: always.
    pub fn condition(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Cluster => None,
            Self::Fields => Some("Consul can decode the token"),
            Self::Datacenter => Some("the token contains its datacenter, as it does since Consul 1.14"),
            Self::Addresses => Some("the token has addresses"),
            Self::Certificates => Some("the token has a CA"),
            Self::Peering => Some("the peerings of the cluster could be read"),
            Self::BothEnds => Some("the peerings of both clusters were read within one minute"),
            Self::PeerCluster => Some("the peerings of both clusters could be read"),
            Self::Ledger => Some("the ledger contains a token of the peering"),
        }
    }

    /// Returns why a check of this subject is skipped, if it is.
    pub(super) fn missing(self, context: &Context<'_>) -> Option<&'static str> {
        match self {
            Self::Text
            | Self::Cluster
            | Self::Peering
            | Self::BothEnds
            | Self::PeerCluster
            | Self::Ledger => None,
            _ if context.token().is_none() => Some("the token cannot be decoded"),
            Self::Datacenter if context.datacenter().is_none() => {
                Some("the token does not contain its datacenter, as in tokens of Consul 1.13")
            }
            Self::Addresses if context.addresses.is_empty() => Some("the token has no addresses"),
            Self::Certificates if context.ca_entries.is_empty() => Some("the token has no CA"),
            Self::Fields | Self::Datacenter | Self::Addresses | Self::Certificates => None,
        }
    }
}

impl Area {
    /// Every area, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::Addresses, Self::Identity, Self::Certificates, Self::Peerings, Self::Clusters];

    /// Returns the heading of its checks.
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Addresses => "Addresses",
            Self::Identity => "Identity",
            Self::Certificates => "Certificates",
            Self::Peerings => "Peerings",
            Self::Clusters => "Clusters",
        }
    }
}
