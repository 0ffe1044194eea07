//! What is said of one token: Consul's word and our findings, never mixed.

use std::borrow::Cow;

use serde::Serialize;

use super::acceptance::Acceptance;
use super::context::Context;
use super::rule::{Check, Found, Severity, Subject, Values};
use super::rules;
use crate::token::{DecodeError, Decoded};

/// Which checks run, and how bad their findings are.
#[derive(Debug, Clone)]
pub struct RuleSet {
    checks: Vec<(&'static Check, Severity)>,
    left_out: Vec<&'static Check>,
}

/// What is said of one token.
#[derive(Debug)]
pub struct Report {
    /// Consul's word.
    pub consul: Acceptance,
    /// Ours, the worst first, then in the order of the token.
    pub findings: Vec<Finding>,
    /// How many checks ran and found nothing.
    pub passed: usize,
    /// The checks that did not run, and why.
    pub not_applied: Vec<NotApplied>,
}

/// A token, and what is said of it.
#[derive(Debug)]
pub struct ValidatedToken {
    /// Where it came from: `argument`, `@FILE` or `-`.
    pub source: String,
    /// What Consul reads in its text.
    pub decoded: Result<Decoded, DecodeError>,
    /// What is said of it.
    pub report: Report,
}

/// A token that could not be read, and so not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableInput {
    /// Where it should have come from.
    pub source: String,
    /// Why it did not.
    pub reason: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, with its values.
    pub message: String,
    /// Where: `text`, or a field such as `CA[0]`.
    pub path: Cow<'static, str>,
    /// The values by name.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub values: Values,
}

/// A check that did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotApplied {
    /// The check's name.
    pub check: &'static str,
    /// Why it did not run.
    pub because: &'static str,
}

/// The worst that is said of a token, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing was found.
    Ok,
    /// At worst an info.
    Info,
    /// At worst a warning.
    Warning,
    /// At worst an error of ours; Consul accepts it.
    Error,
    /// Consul refuses it.
    Refused,
}

impl Status {
    /// Every status, from good to bad.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Info, Self::Warning, Self::Error, Self::Refused];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Refused => "refused",
        }
    }
}

impl RuleSet {
    /// All checks, as bad as they say of themselves.
    pub fn all() -> Self {
        Self {
            checks: rules::ALL.iter().map(|check| (*check, check.severity)).collect(),
            left_out: Vec::new(),
        }
    }

    /// Only the checks that `keep` keeps; the others are reported as not asked for.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&Check) -> bool) -> Self {
        let (kept, left_out): (Vec<_>, Vec<_>) = self.checks.into_iter().partition(|(check, _)| keep(check));
        self.left_out.extend(left_out.into_iter().map(|(check, _)| check));
        self.checks = kept;
        self
    }

    /// Another severity for a check.
    #[must_use]
    pub fn with_severity(mut self, name: &str, severity: Severity) -> Self {
        for (check, current) in &mut self.checks {
            if check.name == name {
                *current = severity;
            }
        }
        self
    }
}

impl Report {
    /// Judges a token by its facts.
    pub fn of(facts: &Context<'_>, selection: &RuleSet) -> Self {
        let mut entries = facts.ca_entries.iter();
        let consul = Acceptance::of_decoded(facts.decoded.map(|decoded| &decoded.token), &mut |_| {
            entries.next().map_or(Ok(()), |authority| authority.word.clone())
        });
        let mut report = Self { consul, findings: Vec::new(), passed: 0, not_applied: Vec::new() };
        let mut found = Found::default();
        let missing = Subject::ALL.map(|subject| subject.missing(facts));
        for (check, severity) in &selection.checks {
            if let Some(because) = missing[check.subject as usize] {
                report.not_applied.push(NotApplied { check: check.name, because });
                continue;
            }
            (check.run)(facts, &mut found);
            if found.is_empty() {
                report.passed += 1;
                continue;
            }
            report.findings.extend(found.take().into_iter().map(|fault| Finding {
                check: check.name,
                severity: *severity,
                message: fault.message,
                path: fault.path,
                values: fault.values,
            }));
        }
        let not_asked =
            |check: &&'static Check| NotApplied { check: check.name, because: "it was not asked for" };
        report.not_applied.extend(selection.left_out.iter().map(not_asked));
        report.findings.sort_by(|one, other| {
            let by_severity = other.severity.cmp(&one.severity);
            by_severity.then_with(|| place(&one.path).cmp(&place(&other.path)))
        });
        report
    }

    /// The worst that is said.
    pub fn status(&self) -> Status {
        if !self.consul.accepted {
            return Status::Refused;
        }
        match self.findings.iter().map(|finding| finding.severity).max() {
            None => Status::Ok,
            Some(Severity::Info) => Status::Info,
            Some(Severity::Warning) => Status::Warning,
            Some(Severity::Error) => Status::Error,
        }
    }

    /// Whether Consul refuses the token, or something at least as bad as `threshold` was found.
    pub fn fails(&self, threshold: Severity) -> bool {
        !self.consul.accepted || self.findings.iter().any(|finding| finding.severity >= threshold)
    }
}

/// Where a path stands in a token: the order of its fields, then of their entries.
fn place(path: &str) -> (usize, usize) {
    const ORDER: [&str; 8] = [
        "text",
        "CA",
        "ManualServerAddresses",
        "ServerAddresses",
        "ServerName",
        "PeerID",
        "EstablishmentSecret",
        "Remote",
    ];
    let field = path.split(['[', '.']).next().unwrap_or(path);
    let index = path.split(['[', ']']).nth(1).and_then(|index| index.parse().ok()).unwrap_or(0);
    (ORDER.iter().position(|known| *known == field).unwrap_or(ORDER.len()), index)
}
