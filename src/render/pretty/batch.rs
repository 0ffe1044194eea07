//! A batch for people: a line for each token that fails, and a summary.

use std::fmt::Write as _;

use super::{counted, grouped, printable};
use crate::lint::batch::{LineResult, Summary};
use crate::lint::report::Status;

/// How many checks the summary names.
const MAX_CHECKS: usize = 5;

/// Adds a line if the line of the batch fails: its number, and the worst that is said of it.
pub fn batch_line(judged: &LineResult<'_>, lines: &mut Vec<u8>) {
    if !judged.fails {
        return;
    }
    let (worst, more) = match &judged.verdict {
        Err(fault) => (format!("unreadable: {fault}"), 0),
        Ok(verdict) => {
            let findings = &verdict.report.findings;
            match (&verdict.report.consul.message, findings.first()) {
                (Some(message), _) => (format!("refused: {message}"), findings.len()),
                (None, Some(first)) => {
                    let worst =
                        format!("{}: {}: {}: {}", first.severity, first.check, first.path, first.message);
                    (worst, findings.len() - 1)
                }
                (None, None) => ("refused".to_owned(), 0),
            }
        }
    };
    let mut line = format!("line {}: {}", judged.index, printable(&worst));
    if more > 0 {
        let _ = write!(line, " (and {})", counted(signed(more as u64), "finding"));
    }
    line.push('\n');
    lines.extend_from_slice(line.as_bytes());
}

/// How many tokens there were, what is said of them, and which checks found most.
pub fn batch_summary(summary: &Summary) -> String {
    let count = |number: u64, what: &str| (number > 0).then(|| format!("{} {what}", grouped(signed(number))));
    let status = |status, what| count(summary.with_status(status), what);
    let parts: Vec<String> = [
        status(Status::Refused, "refused by Consul"),
        status(Status::Error, "with errors"),
        status(Status::Warning, "with warnings"),
        status(Status::Info, "with remarks"),
        status(Status::Ok, "without any finding"),
        (summary.unreadable > 0)
            .then(|| format!("{} without a token", counted(signed(summary.unreadable), "line"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut text = counted(signed(summary.results() - summary.unreadable), "token");
    if !parts.is_empty() {
        let _ = write!(text, ": {}", parts.join(", "));
    }
    text.push('\n');
    let mut checks: Vec<(&str, u64)> =
        summary.by_check.iter().map(|(check, count)| (*check, *count)).collect();
    checks.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if !checks.is_empty() {
        let most = checks.iter().take(MAX_CHECKS);
        let most: Vec<String> =
            most.map(|(check, count)| format!("{check} {}", grouped(signed(*count)))).collect();
        let rest = if checks.len() > MAX_CHECKS { ", …" } else { "" };
        let _ = writeln!(text, "Findings: {}{rest}", most.join(", "));
    }
    text
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
