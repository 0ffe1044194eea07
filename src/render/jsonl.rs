//! Reports as JSON: one line per token, or one document.
//!
//! Both consist of [`Entry`] values. [`SCHEMA_VERSION`] increases when a field changes its meaning or is removed. New
//! fields can be added at any time.

mod line;
mod other_keys;

use std::borrow::Cow;

use serde::Serialize;

use crate::lint::batch::LineResult;
use crate::lint::{
    Acceptance, Finding, Reference, Report, SkippedCheck, Status, UnreadableInput, ValidatedToken,
};
use crate::token::recover::Repair;
use crate::token::shown::hide_private_keys;

/// The version of the JSON form of an [`Entry`].
pub const SCHEMA_VERSION: u32 = 1;

/// The output of `validate -format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// The worst status of all tokens.
    pub status: Status,
    /// One for each token, in the order of the arguments.
    pub tokens: Vec<Entry<'a>>,
}

/// The report on one token: a line of `-format jsonl`, and of `-batch`.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry<'a> {
    /// The number of the argument, or of the line in the batch; from 1.
    pub index: u64,
    /// Where the token came from: `argument`, the file, `-`, or its place in a document; not in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// The document that contained the token. Only the token was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted_from: Option<Repair>,
    /// The acceptor's ID of the peering, if the text can be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<Cow<'a, str>>,
    /// The TLS name of the acceptor's servers, if the text can be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<Cow<'a, str>>,
    /// The worst result.
    pub status: Status,
    /// Consul's verdict.
    pub consul: ConsulVerdict<'a>,
    /// Our findings: the most severe first, then in the order of the token's fields.
    pub findings: &'a [Finding],
    /// The reason why the token is unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The number of checks that ran without a finding; not in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<usize>,
    /// The checks that did not run; not in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<&'a [SkippedCheck]>,
}

/// Consul's verdict.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConsulVerdict<'a> {
    /// Whether Consul accepts the token; `false` if there is no token.
    pub accepted: bool,
    /// The message with which Consul rejects the token, exactly; `null` if it accepts the token, or if there is none.
    pub message: Option<&'a str>,
    /// `false`: the message may differ from Consul's. The text after `peering token invalid CA: ` is not exact, or a value in
    /// it was shortened to 4 KiB, or contained a private key.
    pub exact: bool,
    /// The Consul whose verdict it is, such as `2.1`; `null` if there is no token.
    pub reference: Option<Reference>,
}

impl<'a> Document<'a> {
    /// Returns a document of these entries.
    pub fn new(tokens: Vec<Entry<'a>>) -> Self {
        let status = tokens.iter().map(|token| token.status).max().unwrap_or_default();
        Self { version: SCHEMA_VERSION, status, tokens }
    }
}

impl<'a> Entry<'a> {
    /// Returns the entry of a token from this source.
    pub fn new(index: u64, source: &'a str, report: &'a Report) -> Self {
        Self {
            source: Some(source),
            passed: Some(report.passed),
            skipped: Some(&report.skipped),
            ..Self::in_batch(index, report)
        }
    }

    /// Returns the entry of an argument.
    pub fn of_argument(index: u64, argument: &'a Result<ValidatedToken, UnreadableInput>) -> Self {
        match argument {
            Ok(token) => {
                let extracted_from = token.extracted_from;
                Self { extracted_from, ..Self::new(index, &token.source, &token.report) }
            }
            Err(input) => {
                Self { source: Some(&input.source), ..Self::unreadable(index, input.reason.clone()) }
            }
        }
    }

    fn of_line(line: &'a LineResult<'_>) -> Self {
        match &line.report {
            Ok(report) => Self::in_batch(line.index, report),
            Err(error) => Self::unreadable(line.index, error.to_string()),
        }
    }

    fn in_batch(index: u64, report: &'a Report) -> Self {
        let token = report.token();
        Self {
            index,
            peer_id: token.map(|token| hide_private_keys(&token.peer_id)),
            server_name: token.map(|token| hide_private_keys(&token.server_name)),
            status: report.status(),
            consul: ConsulVerdict::from(&report.consul),
            findings: &report.findings,
            ..Self::default()
        }
    }

    fn unreadable(index: u64, reason: String) -> Self {
        Self {
            index,
            status: Status::Unreadable,
            consul: ConsulVerdict { exact: true, ..ConsulVerdict::default() },
            error: Some(reason),
            ..Self::default()
        }
    }

    /// Appends the entry as one line.
    pub fn write_line(&self, lines: &mut Vec<u8>) {
        line::write(self, lines);
    }
}

impl<'a> From<&'a Acceptance> for ConsulVerdict<'a> {
    fn from(acceptance: &'a Acceptance) -> Self {
        Self {
            accepted: acceptance.accepted,
            message: acceptance.message.as_deref(),
            exact: acceptance.exact,
            reference: Some(acceptance.reference),
        }
    }
}

/// Appends the result for a line of a batch as one line. The other keys of a JSON object are copied to `input`, without
/// secrets.
pub fn render(result: &LineResult<'_>, lines: &mut Vec<u8>) {
    Entry::of_line(result).write_line(lines);
    let Some(other_keys) = result.other_keys else { return };
    lines.truncate(lines.len() - "}\n".len());
    lines.extend_from_slice(b",\"input\":{");
    other_keys::write(other_keys, lines);
    lines.extend_from_slice(b"}}\n");
}
