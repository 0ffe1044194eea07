//! What `audit` says first and last, for every renderer: the answer in one sentence, what to do, and the next commands.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::SignedDuration;

use super::super::screen::{Mark, Screen};
use super::super::{count, counted, grouped};
use crate::audit::{ClusterStatus, Finding, Report, Role, Status};
use crate::checks;
use crate::lint::{Check, Severity};
use crate::shell::quoted;

/// From this age on, the answer says how old the facts are.
const OLD_FACTS: SignedDuration = SignedDuration::from_mins(10);

/// The checks whose remedy starts with deleting the peering where they found it: there is nothing to diagnose.
const DELETE_FIRST: [&str; 3] = ["peering-one-sided", "peering-orphaned", "terminated-left-behind"];

/// How many clusters and peerings there are, and how many of them have a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) struct Counts {
    pub clusters: usize,
    /// Clusters that could not be read.
    pub unread: usize,
    /// Peerings; the two ends of one count once.
    pub peerings: usize,
    pub broken: usize,
    /// Peerings that need attention.
    pub attention: usize,
}

impl Counts {
    pub(in crate::render) fn of(report: &Report) -> Self {
        let statuses = report.peering_statuses();
        let number_of = |status| statuses.iter().filter(|it| **it == status).count();
        Self {
            clusters: report.clusters.len(),
            unread: report.clusters.iter().filter(|row| row.status != ClusterStatus::Ok).count(),
            peerings: statuses.len(),
            broken: number_of(Status::Error),
            attention: number_of(Status::Warning),
        }
    }

    /// Returns `5 clusters`.
    pub(in crate::render) fn clusters(&self) -> String {
        counted(count(self.clusters), "cluster")
    }

    /// Returns `7 peerings`.
    pub(in crate::render) fn peerings(&self) -> String {
        counted(count(self.peerings), "peering")
    }
}

/// Returns `are broken` for a number of peerings.
pub(in crate::render) fn are_broken(number: usize) -> &'static str {
    if number == 1 { "is broken" } else { "are broken" }
}

/// Returns `need attention` for a number of peerings.
pub(in crate::render) fn need_attention(number: usize) -> &'static str {
    if number == 1 { "needs attention" } else { "need attention" }
}

/// Returns `work` for a number of peerings.
pub(in crate::render) fn work(number: usize) -> &'static str {
    if number == 1 { "works" } else { "work" }
}

/// What is said of clusters whose peerings are unknown.
pub(in crate::render) const COULD_NOT_BE_READ: &str = "could not be read";

/// Returns the answer: its symbol and the sentence.
pub(in crate::render) fn answer(report: &Report) -> (Mark, String) {
    let counts = Counts::of(report);
    let Counts { unread, broken, attention, .. } = counts;
    let mut parts = Vec::new();
    if unread > 0 {
        parts.push(format!("{} of {} {COULD_NOT_BE_READ}", grouped(count(unread)), counts.clusters()));
    }
    if broken > 0 {
        parts.push(format!("{} of {} {}", grouped(count(broken)), counts.peerings(), are_broken(broken)));
    }
    if attention > 0 {
        let noun = if attention == 1 { "peering" } else { "peerings" };
        parts.push(format!("{} {noun} {}", grouped(count(attention)), need_attention(attention)));
    }
    let mark = match report.status {
        Status::Error => Mark::Failure,
        Status::Warning => Mark::Warning,
        Status::Info | Status::Ok => Mark::Ok,
    };
    let sentence = match (parts.is_empty(), report.clusters.is_empty()) {
        (_, true) => "There are no clusters to audit.".to_owned(),
        (true, _) if report.status > Status::Info => {
            format!("{} in {} work.", counts.peerings(), counts.clusters())
        }
        (true, _) if counts.peerings == 0 => format!("No peerings in {}.", counts.clusters()),
        (true, _) => format!("All peerings work: {} in {}.", counts.peerings(), counts.clusters()),
        (false, _) => format!("{}.", parts.join(", ")),
    };
    (mark, sentence)
}

/// Returns each check that found a problem, with the severity: the most severe first, those of clusters before those of
/// peerings.
pub(in crate::render) fn checks_to_fix(report: &Report) -> Vec<(Severity, &'static Check)> {
    let mut findings: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    // Stable: by cluster and peering.
    findings.sort_by_key(|finding| (Reverse(finding.severity), finding.peering.is_some()));
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert(finding.check));
    findings.iter().filter_map(|it| Some((it.severity, checks::find(it.check)?))).collect()
}

/// Returns what limits the answer: ends that were not compared, and old facts.
pub(in crate::render) fn notes(report: &Report, screen: &Screen) -> Vec<String> {
    let mut notes = Vec::new();
    if report.not_compared > 0 {
        let (number, verb) =
            (count(report.not_compared), if report.not_compared == 1 { "was" } else { "were" });
        let why = "the two ends were read at different times";
        notes.push(format!("{} {verb} not compared: {why}.", counted(number, "peering")));
    }
    let oldest = report.clusters.iter().map(|row| row.observed_at).min();
    if let Some(oldest) = oldest.filter(|at| screen.now.duration_since(*at) > OLD_FACTS) {
        notes.push(format!("The oldest facts are from {}.", screen.time(oldest)));
    }
    notes
}

/// Returns the next commands with their labels, about the worst findings; none without a problem.
pub(in crate::render) fn next_commands(report: &Report) -> Vec<(&'static str, String)> {
    let worst = worst(report);
    let explain = worst.first().map(|finding| ("Explain", format!("peering explain {}", finding.check)));
    let of_peering = worst.iter().rev().find(|finding| finding.peering.is_some());
    explain.into_iter().chain(of_peering.and_then(|finding| command_for(report, finding))).collect()
}

/// Returns the findings that the next commands are about: one of the check to fix first, and the worst about a peering.
pub(in crate::render) fn worst(report: &Report) -> Vec<&Finding> {
    let Some((_, check)) = checks_to_fix(report).into_iter().next() else { return Vec::new() };
    // The findings are sorted: the worst first.
    let first = report.findings.iter().find(|it| it.check == check.name);
    let of_peering = report.findings.iter().find(|it| it.peering.is_some() && it.severity > Severity::Info);
    let other = of_peering.filter(|it| !first.is_some_and(|first| std::ptr::eq(first, *it)));
    first.into_iter().chain(other).collect()
}

/// Returns the command that does what the remedy of a finding about a peering says first.
fn command_for(report: &Report, finding: &Finding) -> Option<(&'static str, String)> {
    if DELETE_FIRST.contains(&finding.check) {
        let (cluster, peering) = (quoted(&finding.cluster), quoted(finding.peering.as_deref()?));
        return Some(("Delete", format!("peering delete -context {cluster} -name {peering}")));
    }
    let (cluster, peering) = dialer_of(report, finding).filter(|_| finding.severity == Severity::Error)?;
    let (cluster, peering) = (quoted(cluster), quoted(peering));
    Some(("Diagnose", format!("peering diagnose -context {cluster} -name {peering}")))
}

/// Returns the dialer's cluster and local name of the peering that a finding is about.
fn dialer_of<'a>(report: &'a Report, finding: &'a Finding) -> Option<(&'a str, &'a str)> {
    let place = (&*finding.cluster, &*finding.partition, Some(finding.peering.as_deref()?));
    let row = report.peerings.iter().find(|row| row.place() == place)?;
    match (row.role, &row.other_end) {
        (Role::Dialer, _) => Some((&row.cluster, &row.peering)),
        (Role::Acceptor, Some(end)) => Some((&end.cluster, &end.peering)),
        (Role::Acceptor, None) => None,
    }
}
