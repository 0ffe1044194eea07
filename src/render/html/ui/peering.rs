//! The page about one peering: its state, both ends side by side, the diagnosis, and its tokens in the ledger.

use maud::{Markup, html};

use super::{document, key, records};
use crate::audit::{Finding, PeeringRow, Place, Report, Role};
use crate::checks;
use crate::diagnosis::Diagnosis;
use crate::lint::Severity;
use crate::net::ledger::history::{History, HistoryRecord};
use crate::render::html::audit::View;
use crate::render::html::page::Content;
use crate::render::html::parts::{class, labeled, prose, severity, sign};
use crate::render::pretty::audit::{cluster_name, heard};
use crate::render::pretty::{Screen, printable};
use crate::utc;

/// Renders the page about a peering; `None` if the audit has no such peering. `history` is the ledger, if it can be read.
pub fn peering(
    report: &Report,
    place: Place<'_>,
    history: Option<&History>,
    screen: &Screen,
) -> Option<String> {
    let view = View::new(report, screen, None);
    let peering = view.peerings.iter().find(|it| it.pair.ends().any(|end| end.place() == place))?;
    let pair = peering.pair;
    let row = pair.dialer.or(pair.acceptor)?;
    let name = |cluster: Option<usize>| cluster.map_or("an unknown cluster", |_| view.name(cluster));
    let (dialer, acceptor) = (name(peering.dialer), name(peering.acceptor));
    let title = format!("{dialer} dials {acceptor}");
    let summary = html! {
        @for finding in &peering.findings { (one_finding(&view, finding)) }
        @for remedy in remedies(&peering.findings) { dl { dt { "Fix" } dd { (prose(remedy)) } } }
    };
    let answer = format!("{title}: the peering {}.", peering.state.verb(1));
    let content = Content { mark: peering.state.mark(), answer, summary, body: Markup::default() };
    let tokens = tokens(history, pair.acceptor);
    let note = html! { p class="command" { "Read at " (utc::date_time(report.judged_at)) } };
    let body = html! {
        (content.header(&note))
        main {
            section {
                h2 { "Both ends" }
                div class="both-ends" {
                    (end(Role::Dialer, dialer, pair.dialer, screen))
                    (end(Role::Acceptor, acceptor, pair.acceptor, screen))
                }
            }
            section {
                h2 { "Diagnosis" }
                p {
                    button id="diagnose" data-events={ "/diagnose?key=" (key(row.place())) } { "Diagnose" }
                    " asks " (cluster_name(&row.cluster, &row.partition, screen))
                    ", and connects to the peer's servers from this machine. It changes nothing."
                }
                ol id="steps" {}
                div id="result" role="status" {}
            }
            @if !tokens.is_empty() {
                section { h2 { "Tokens in the ledger" } (records(tokens.into_iter(), screen)) }
            }
        }
    };
    Some(document(&title, &body))
}

/// Renders the result of a diagnosis: the answer, then everything else.
pub fn diagnosis(result: Result<&Diagnosis, &str>, screen: &Screen) -> String {
    let result = match result {
        Ok(diagnosis) => {
            let Content { mark, answer, summary, body } = super::super::diagnosis::content(diagnosis, screen);
            html! {
                div class={ "answer " (class(mark)) } { h3 { (sign(mark)) " " (answer) } (summary) }
                (body)
            }
        }
        Err(reason) => html! { p { "The diagnosis failed: " (screen.text(reason)) } },
    };
    result.into_string()
}

fn one_finding(view: &View<'_>, finding: &Finding) -> Markup {
    html! { p { (severity(finding.severity)) " " b { (view.place(finding)) } " " (view.screen.text(&finding.message)) } }
}

/// Returns the remedy of each check that needs something done, once.
fn remedies(findings: &[&Finding]) -> Vec<&'static str> {
    let mut remedies = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity > Severity::Info) {
        let remedy = checks::find(finding.check).map(|check| check.remedy);
        remedies.extend(remedy.filter(|remedy| !remedies.contains(remedy)));
    }
    remedies
}

/// Returns what an end reports.
fn end(role: Role, cluster: &str, row: Option<&PeeringRow>, screen: &Screen) -> Markup {
    html! {
        section {
            h3 { (cluster) " " span class="dim" { (role.name()) } }
            @match row {
                Some(row) => (labeled(&facts(row, screen))),
                None => p { "The audit has no peering of this end." },
            }
        }
    }
}

fn facts(row: &PeeringRow, screen: &Screen) -> Vec<(&'static str, String)> {
    let day = row.peer_ca_expires_at.map_or_else(|| "–".to_owned(), |at| screen.day(at));
    vec![
        ("Name", screen.name(&row.peering)),
        ("State", screen.text(&row.state)),
        ("Last heard", heard_ago(row)),
        ("Imported services", row.imported_services.to_string()),
        ("Exported services", row.exported_services.to_string()),
        ("Peer CA expires", day),
        ("ID", printable(&row.id)),
        ("Read", screen.time(row.observed_at)),
    ]
}

fn heard_ago(row: &PeeringRow) -> String {
    let heard = heard(row);
    if row.last_heard_at.is_some() { format!("{heard} before it was read") } else { heard }
}

/// Returns the records of a peering's tokens, oldest first.
fn tokens<'a>(history: Option<&'a History>, acceptor: Option<&PeeringRow>) -> Vec<&'a HistoryRecord> {
    let (Some(history), Some(acceptor)) = (history, acceptor) else { return Vec::new() };
    history.records.iter().filter(|record| record.peer_id == acceptor.id).collect()
}
