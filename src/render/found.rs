//! What `find` found, in the formats for programs.

mod sarif;

use std::fmt::Write as _;

use serde::Serialize;

use super::github::{data, property};
use super::sarif::{UNREADABLE, with_slashes};
use crate::find::report::{Report, Unreadable};
use crate::find::token_found::{Change, TokenFound};

pub use sarif::sarif;

/// The name of the rule.
const RULE: &str = "peering-token";

/// What a token in a file means.
const MESSAGE: &str =
    "Consul peering token: anyone who has it can establish the peering, until it is used or superseded";

/// What to do about it.
const REMEDY: &str = "Generate the token again on the accepting cluster, which invalidates this one, and keep the new one in a \
    secret store.";

/// A line of `-format jsonl`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Line<'a> {
    /// A token.
    Token(&'a TokenFound),
    /// Something that could not be read.
    Unreadable(&'a Unreadable),
}

/// Returns one JSON object per token, and per file that could not be read.
pub fn jsonl(report: &Report) -> String {
    let tokens = report.tokens.iter().map(Line::Token);
    let lines = tokens.chain(report.unreadable.iter().map(Line::Unreadable));
    let line = |line| serde_json::to_string(&line).expect("a value of plain fields has a JSON form") + "\n";
    lines.map(line).collect()
}

/// Returns one workflow command of GitHub Actions per token, and per file that could not be read.
pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for token in &report.tokens {
        let span = token.span;
        // The columns are only valid within one line.
        let end = if span.line == span.end_line {
            format!(",col={},endColumn={}", span.column, span.end_column)
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "::error file={},line={},endLine={}{end},title={RULE}::{}",
            property(&with_slashes(&token.path)),
            span.line,
            span.end_line,
            data(&described(token)),
        );
    }
    for unread in &report.unreadable {
        let _ = writeln!(
            text,
            "::error file={},title={UNREADABLE}::{}",
            property(&with_slashes(&unread.path)),
            data(&unread.reason)
        );
    }
    text
}

/// Describes a token in one text.
fn described(token: &TokenFound) -> String {
    let commit = match (&token.commit, token.change) {
        (Some(commit), Some(Change::Removed)) => format!(", removed in commit {commit}"),
        (Some(commit), _) => format!(", added in commit {commit}"),
        (None, _) => String::new(),
    };
    let staleness = token.staleness.as_ref().map_or_else(String::new, |it| format!(" {}", it.summary));
    format!(
        "{MESSAGE}. Peer ID {}, server name {}, SHA-256 {}{commit}.{staleness} {REMEDY}",
        token.peer_id, token.server_name, token.token_sha256
    )
}
