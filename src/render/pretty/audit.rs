//! The screen of `audit`: the answer, a table of the clusters and peerings with problems first, and each remedy once.

pub(in crate::render) mod answer;
mod changes;

use std::collections::HashMap;

use jiff::SignedDuration;
use owo_colors::OwoColorize;
use textwrap::core::display_width;

use super::finding;
use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::table::Table;
use super::{count, counted, printable};
use crate::audit::{Finding, PeeringRow, Place, Report, Status};
use crate::utc;

pub use changes::changes;

/// How many lines the answer, the remedies and the hints need beside the table.
const BESIDE_TABLE: usize = 8;

/// How many findings about clusters fit on one screen.
const MAX_CLUSTERS: usize = 3;

/// The indentation of a finding about a cluster that needs several lines.
const CLUSTER_INDENT: usize = 4;

type ByPlace<'a> = HashMap<Place<'a>, Vec<&'a Finding>>;

/// Renders the report.
pub fn audit(report: &Report, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let (mark, sentence) = answer::answer(report);
    page.answer(mark, &sentence);
    if screen.detail != Detail::Short {
        clusters(&mut page, report);
        table(&mut page, report);
    }
    fixes(&mut page, report);
    for note in answer::notes(report, screen) {
        page.line(&note);
    }
    if screen.detail == Detail::Normal {
        page.empty_line();
        page.hints(&hints(report));
    }
    page.finish()
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

/// Returns the name of a cluster, with its partition unless that is the default one.
pub(in crate::render) fn cluster_name(cluster: &str, partition: &str, screen: &Screen) -> String {
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
pub(in crate::render) fn heard(row: &PeeringRow) -> String {
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
    let checks = answer::checks_to_fix(report);
    let Some(name_width) = checks.iter().map(|(_, check)| check.name.len()).max() else { return };
    page.heading("Fix");
    let limits = page.screen().detail == Detail::Normal;
    let all = checks.len();
    for (index, (_, check)) in checks.into_iter().enumerate() {
        let mut fix = page.empty();
        fix.labeled(check.name, name_width, check.remedy);
        let rest = usize::from(index + 1 < all);
        if limits && index > 0 && fix.lines() > page.room(rest + 2) {
            page.line(&format!("{} more: peering explain CHECK, or -long", all - index));
            return;
        }
        page.append(&fix);
    }
}

fn hints(report: &Report) -> Vec<String> {
    let commands = answer::next_commands(report);
    if commands.is_empty() && !report.peerings.is_empty() {
        return vec!["All peerings: -long".to_owned()];
    }
    commands.into_iter().map(|(label, command)| format!("{label}: {command}")).collect()
}
