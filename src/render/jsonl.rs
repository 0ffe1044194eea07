//! What is said of tokens as JSON: a line for each, or a document of all.
//!
//! One schema for both, whose parts are [`Entry`]: [`SCHEMA_VERSION`] grows when a field changes its meaning or goes
//! away; new fields may come at any time.

mod line;

use serde::Serialize;

use crate::lint::acceptance::{Acceptance, REFERENCE};
use crate::lint::batch::LineResult;
use crate::lint::report::{Finding, NotApplied, Report, UnreadableInput, ValidatedToken};
use crate::token::Token;

/// The version of the JSON form of an [`Entry`].
pub const SCHEMA_VERSION: u32 = 1;

/// What `validate -format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Whose word Consul's word is.
    pub reference: &'static str,
    /// One for each token, in the order given.
    pub tokens: Vec<Entry<'a>>,
}

/// What is said of one token: a line of `-format jsonl`, and of `-batch`.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry<'a> {
    /// Which token: its number among the arguments, or its line's number in the batch; from 1.
    pub index: u64,
    /// Where the token came from: `argument`, `@FILE` or `-`; not in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// The acceptor's ID of the peering, if the text could be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<&'a str>,
    /// The TLS name of the acceptor's servers, if the text could be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<&'a str>,
    /// The worst that is said: `ok`, `info`, `warning`, `error` (of ours), `refused` (by Consul), or `unreadable` for
    /// a file that could not be read, and for a line of a batch that holds no token.
    pub status: &'static str,
    /// Consul's word.
    pub consul: ConsulVerdict<'a>,
    /// Ours, the worst first, then in the order of the token.
    pub findings: &'a [Finding],
    /// Why it is unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many checks ran and found nothing; not in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<usize>,
    /// The checks that did not run, and why; not in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_applied: Option<&'a [NotApplied]>,
}

/// Consul's word.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConsulVerdict<'a> {
    /// Whether Consul accepts the token. Where there is no token it cannot.
    pub accepted: bool,
    /// The very message of the refusal; `null` when it accepts, and where there is no token to speak of.
    pub message: Option<&'a str>,
    /// `false`: what follows `peering token invalid CA: ` may differ from Consul's.
    pub exact: bool,
}

impl<'a> Document<'a> {
    /// A document of some entries.
    pub fn new(tokens: Vec<Entry<'a>>) -> Self {
        Self { version: SCHEMA_VERSION, reference: REFERENCE, tokens }
    }
}

impl<'a> Entry<'a> {
    /// What is said of a token, if its text could be decoded; with the checks that did not run.
    pub fn new(index: u64, source: &'a str, token: Option<&'a Token>, report: &'a Report) -> Self {
        Self {
            source: Some(source),
            passed: Some(report.passed),
            not_applied: Some(&report.not_applied),
            ..Self::short(index, token, report)
        }
    }

    /// What is said of a token that was validated.
    pub fn of_validated(index: u64, validated: &'a ValidatedToken) -> Self {
        let token = validated.decoded.as_ref().ok().map(|decoded| &decoded.token);
        Self::new(index, &validated.source, token, &validated.report)
    }

    /// That a token could not be read.
    pub fn of_unread(index: u64, unread: &'a UnreadableInput) -> Self {
        Self { source: Some(&unread.source), ..Self::unreadable(index, unread.reason.clone()) }
    }

    fn unreadable(index: u64, why: String) -> Self {
        Self {
            index,
            status: "unreadable",
            consul: ConsulVerdict { exact: true, ..ConsulVerdict::default() },
            error: Some(why),
            ..Self::default()
        }
    }

    fn short(index: u64, token: Option<&'a Token>, report: &'a Report) -> Self {
        Self {
            index,
            peer_id: token.map(|token| token.peer_id.as_str()),
            server_name: token.map(|token| token.server_name.as_str()),
            status: report.status().name(),
            consul: ConsulVerdict::from(&report.consul),
            findings: &report.findings,
            ..Self::default()
        }
    }

    fn of_line(judged: &'a LineResult<'_>) -> Self {
        match &judged.verdict {
            Ok(verdict) => Self::short(judged.index, verdict.token, &verdict.report),
            Err(fault) => Self::unreadable(judged.index, fault.to_string()),
        }
    }

    /// Adds the entry as one line.
    pub fn write_line(&self, lines: &mut Vec<u8>) {
        line::write(self, lines);
    }
}

impl<'a> From<&'a Acceptance> for ConsulVerdict<'a> {
    fn from(word: &'a Acceptance) -> Self {
        Self { accepted: word.accepted, message: word.message.as_deref(), exact: word.exact }
    }
}

/// Adds what came of a line of a batch as one line. The other keys of a JSON object stand under `input`.
pub fn render(judged: &LineResult<'_>, lines: &mut Vec<u8>) {
    Entry::of_line(judged).write_line(lines);
    let Some(beside) = judged.beside else { return };
    lines.truncate(lines.len() - "}\n".len());
    lines.extend_from_slice(b",\"input\":{");
    for (at, (key, value)) in beside.iter().enumerate() {
        lines.extend_from_slice(if at == 0 { b"" } else { b"," });
        lines.extend_from_slice(key.as_bytes());
        lines.push(b':');
        lines.extend_from_slice(value.as_bytes());
    }
    lines.extend_from_slice(b"}}\n");
}
