//! The checks to run, each with the severity of its findings.

use std::cmp::Ordering;

use super::cache::Cache;
use super::context::Context;
use super::finding::{Finding, Severity};
use super::report::SkippedCheck;
use super::results::Results;
use super::rule::{Check, Findings, Rule, Subject, TokenCheck};
use super::rules;
use crate::token::parts::FIELDS;

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

    /// Runs the checks.
    pub(super) fn run(&self, context: &Context<'_>, cache: &mut impl Cache) -> Results {
        let mut results = if context.is_ordinary() {
            let of_others =
                || self.run_where(|check| check.subject != Subject::Addresses, context, Findings::new());
            let mut results = cache.cluster_results(context, of_others);
            // The addresses were searched for private keys.
            let findings = Findings::without_private_keys();
            results += self.run_where(|check| check.subject == Subject::Addresses, context, findings);
            results
        } else {
            self.run_where(|_| true, context, Findings::new())
        };
        if context.is_explained() {
            drop_generic(&mut results);
        }
        results.skipped.extend(self.deselected());
        results.findings.sort_by(|one: &Finding, other| {
            let by_severity = other.severity.cmp(&one.severity);
            by_severity.then_with(|| by_position(&one.path, &other.path))
        });
        results
    }

    /// Runs the checks for which `is_wanted` returns true.
    fn run_where(
        &self,
        is_wanted: impl Fn(&Check) -> bool,
        context: &Context<'_>,
        mut findings: Findings,
    ) -> Results {
        let (mut passed, mut skipped) = (0, Vec::new());
        let missing = Subject::OF_TOKENS.map(|subject| subject.missing(context));
        for (rule, severity) in self.checks.iter().filter(|(rule, _)| is_wanted(&rule.check)) {
            if let Some(reason) = missing[rule.check.subject as usize] {
                skipped.push(SkippedCheck { check: rule.check.name, reason });
                continue;
            }
            if !findings.run(rule, *severity, context) {
                passed += 1;
            }
        }
        Results { findings: findings.finish(), passed, skipped }
    }
}

/// Drops the findings that a text is not base64 or JSON if another finding shows what the text is instead.
fn drop_generic(results: &mut Results) {
    let Results { findings, skipped, .. } = results;
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

/// Returns the position of a path's field: the text as a whole comes first.
fn field_position(path: &str) -> usize {
    let end = path.bytes().position(|byte| matches!(byte, b'[' | b'.')).unwrap_or(path.len());
    match &path[..end] {
        "text" => 0,
        field => FIELDS.iter().position(|name| *name == field).unwrap_or(FIELDS.len()) + 1,
    }
}

fn list_index(path: &str) -> usize {
    let index = path.split(['[', ']']).nth(1);
    index.and_then(|index| index.parse().ok()).unwrap_or(0)
}
