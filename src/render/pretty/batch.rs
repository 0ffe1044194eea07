//! A batch: one line for each token that fails, and a summary.

use std::fmt::Write as _;

use super::{counted, grouped, printable};
use crate::lint::Status;
use crate::lint::batch::{LineResult, Summary};

/// The maximum number of checks in the summary.
const MAX_CHECKS: usize = 5;

/// Appends a line for a result that fails: the line number and the worst problem.
pub fn batch_line(result: &LineResult<'_>, lines: &mut Vec<u8>) {
    if !result.fails {
        return;
    }
    let (worst, more) = match &result.report {
        Err(error) => (format!("unreadable: {error}"), 0),
        Ok(report) => match (&report.consul.message, report.findings.first()) {
            (Some(message), _) => (format!("refused: {message}"), report.findings.len()),
            (None, Some(first)) => {
                let worst = format!("{}: {}: {}: {}", first.severity, first.check, first.path, first.message);
                (worst, report.findings.len() - 1)
            }
            (None, None) => ("refused".to_owned(), 0),
        },
    };
    let mut line = format!("line {}: {}", result.index, printable(&worst));
    if more > 0 {
        let _ = write!(line, " (and {})", counted(signed(more as u64), "finding"));
    }
    line.push('\n');
    lines.extend_from_slice(line.as_bytes());
}

/// Returns the number of tokens by status, and the checks with the most findings.
pub fn batch_summary(summary: &Summary) -> String {
    let unreadable = summary.with_status(Status::Unreadable);
    let mut parts: Vec<String> = [
        (Status::Refused, "rejected by Consul"),
        (Status::Error, "with errors"),
        (Status::Warning, "with warnings"),
        (Status::Info, "with infos"),
        (Status::Ok, "without findings"),
    ]
    .into_iter()
    .map(|(status, text)| (summary.with_status(status), text))
    .filter(|(number, _)| *number > 0)
    .map(|(number, text)| format!("{} {text}", grouped(signed(number))))
    .collect();
    if unreadable > 0 {
        parts.push(format!("{} without a token", counted(signed(unreadable), "line")));
    }
    let mut text = counted(signed(summary.results() - unreadable), "token");
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
