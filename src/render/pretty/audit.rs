//! The screen of `audit`: the answer, a table of the clusters and peerings with problems first, and each remedy once.

use std::collections::HashMap;

use jiff::SignedDuration;
use owo_colors::OwoColorize;
use textwrap::core::display_width;

use super::finding;
use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::table::Table;
use super::{count, counted, grouped, printable};
use crate::audit::{
    Change, ChangeKind, Changes, ClusterStatus, Finding, PeeringRow, Place, Report, Role, Status,
};
use crate::checks;
use crate::lint::Severity;
use crate::shell::quoted;
use crate::utc;

/// From this age on, the screen shows how old the facts are.
const OLD_FACTS: SignedDuration = SignedDuration::from_mins(10);

/// How many lines the answer, the remedies and the hints need beside the table.
const BESIDE_TABLE: usize = 8;

/// How many findings about clusters fit on one screen.
const MAX_CLUSTERS: usize = 3;

/// The indentation of a finding about a cluster that needs several lines.
const CLUSTER_INDENT: usize = 4;

/// How many changes fit on one screen.
const MAX_CHANGES: usize = 18;

/// The checks whose remedy starts with deleting the peering where they found it: there is nothing to diagnose.
const DELETE_FIRST: [&str; 3] = ["peering-one-sided", "peering-orphaned", "terminated-left-behind"];

type ByPlace<'a> = HashMap<Place<'a>, Vec<&'a Finding>>;

/// Renders the report.
pub fn audit(report: &Report, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    answer(&mut page, report);
    if screen.detail != Detail::Short {
        clusters(&mut page, report);
        table(&mut page, report);
    }
    fixes(&mut page, report);
    notes(&mut page, report);
    if screen.detail == Detail::Normal {
        page.empty_line();
        page.hints(&hints(report));
    }
    page.finish()
}

fn answer(page: &mut Page, report: &Report) {
    let statuses = report.peering_statuses();
    let number_of = |status| statuses.iter().filter(|it| **it == status).count();
    let (down, attention) = (number_of(Status::Error), number_of(Status::Warning));
    let unread = report.clusters.iter().filter(|row| row.status != ClusterStatus::Ok).count();
    let all = count(statuses.len());
    let mut parts = Vec::new();
    if unread > 0 {
        let verb = "could not be read";
        parts.push(format!(
            "{} of {} {verb}",
            grouped(count(unread)),
            counted(count(report.clusters.len()), "cluster")
        ));
    }
    if down > 0 {
        let verb = if down == 1 { "is" } else { "are" };
        parts.push(format!("{} of {} {verb} broken", grouped(count(down)), counted(all, "peering")));
    }
    if attention > 0 {
        let (noun, verb) = if attention == 1 { ("peering", "needs") } else { ("peerings", "need") };
        parts.push(format!("{} {noun} {verb} attention", grouped(count(attention))));
    }
    let mark = match report.status {
        Status::Error => Mark::Failure,
        Status::Warning => Mark::Warning,
        Status::Info | Status::Ok => Mark::Ok,
    };
    let clusters = counted(count(report.clusters.len()), "cluster");
    let sentence = match (parts.is_empty(), report.clusters.is_empty()) {
        (_, true) => "There are no clusters to audit.".to_owned(),
        (true, _) if report.status > Status::Info => {
            format!("{} in {clusters} work.", counted(all, "peering"))
        }
        (true, _) if all == 0 => format!("No peerings in {clusters}."),
        (true, _) => format!("All peerings work: {} in {clusters}.", counted(all, "peering")),
        (false, _) => format!("{}.", parts.join(", ")),
    };
    page.answer(mark, &sentence);
}

/// Writes a line for each finding about a cluster.
fn clusters(page: &mut Page, report: &Report) {
    let findings = report.findings.iter().filter(|finding| finding.peering.is_none());
    let is_long = page.screen().detail == Detail::Long;
    let max = if is_long { usize::MAX } else { MAX_CLUSTERS };
    let all = findings.clone().count();
    for finding in findings.take(max) {
        let mark = page.screen().mark(finding::mark(finding.severity));
        let name = cluster_name(&finding.cluster, &finding.partition, page.screen());
        let first = format!("  {mark} {name}  ");
        let message = page.screen().shown(&printable(&finding.message));
        if is_long {
            page.hanging(&first, CLUSTER_INDENT, &message);
        } else {
            let room = page.width().saturating_sub(display_width(&first));
            page.raw_line(&format!("{first}{}", finding::shortened(&message, room)));
        }
    }
    if all > max {
        page.line(&format!("and {} about clusters (-long)", counted(count(all - max), "more finding")));
    }
}

fn table(page: &mut Page, report: &Report) {
    let by_place = report.findings_by_place();
    let mut rows: Vec<&PeeringRow> = report.peerings.iter().collect();
    let is_long = page.screen().detail == Detail::Long;
    if !is_long {
        // Stable: within a severity, by cluster and name.
        rows.sort_by_key(|row| std::cmp::Reverse(row.finding));
    }
    if rows.is_empty() {
        return;
    }
    let problems = rows.iter().filter(|row| row.finding != Status::Ok).count();
    let room = page.room(BESIDE_TABLE);
    let shown = match is_long {
        true => rows.len(),
        // Each problem takes two lines or more.
        false if problems > 0 && rows.len() + problems > room => problems.min((room / 2).max(1)),
        false => rows.len().min(room),
    };
    let screen = *page.screen();
    let mut table = Table::new(["CLUSTER", "PEERING", "ROLE", "STATE", "HEARD", "CA", "NOTE"]);
    for row in &rows[..shown] {
        table.row(cells(row, &by_place, &screen));
    }
    page.empty_line();
    table.write(page, 0);
    let (hidden_problems, hidden) = (problems.saturating_sub(shown), rows.len() - shown);
    if hidden_problems > 0 {
        page.line(&format!("and {} (-long)", counted(count(hidden_problems), "more problem")));
    } else if hidden > 0 {
        page.line(&format!("and {} without problems (-long)", counted(count(hidden), "more row")));
    }
}

fn cells(row: &PeeringRow, by_place: &ByPlace<'_>, screen: &Screen) -> [String; 7] {
    let note = match (row.finding, &row.other_end) {
        (Status::Ok, Some(end)) => {
            let other = cluster_name(&end.cluster, &end.partition, screen);
            let arrow = if screen.ascii { "<->" } else { "↔" };
            format!("{} {arrow} {other}", screen.mark(Mark::Ok))
        }
        (Status::Ok, None) => screen.mark(Mark::Ok),
        _ => note(by_place, row.place(), screen),
    };
    [
        cluster_name(&row.cluster, &row.partition, screen),
        screen.name(&row.peering),
        row.role.name().to_owned(),
        state(&row.state),
        heard(row),
        row.peer_ca_expires_at.map_or_else(|| "–".to_owned(), |at| ca(at.duration_since(screen.now))),
        note,
    ]
}

fn cluster_name(cluster: &str, partition: &str, screen: &Screen) -> String {
    match partition {
        "" | "default" => screen.name(cluster),
        partition => format!("{}/{}", screen.name(cluster), screen.name(partition)),
    }
}

fn state(state: &str) -> String {
    match state {
        "ACTIVE" => state.green().to_string(),
        "FAILING" | "TERMINATED" => state.red().to_string(),
        "PENDING" | "ESTABLISHING" | "DELETING" => state.yellow().to_string(),
        other => printable(other),
    }
}

/// How long before it was read the end last heard its peer.
fn heard(row: &PeeringRow) -> String {
    match row.last_heard_at {
        Some(at) => utc::span(row.observed_at.duration_since(at).max(SignedDuration::ZERO)),
        None => "never".to_owned(),
    }
}

fn ca(left: SignedDuration) -> String {
    if left.is_negative() { "expired".red().to_string() } else { utc::span(left) }
}

/// The findings about a place. A finding about two ends is spelled out at the first.
fn note(by_place: &ByPlace<'_>, place: Place<'_>, screen: &Screen) -> String {
    let findings = by_place.get(&place).map(Vec::as_slice).unwrap_or_default();
    let texts = findings.iter().map(|finding| {
        let is_first = (&*finding.cluster, &*finding.partition, finding.peering.as_deref()) == place;
        let text = if is_first { finding.message.clone() } else { format!("see {}", finding.place()) };
        format!("{} {}", screen.mark(finding::mark(finding.severity)), printable(&text))
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Writes the remedy of each check once, in the order in which the screen shows the findings.
fn fixes(page: &mut Page, report: &Report) {
    let checks = checks_in_order(report);
    if checks.is_empty() {
        return;
    }
    let name_width = checks.iter().map(|name| name.len()).max().unwrap_or_default();
    page.heading("Fix");
    let limits = page.screen().detail == Detail::Normal;
    let all = checks.len();
    for (index, name) in checks.into_iter().enumerate() {
        let Some(check) = checks::find(name) else { continue };
        let mut fix = page.empty();
        fix.labeled(name, name_width, check.remedy);
        let rest = usize::from(index + 1 < all);
        if limits && index > 0 && fix.lines() > page.room(rest + 2) {
            page.line(&format!("{} more: peering explain CHECK, or -long", all - index));
            return;
        }
        page.append(&fix);
    }
}

/// Returns the checks that need something done: the most severe first, those of clusters before those of peerings.
fn checks_in_order(report: &Report) -> Vec<&'static str> {
    let mut findings: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    // Stable: by cluster and peering.
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.peering.is_some()));
    let mut checks = Vec::new();
    for finding in findings {
        if !checks.contains(&finding.check) {
            checks.push(finding.check);
        }
    }
    checks
}

fn notes(page: &mut Page, report: &Report) {
    if report.not_compared > 0 {
        let (number, verb) =
            (count(report.not_compared), if report.not_compared == 1 { "was" } else { "were" });
        let why = "the two ends were read at different times";
        page.line(&format!("{} {verb} not compared: {why}.", counted(number, "peering")));
    }
    let oldest = report.clusters.iter().map(|row| row.observed_at).min();
    if let Some(oldest) = oldest.filter(|at| page.screen().now.duration_since(*at) > OLD_FACTS) {
        let text = format!("The oldest facts are from {}.", page.screen().time(oldest));
        page.line(&text);
    }
}

fn hints(report: &Report) -> Vec<String> {
    let Some(check) = checks_in_order(report).into_iter().next() else {
        return if report.peerings.is_empty() { Vec::new() } else { vec!["All peerings: -long".to_owned()] };
    };
    let mut hints = vec![format!("Explain: peering explain {check}")];
    let worst = report.findings.iter().find(|it| it.peering.is_some() && it.severity > Severity::Info);
    hints.extend(worst.and_then(|finding| next_command(report, finding)));
    hints
}

/// Returns the command that does what the remedy of a finding about a peering says first.
fn next_command(report: &Report, finding: &Finding) -> Option<String> {
    let peering = finding.peering.as_deref()?;
    if DELETE_FIRST.contains(&finding.check) {
        let (cluster, peering) = (quoted(&finding.cluster), quoted(peering));
        return Some(format!("Delete: peering delete -context {cluster} -name {peering}"));
    }
    let (cluster, peering) = dialer_of(report, finding).filter(|_| finding.severity == Severity::Error)?;
    let (cluster, peering) = (quoted(cluster), quoted(peering));
    Some(format!("Diagnose: peering diagnose -context {cluster} -name {peering}"))
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

/// Renders what changed between two audits.
pub fn changes(changes: &Changes, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let all = &changes.changes;
    if all.is_empty() {
        page.answer(Mark::Ok, "Nothing changed.");
        return page.finish();
    }
    let worst =
        all.iter().filter(|it| it.kind == ChangeKind::FindingAdded).filter_map(|it| it.severity).max();
    let mark = worst.map_or(Mark::Info, finding::mark);
    page.answer(mark, &format!("{}.", counted(count(all.len()), "change")));
    page.empty_line();
    let mut table = Table::new(["CLUSTER", "PEERING", "CHANGE"]);
    let max = if screen.detail == Detail::Long { usize::MAX } else { MAX_CHANGES };
    for change in all.iter().take(max) {
        let peering = change.peering.as_deref().map_or_else(|| "–".to_owned(), |name| screen.name(name));
        table.row([
            cluster_name(&change.cluster, &change.partition, screen),
            peering,
            text_of(change, screen),
        ]);
    }
    table.write(&mut page, 0);
    if all.len() > max {
        page.line(&format!("and {} (-long)", counted(count(all.len() - max), "more change")));
    }
    page.finish()
}

fn text_of(change: &Change, screen: &Screen) -> String {
    let value = |value: &Option<String>| printable(value.as_deref().unwrap_or_default());
    let (before, after) = (value(&change.before), value(&change.after));
    match change.kind {
        ChangeKind::FindingAdded => {
            let mark = screen.mark(change.severity.map_or(Mark::Info, finding::mark));
            format!("{mark} {}: {after}", change.check.unwrap_or_default())
        }
        ChangeKind::FindingResolved => {
            format!("{} resolved: {}", screen.mark(Mark::Ok), change.check.unwrap_or_default())
        }
        ChangeKind::StateChanged => format!("{before} before, {after} now"),
        ChangeKind::ExportsAdded => format!("exports {after}"),
        ChangeKind::ExportsRemoved => format!("no longer exports {before}"),
        ChangeKind::PeeringAdded => format!("new, {after}"),
        ChangeKind::PeeringRemoved => format!("gone, was {before}"),
        ChangeKind::ClusterAdded => format!("new in the inventory, {after}"),
        ChangeKind::ClusterRemoved => "gone from the inventory".to_owned(),
    }
}
