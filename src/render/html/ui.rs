//! The pages of `peering ui`. All text of a cluster is escaped, and hidden characters are shown as on a terminal.

use maud::{DOCTYPE, Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::page::STYLE;
use super::parts::{class, command, labeled, prose, severity, sign, table};
use crate::audit::{Finding, PeeringRow, Place, Report, Role};
use crate::checks;
use crate::lint::Severity;
use crate::render::pretty::audit::{answer, cluster_name, heard};
use crate::render::pretty::{Mark, Screen, finding, printable};
use crate::utc;

/// The script of all pages: it joins the session, and shows the events of a diagnosis.
pub const SCRIPT: &str = include_str!("ui.js");

/// Returns the style of all pages.
pub fn style() -> String {
    [STYLE, include_str!("ui.css")].concat()
}

/// Renders the page of the printed URL, whose script sends the token in the fragment.
pub fn start() -> String {
    document("Peerings", &html! { main { p id="start" { "This page needs JavaScript." } } })
}

/// Renders a message, for example why a request is refused.
pub fn message(text: &str) -> String {
    document("Peerings", &html! { main { p { (text) } } })
}

/// Renders the peerings of an audit: those with problems first.
pub fn peerings(report: &Report, screen: &Screen) -> String {
    let (mark, sentence) = answer::answer(report);
    let by_place = report.findings_by_place();
    let mut rows: Vec<&PeeringRow> = report.peerings.iter().collect();
    // Stable: within a severity, by cluster and name.
    rows.sort_by_key(|row| std::cmp::Reverse(row.finding));
    let of_clusters = report.findings.iter().filter(|finding| finding.peering.is_none());
    let cells = rows.iter().map(|row| {
        let findings = by_place.get(&row.place()).map(Vec::as_slice).unwrap_or_default();
        vec![
            html! { (cluster_name(&row.cluster, &row.partition, screen)) },
            html! { a href=(link("/peering", row.place())) { (printable(&row.peering)) } },
            html! { (row.role.name()) },
            html! { (printable(&row.state)) },
            html! { (heard(row)) },
            html! {
                @if findings.is_empty() {
                    (sign(Mark::Ok))
                    @if let Some(end) = &row.other_end { " ↔ " (cluster_name(&end.cluster, &end.partition, screen)) }
                }
                @for finding in findings { div { (sign(finding::mark(finding.severity))) " " (printable(&finding.message)) } }
            },
        ]
    });
    let body = html! {
        header class={ "answer " (class(mark)) } {
            h1 { (sign(mark)) " " (sentence) }
            p { "Read at " (utc::date_time(report.judged_at)) ". " a href="/peerings?new=1" { "Audit again" } }
        }
        main {
            (findings_list(of_clusters))
            (table("Peerings", &["Cluster", "Peering", "Role", "State", "Heard", "Note"], &cells.collect::<Vec<_>>()))
            (remedies(report.findings.iter()))
        }
    };
    document("Peerings", &body)
}

/// Renders both ends of a peering; `None` if the audit has no such peering.
pub fn peering(report: &Report, place: (&str, &str, &str), screen: &Screen) -> Option<String> {
    let place: Place<'_> = (place.0, place.1, Some(place.2));
    let row = report.peerings.iter().find(|row| row.place() == place)?;
    let other = row.other_end.as_ref();
    let other = other.and_then(|end| report.peerings.iter().find(|row| row.place() == end.place()));
    let ends: Vec<&PeeringRow> = std::iter::once(row).chain(other).collect();
    let by_place = report.findings_by_place();
    let mut found: Vec<&Finding> =
        ends.iter().flat_map(|row| by_place.get(&row.place()).cloned().unwrap_or_default()).collect();
    found.dedup_by(|one, other| std::ptr::eq(*one, *other));
    let dialer = ends.iter().find(|row| row.role == Role::Dialer).unwrap_or(&row);
    let title =
        format!("{} at {}", printable(&row.peering), cluster_name(&row.cluster, &row.partition, screen));
    let body = html! {
        main {
            h1 { (title) }
            div class="ends" {
                @for row in &ends {
                    section {
                        h2 { (cluster_name(&row.cluster, &row.partition, screen)) ": " (row.role.name()) }
                        (labeled(&facts(row, screen)))
                    }
                }
                @if other.is_none() { section { h2 { "The other end was not found." } } }
            }
            (findings_list(found.iter().copied()))
            (remedies(found.iter().copied()))
            h2 { "Diagnosis" }
            p {
                button id="diagnose" data-events=(link("/diagnose", dialer.place())) { "Diagnose" }
                " at " (cluster_name(&dialer.cluster, &dialer.partition, screen)) ", seen from this machine"
            }
            ul id="steps" {}
            pre id="result" role="status" {}
        }
    };
    Some(document(&title, &body))
}

/// Renders the ledger: `text` is the screen of `peering history`.
pub fn history(text: &str) -> String {
    let body = html! {
        main {
            h1 { "Ledger" }
            pre { (text) }
            (command("More", "peering history -long"))
        }
    };
    document("Ledger", &body)
}

fn facts(row: &PeeringRow, screen: &Screen) -> Vec<(&'static str, String)> {
    let ca = row.peer_ca_expires_at.map(|at| format!("{} ({})", utc::day(at), utc::relative(at, screen.now)));
    vec![
        ("Name", printable(&row.peering)),
        ("State", printable(&row.state)),
        ("Heard", heard(row)),
        ("Imports", row.imported_services.to_string()),
        ("Exports", row.exported_services.to_string()),
        ("CA of the peer expires", ca.unwrap_or_else(|| "–".to_owned())),
        ("ID", printable(&row.id)),
        ("Read at", utc::date_time(row.observed_at)),
    ]
}

fn findings_list<'a>(findings: impl Iterator<Item = &'a Finding>) -> Markup {
    html! {
        ul class="findings" {
            @for finding in findings {
                li { (severity(finding.severity)) " " code { (finding.check) } " " (printable(&finding.place())) ": " (printable(&finding.message)) }
            }
        }
    }
}

/// Returns the remedy of each check that needs something done, once.
fn remedies<'a>(findings: impl Iterator<Item = &'a Finding>) -> Markup {
    let mut names: Vec<&str> = Vec::new();
    for finding in findings.filter(|finding| finding.severity > Severity::Info) {
        if !names.contains(&finding.check) {
            names.push(finding.check);
        }
    }
    let rows: Vec<(&str, Markup)> =
        names.iter().filter_map(|name| Some((*name, prose(checks::find(name)?.remedy)))).collect();
    html! { @if !rows.is_empty() { h2 { "Fix" } (labeled(&rows)) } }
}

fn link(path: &str, (cluster, partition, name): Place<'_>) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        "{path}?cluster={}&partition={}&name={}",
        encoded(cluster),
        encoded(partition),
        encoded(name.unwrap_or_default())
    )
}

fn document(title: &str, body: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – peering" }
                link rel="stylesheet" href="/ui.css";
                script src="/ui.js" defer {}
            }
            body {
                nav { a href="/peerings" { "Peerings" } " " a href="/history" { "Ledger" } }
                (body)
            }
        }
    };
    document.into_string() + "\n"
}
