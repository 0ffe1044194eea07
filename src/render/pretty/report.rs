//! The pages of `validate`.

use owo_colors::OwoColorize;

use super::{Page, count, counted, printable};
use crate::lint::{Acceptance, Finding, Report, Severity, ValidatedToken, rules};

/// Returns one page per token.
pub fn reports<'a>(tokens: impl IntoIterator<Item = &'a ValidatedToken>, width: usize) -> String {
    let mut page = Page::new(width);
    for token in tokens {
        page.heading(&token.source);
        verdict(&mut page, &token.report.consul);
        findings(&mut page, &token.report.findings, true);
        summary(&mut page, &token.report);
    }
    page.finish()
}

/// Writes Consul's verdict.
pub(super) fn verdict(page: &mut Page, consul: &Acceptance) {
    let reference = format!("({})", consul.reference);
    match &consul.message {
        None => page.line(&format!("{} {}", "Consul accepts this token".green(), reference.dimmed())),
        Some(message) => {
            page.line(&format!("{} {}", "Consul rejects this token:".red(), reference.dimmed()));
            page.line(&format!("  {}", printable(message)));
        }
    }
    if !consul.exact {
        page.line("  (Consul's message may differ)");
    }
}

/// Writes our findings, with their remedies if `remedies` is set.
pub(super) fn findings(page: &mut Page, findings: &[Finding], remedies: bool) {
    for finding in findings {
        if remedies {
            page.empty_line();
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

/// Writes the counts. It gives no reasons for skipped checks: twenty of them would hide the findings.
fn summary(page: &mut Page, report: &Report) {
    let number_of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let counts: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")]
            .into_iter()
            .map(|(severity, name)| (number_of(severity), name))
            .filter(|(number, _)| *number > 0)
            .map(
                |(number, name)| {
                    if name == "info" { format!("{number} info") } else { counted(count(number), name) }
                },
            )
            .collect();
    let findings = if counts.is_empty() { "No findings:".to_owned() } else { counts.join(", ") + ";" };
    let mut checks = vec![format!("{} passed", counted(count(report.passed), "check"))];
    if !report.skipped.is_empty() {
        checks.push(format!("{} skipped", report.skipped.len()));
    }
    page.empty_line();
    page.line(&format!("{findings} {}", checks.join(", ")));
}
