//! The screen of `validate`: one line for each token with its findings, then each remedy once, then the counts.

use owo_colors::OwoColorize;

use super::finding::{self, Group, shortened};
use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::{count, counted, printable};
use crate::lint::{Report, Severity, Status, ValidatedToken};

/// How many findings of one token are listed if several tokens are given.
const MAX_FINDINGS: usize = 10;

/// The width of the column of severities.
const SEVERITY: usize = 7;

/// Renders the reports on tokens: the worst first.
pub fn reports<'a>(tokens: impl IntoIterator<Item = &'a ValidatedToken>, screen: &Screen) -> String {
    let tokens = worst_first(tokens);
    let mut page = Page::new(screen);
    for token in &tokens {
        let (mark, sentence) = answer(token);
        page.answer(mark, &sentence);
        if screen.detail == Detail::Long {
            page.line(&verdict_of(&token.report).dimmed().to_string());
        }
        if !token.report.consul.exact {
            page.line(INEXACT);
        }
        findings(&mut page, &token.report, tokens.len() == 1);
    }
    fixes(&mut page, &tokens);
    if screen.detail != Detail::Short && !tokens.is_empty() {
        page.empty_line();
        page.hints(&hints(&tokens));
    }
    page.finish()
}

/// Returns the tokens, the worst first.
pub(in crate::render) fn worst_first<'a>(
    tokens: impl IntoIterator<Item = &'a ValidatedToken>,
) -> Vec<&'a ValidatedToken> {
    let mut tokens: Vec<&ValidatedToken> = tokens.into_iter().collect();
    tokens.sort_by_key(|token| std::cmp::Reverse(token.report.status()));
    tokens
}

/// Returns the answer about a token: its symbol and the sentence.
pub(in crate::render) fn answer(token: &ValidatedToken) -> (Mark, String) {
    let (report, source) = (&token.report, printable(&token.source));
    let source = if source == "-" { "standard input" } else { source.as_str() };
    let counts = finding::counts(report.findings.iter().map(|it| it.severity));
    let sentence = match &report.consul.message {
        Some(message) => format!("{source}  rejected by Consul: {}", printable(message)),
        None if counts.is_empty() => format!("{source}  accepted"),
        None => format!("{source}  accepted, {counts}"),
    };
    (report.status().into(), sentence)
}

/// Returns which Consul the verdict is of.
pub(in crate::render) fn verdict_of(report: &Report) -> String {
    format!("Verdict of {}", report.consul.reference)
}

/// What is said of a message of Consul that may have other words.
pub(in crate::render) const INEXACT: &str = "(Consul's message may differ)";

/// Returns how many checks passed and were skipped.
pub(in crate::render) fn passed(report: &Report) -> String {
    let skipped = match report.skipped.len() {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    format!("{} passed{skipped}", counted(count(report.passed), "check"))
}

/// Writes a line for each check that found something.
fn findings(page: &mut Page, report: &Report, is_only_token: bool) {
    let detail = page.screen().detail;
    if detail == Detail::Short {
        return;
    }
    let groups = finding::groups(&report.findings);
    let name_width = groups.iter().map(|group| group.check.len()).max().unwrap_or_default();
    let max = if detail == Detail::Long { usize::MAX } else { MAX_FINDINGS };
    for group in groups.iter().take(max) {
        let label = format!("{:<SEVERITY$}", group.severity.name());
        let label = match group.severity {
            Severity::Error => label.red().to_string(),
            Severity::Warning => label.yellow().to_string(),
            Severity::Info => label.cyan().to_string(),
        };
        let first = format!("    {label}  {:<name_width$}  ", group.check);
        let indent = SEVERITY + name_width + 8;
        if detail == Detail::Long {
            for (index, finding) in group.findings.iter().enumerate() {
                let first = if index == 0 { first.clone() } else { " ".repeat(indent) };
                let message = format!("{}: {}", printable(&finding.path), printable(&finding.message));
                page.hanging(&first, indent, &message);
            }
        } else if is_only_token {
            page.hanging(&first, indent, &group.message());
        } else {
            let width = page.width().saturating_sub(indent).max(SEVERITY);
            page.raw_line(&format!("{first}{}", shortened(&page.screen().shown(&group.message()), width)));
        }
    }
    if groups.len() > max {
        page.item(&format!("and {} more (-long)", groups.len() - max));
    }
    if detail == Detail::Long {
        page.item(&passed(report));
    }
}

/// Writes the remedy of each check once. On one screen, the remedies of notes give way to those of problems.
fn fixes(page: &mut Page, tokens: &[&ValidatedToken]) {
    let mut groups = checks_found(tokens);
    if page.screen().detail != Detail::Long {
        groups.retain(|group| group.severity > Severity::Info);
    }
    if groups.is_empty() {
        return;
    }
    let name_width = groups.iter().map(|group| group.check.len()).max().unwrap_or_default();
    page.heading("Fix");
    let limits = tokens.len() == 1 && page.screen().detail == Detail::Normal;
    for (index, group) in groups.iter().enumerate() {
        let Some(remedy) = group.remedy() else { continue };
        let mut fix = page.empty();
        fix.labeled(group.check, name_width, remedy);
        let rest = usize::from(index + 1 < groups.len());
        if limits && fix.lines() > page.room(rest + 2) {
            page.line(&format!("{} more: peering explain CHECK, or -long", groups.len() - index));
            return;
        }
        page.append(&fix);
    }
}

/// Returns the findings of each check in the first token that has some: the most severe first.
pub(in crate::render) fn checks_found<'a>(tokens: &[&'a ValidatedToken]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for group in tokens.iter().flat_map(|token| finding::groups(&token.report.findings)) {
        if !groups.iter().any(|known| known.check == group.check) {
            groups.push(group);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.severity));
    groups
}

fn hints(tokens: &[&ValidatedToken]) -> Vec<String> {
    let mut hints = vec![summary(tokens)];
    // The tokens and the findings of each are sorted: the worst first.
    if let Some(finding) = tokens.iter().flat_map(|token| &token.report.findings).next() {
        hints.push(format!("Explain: peering explain {}", finding.check));
    }
    hints
}

/// Returns how many tokens there are with each result: `3 tokens: 1 rejected, 2 ok`.
pub(in crate::render) fn summary(tokens: &[&ValidatedToken]) -> String {
    let number_of =
        |wanted: &[Status]| tokens.iter().filter(|token| wanted.contains(&token.report.status())).count();
    let parts: Vec<String> = [
        (number_of(&[Status::Refused, Status::Unreadable]), "rejected"),
        (number_of(&[Status::Error]), "with errors"),
        (number_of(&[Status::Warning]), "with warnings"),
        (number_of(&[Status::Ok, Status::Info]), "ok"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, text)| format!("{number} {text}"))
    .collect();
    format!("{}: {}", counted(count(tokens.len()), "token"), parts.join(", "))
}
