//! The checks to run, each with the severity of its findings.

use std::cmp::Ordering;

use super::context::Context;
use super::finding::{Finding, Severity};
use super::report::SkippedCheck;
use super::rule::{Check, Findings, Rule, Subject, TokenCheck};
use super::rules;

/// The checks to run, each with the severity of its findings.
#[derive(Debug, Clone)]
pub struct RuleSet<R: Rule = TokenCheck> {
    checks: Vec<(&'static R, Severity)>,
    deselected: Vec<&'static R>,
}

impl<R: Rule> RuleSet<R> {
    /// Returns some checks with their default severities.
    pub fn of(all: &[&'static R]) -> Self {
        Self {
            checks: all.iter().map(|rule| (*rule, rule.check().severity)).collect(),
            deselected: Vec::new(),
        }
    }

    /// Keeps the checks for which `keep` returns true. Reports list the others as skipped.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&Check) -> bool) -> Self {
        let (kept, deselected): (Vec<_>, Vec<_>) =
            self.checks.into_iter().partition(|(rule, _)| keep(rule.check()));
        self.deselected.extend(deselected.into_iter().map(|(rule, _)| rule));
        self.checks = kept;
        self
    }

    /// Changes the severity of a check.
    #[must_use]
    pub fn with_severity(mut self, name: &str, severity: Severity) -> Self {
        for (rule, current) in &mut self.checks {
            if rule.check().name == name {
                *current = severity;
            }
        }
        self
    }

    /// Returns the checks to run, each with the severity of its findings.
    pub fn selected(&self) -> impl Iterator<Item = (&'static R, Severity)> {
        self.checks.iter().copied()
    }

    /// Returns the checks that do not run.
    pub fn deselected(&self) -> impl Iterator<Item = SkippedCheck> {
        self.deselected.iter().map(|rule| SkippedCheck { check: rule.check().name, reason: "not selected" })
    }
}

impl RuleSet {
    /// Returns all checks of tokens with their default severities.
    pub fn all() -> Self {
        Self::of(rules::ALL)
    }

    /// Runs the checks. Returns the findings, the number of checks that passed, and the checks that were skipped.
    pub(super) fn run(&self, context: &Context<'_>) -> (Vec<Finding>, usize, Vec<SkippedCheck>) {
        let (mut findings, mut passed, mut skipped) = (Findings::new(), 0, Vec::new());
        let missing = Subject::OF_TOKENS.map(|subject| subject.missing(context));
        for (rule, severity) in &self.checks {
            if let Some(reason) = missing[rule.check.subject as usize] {
                skipped.push(SkippedCheck { check: rule.check.name, reason });
                continue;
            }
            if !findings.run(rule, *severity, context) {
                passed += 1;
            }
        }
        let mut findings = findings.finish();
        if context.is_explained() {
            drop_generic(&mut findings, &mut skipped);
        }
        skipped.extend(self.deselected());
        findings.sort_by(|one: &Finding, other| {
            let by_severity = other.severity.cmp(&one.severity);
            by_severity.then_with(|| by_position(&one.path, &other.path))
        });
        (findings, passed, skipped)
    }
}

/// Drops the findings that a text is not base64 or JSON if another finding shows what the text is instead.
fn drop_generic(findings: &mut Vec<Finding>, skipped: &mut Vec<SkippedCheck>) {
    let is_generic = |check: &str| rules::GENERIC.iter().any(|generic| generic.check.name == check);
    if findings.iter().all(|finding| is_generic(finding.check)) {
        return;
    }
    let reason = "a more specific check explains the same fault";
    findings.retain(|finding| {
        let is_kept = !is_generic(finding.check);
        if !is_kept {
            skipped.push(SkippedCheck { check: finding.check, reason });
        }
        is_kept
    });
}

/// Compares the positions of two paths in a token: the fields, then the indexes in a list.
fn by_position(one: &str, other: &str) -> Ordering {
    field_position(one).cmp(&field_position(other)).then_with(|| list_index(one).cmp(&list_index(other)))
}

fn field_position(path: &str) -> usize {
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
    let end = path.bytes().position(|byte| matches!(byte, b'[' | b'.')).unwrap_or(path.len());
    ORDER.iter().position(|name| *name == &path[..end]).unwrap_or(ORDER.len())
}

fn list_index(path: &str) -> usize {
    let index = path.split(['[', ']']).nth(1);
    index.and_then(|index| index.parse().ok()).unwrap_or(0)
}
