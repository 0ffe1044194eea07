//! The report on one token: Consul's verdict and our findings, never mixed.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::acceptance::Acceptance;
use super::context::CaEntry;
use super::finding::{Finding, Severity};
use crate::token::recover::Repair;
use crate::token::{DecodeError, Decoded, Token};

/// The report on one token.
#[derive(Debug)]
pub struct Report {
    /// What Consul decodes from the text.
    pub decoded: Result<Decoded, DecodeError>,
    /// One for each of the first [`MAX_EXAMINED_CAS`](super::MAX_EXAMINED_CAS) entries of `CA`, in order.
    pub ca_entries: Vec<Arc<CaEntry>>,
    /// The number of entries of `CA` after those.
    pub unexamined_cas: usize,
    /// Whether a field contains a private key.
    pub contains_private_key: bool,
    /// Consul's verdict.
    pub consul: Acceptance,
    /// Our findings: the most severe first, then in the order of the token's fields.
    pub findings: Vec<Finding>,
    /// The number of checks that ran without a finding.
    pub passed: usize,
    /// The checks that did not run.
    pub skipped: Vec<SkippedCheck>,
}

/// A token and its report.
#[derive(Debug)]
pub struct ValidatedToken {
    /// Where it came from: `argument`, the file, `-`, or its place in a document.
    pub source: String,
    /// The file that contains it.
    pub file: Option<PathBuf>,
    /// Its place in a document with several tokens, such as `consul/peering-token`.
    pub place: Option<String>,
    /// The document that contained it.
    pub extracted_from: Option<Repair>,
    /// Its report.
    pub report: Report,
}

/// A token that could not be read from its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableInput {
    /// The source: `@FILE` or `-`.
    pub source: String,
    /// The reason.
    pub reason: String,
}

impl ValidatedToken {
    /// Returns the path of the file, or the source of a token that is not in a file.
    pub fn file_name(&self) -> Cow<'_, str> {
        match &self.file {
            Some(file) => Cow::Owned(file.display().to_string()),
            None if self.source == "-" => Cow::Borrowed("standard-input"),
            None => Cow::Borrowed(&self.source),
        }
    }
}

/// A check that did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkippedCheck {
    /// The check's name.
    pub check: &'static str,
    /// The reason why it did not run.
    pub reason: &'static str,
}

/// The worst result for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// No findings.
    #[default]
    Ok,
    /// The most severe finding is an info.
    Info,
    /// The most severe finding is a warning.
    Warning,
    /// The most severe finding is an error, but Consul accepts the token.
    Error,
    /// Consul rejects the token.
    Refused,
    /// There is no token: its source could not be read, or contains none.
    Unreadable,
}

impl Status {
    /// Every status, from best to worst.
    pub const ALL: [Self; 6] =
        [Self::Ok, Self::Info, Self::Warning, Self::Error, Self::Refused, Self::Unreadable];

    /// Returns its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }

    /// Returns the status of a token with this verdict and these findings.
    pub fn new(consul: &Acceptance, findings: &[Finding]) -> Self {
        if !consul.accepted {
            return Self::Refused;
        }
        match findings.iter().map(|finding| finding.severity).max() {
            None => Self::Ok,
            Some(Severity::Info) => Self::Info,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Error) => Self::Error,
        }
    }
}

impl Report {
    /// Returns the token, if Consul can decode the text.
    pub fn token(&self) -> Option<&Token> {
        self.decoded.as_ref().ok().map(|decoded| &decoded.token)
    }

    /// Returns the worst result.
    pub fn status(&self) -> Status {
        Status::new(&self.consul, &self.findings)
    }

    /// Returns whether Consul rejects the token, or a finding has at least this severity.
    pub fn fails(&self, threshold: Severity) -> bool {
        !self.consul.accepted || self.findings.iter().any(|finding| finding.severity >= threshold)
    }
}
