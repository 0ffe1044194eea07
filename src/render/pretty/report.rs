//! What `validate` shows of tokens.

use owo_colors::OwoColorize;

use super::{Page, count, counted, printable};
use crate::lint::acceptance::{Acceptance, REFERENCE};
use crate::lint::report::{Finding, Report, ValidatedToken};
use crate::lint::rule::Severity;
use crate::lint::rules;

/// Several tokens, one page after the other.
pub fn reports<'a>(tokens: impl IntoIterator<Item = &'a ValidatedToken>, width: usize) -> String {
    let mut page = Page::new(width);
    for token in tokens {
        page.heading(&token.source);
        word(&mut page, &token.report.consul);
        findings(&mut page, &token.report.findings, true);
        summary(&mut page, &token.report);
    }
    page.finish()
}

/// Consul's word, in one line.
pub(super) fn word(page: &mut Page, word: &Acceptance) {
    let reference = format!("({REFERENCE})");
    match &word.message {
        None => page.line(&format!("{} {}", "Consul accepts this token".green(), reference.dimmed())),
        Some(message) => {
            page.line(&format!("{} {}", "Consul refuses this token:".red(), reference.dimmed()));
            page.line(&format!("  {}", printable(message)));
        }
    }
    if !word.exact {
        page.line("  (Consul refuses it; what it says after \"invalid CA:\" may differ in words)");
    }
}

/// Our findings; with what to do about each if `remedies`.
pub(super) fn findings(page: &mut Page, findings: &[Finding], remedies: bool) {
    for finding in findings {
        if remedies {
            page.blank();
        }
        page.line(&format!(
            "{} {} {}",
            label(finding.severity),
            finding.check.bold(),
            printable(&finding.path).dimmed()
        ));
        page.item(&printable(&finding.message));
        if remedies && let Some(check) = rules::find(finding.check) {
            page.item(&format!("What to do: {}", check.remedy));
        }
    }
}

fn label(severity: Severity) -> String {
    match severity {
        Severity::Error => "error".red().to_string(),
        Severity::Warning => "warning".yellow().to_string(),
        Severity::Info => "info".cyan().to_string(),
    }
}

fn summary(page: &mut Page, report: &Report) {
    let found = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let mut parts: Vec<String> = [Severity::Error, Severity::Warning]
        .into_iter()
        .map(|severity| (severity, found(severity)))
        .filter(|(_, found)| *found > 0)
        .map(|(severity, found)| counted(count(found), &severity.to_string()))
        .collect();
    if found(Severity::Info) > 0 {
        parts.push(format!("{} info", found(Severity::Info)));
    }
    if parts.is_empty() {
        parts.push("nothing found".to_owned());
    }
    parts.push(format!("{} passed", counted(count(report.passed), "check")));
    // Why, is a matter for programs: a list of twenty reasons would bury the findings.
    if !report.not_applied.is_empty() {
        parts.push(format!("{} did not apply", report.not_applied.len()));
    }
    page.blank();
    page.line(&format!("{}.", parts.join(", ")));
}
