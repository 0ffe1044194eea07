//! The table of all peerings, which can be filtered without a script, and the table of clusters.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::view::{Peering, State, View, shown};
use crate::audit::PeeringRow;
use crate::render::html::parts::{scrolling, sign, table};
use crate::render::pretty::audit::heard;
use crate::render::pretty::{Mark, count, counted};
use crate::utc;

/// How many peerings the table lists: problems first.
const MAX_ROWS: usize = 2000;

/// From this number of rows on, the table shows only the problems at first.
const MANY_ROWS: usize = 50;

/// The filter that shows all rows, and the one that shows problems.
const ALL: &str = "all";
const PROBLEMS: &str = "problems";

/// Returns the CSS of the filters: a rule for each check.
pub(in crate::render::html) fn rules(checks: impl Iterator<Item = &'static str>) -> String {
    let mut rules = format!("#show-{PROBLEMS}:checked~.rows tr.no-problem{{display:none}}\n");
    for check in checks {
        let _ = writeln!(rules, "#show-{check}:checked~.rows tbody tr:not(.{check}){{display:none}}");
    }
    rules
}

/// Returns the checks that found something about peerings, with the number of those peerings.
pub(super) fn checks(view: &View<'_>) -> Vec<(&'static str, usize)> {
    let mut checks: Vec<(&'static str, usize)> = Vec::new();
    // In the order of the findings: the most severe first.
    for finding in view.report.findings.iter().filter(|it| it.peering.is_some()) {
        if !checks.iter().any(|(check, _)| *check == finding.check) {
            let has_it = |peering: &&Peering<'_>| peering.findings.iter().any(|it| it.check == finding.check);
            checks.push((finding.check, view.peerings.iter().filter(has_it).count()));
        }
    }
    checks
}

/// Returns the table of peerings; nothing without peerings.
pub(super) fn peerings(view: &View<'_>) -> Markup {
    if view.peerings.is_empty() {
        return Markup::default();
    }
    let mut ordered: Vec<&Peering<'_>> = view.peerings.iter().collect();
    // Stable: within a state, by cluster and name.
    ordered.sort_by_key(|peering| std::cmp::Reverse(peering.state));
    let all = ordered.len();
    ordered.truncate(MAX_ROWS);
    let header = ["State", "Dialer", "Acceptor", "Reported", "Heard", "CA", "Findings"];
    let rows = html! {
        table {
            thead { tr { @for column in header { th scope="col" { (column) } } } }
            tbody { @for peering in ordered { (row(view, peering)) } }
        }
    };
    let filters = filters(view);
    html! {
        section {
            h2 id="peerings" { "Peerings" }
            @if filters.len() > 1 { (filtered(&filters, &scrolling("Peerings", &rows))) }
            @else { (scrolling("Peerings", &rows)) }
            @if all > MAX_ROWS {
                p { "The table lists " (shown(MAX_ROWS)) " of " (shown(all)) " peerings, problems first. All: -format json" }
            }
        }
    }
}

/// Returns the filters: their names, labels and numbers of rows.
fn filters(view: &View<'_>) -> Vec<(&'static str, usize)> {
    let all = view.peerings.len();
    let problems = view.tally().problems();
    let by_state = [(ALL, all), (PROBLEMS, problems)].into_iter().filter(|(_, number)| *number > 0);
    by_state.chain(checks(view)).collect()
}

/// Returns rows below their filters. The choice is a radio button, so that CSS can act on it.
fn filtered(filters: &[(&'static str, usize)], rows: &Markup) -> Markup {
    let has_many = filters.iter().any(|(name, number)| *name == ALL && *number > MANY_ROWS);
    let first = filters.iter().map(|(name, _)| *name).find(|name| has_many && *name == PROBLEMS);
    let first = first.unwrap_or(ALL);
    html! {
        div class="filters" role="group" aria-label="Show" {
            @for (name, number) in filters {
                input type="radio" name="show" id={ "show-" (name) } checked[*name == first];
                label for={ "show-" (name) } { (name) " " span class="dim" { (shown(*number)) } }
            }
            div class="rows" { (rows) }
        }
    }
}

fn row(view: &View<'_>, peering: &Peering<'_>) -> Markup {
    let mut checks: Vec<&str> = peering.findings.iter().map(|finding| finding.check).collect();
    checks.dedup();
    let problem = if peering.state.is_problem() { "" } else { "no-problem" };
    let classes = std::iter::once(problem).chain(checks.iter().copied()).filter(|it| !it.is_empty());
    let verb = if peering.state == State::OneEnd { "one end only" } else { peering.state.verb(1) };
    html! {
        tr class=[Some(classes.collect::<Vec<_>>().join(" ")).filter(|it| !it.is_empty())] {
            td class="state" { (sign(peering.state.mark())) " " span class="name" { (verb) } }
            td { (end(view, peering.dialer, peering.pair.dialer)) }
            td { (end(view, peering.acceptor, peering.pair.acceptor)) }
            td { (both(peering, |row| view.screen.text(&row.state))) }
            td { (both(peering, heard)) }
            td { (ca(view, peering)) }
            td { @for (at, check) in checks.iter().enumerate() {
                @if at > 0 { ", " }
                a href={ "#check-" (check) } { (check) }
            } }
        }
    }
}

/// Returns the cluster of an end and the local name of the peering there.
fn end(view: &View<'_>, cluster: Option<usize>, row: Option<&PeeringRow>) -> Markup {
    let name = html! {
        b { (view.name(cluster)) } @if let Some(row) = row { " " (view.screen.name(&row.peering)) }
    };
    let address = view.link.and_then(|link| Some(link(row?.place())));
    html! {
        @if let Some(address) = address { a class="name" href=(address) { (name) } }
        @else { span class="name" { (name) } }
    }
}

/// Returns what the ends report: once, if it is the same.
fn both(peering: &Peering<'_>, value: impl Fn(&PeeringRow) -> String) -> Markup {
    let mut values: Vec<String> = peering.pair.ends().map(value).collect();
    values.dedup();
    html! { span class="name" { (values.join(" / ")) } }
}

/// Returns how long the CA certificates of the peers are valid: the shorter of both.
fn ca(view: &View<'_>, peering: &Peering<'_>) -> Markup {
    let earliest = peering.pair.ends().filter_map(|row| row.peer_ca_expires_at).min();
    html! { span class="name" { @match earliest {
        Some(at) if at < view.screen.now => { (sign(Mark::Failure)) " expired" }
        Some(at) => (utc::span(at.duration_since(view.screen.now))),
        None => "–",
    } } }
}

/// Returns the table of clusters, folded.
pub(super) fn clusters(view: &View<'_>) -> Markup {
    let rows: Vec<Vec<Markup>> = view
        .clusters
        .iter()
        .map(|cluster| {
            let row = cluster.row;
            let or_dash = |text: Option<&str>| text.map_or_else(|| "–".to_owned(), |it| view.screen.text(it));
            vec![
                html! { span class="name" { (sign(cluster.mark().unwrap_or(Mark::Ok))) " " b { (cluster.name) } } },
                html! { (or_dash(row.datacenter.as_deref())) },
                html! { (or_dash(row.consul_version.as_deref())) },
                html! { (row.ca_expires_at.map_or_else(|| "–".to_owned(), |at| view.screen.day(at))) },
                html! { (shown(row.peerings)) },
                html! { (view.screen.time(row.observed_at)) },
            ]
        })
        .collect();
    let header = ["Cluster", "Datacenter", "Consul", "CA expires", "Peerings", "Read"];
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Clusters" }
                details {
                    summary { "All " (counted(count(rows.len()), "cluster")) }
                    (table("Clusters", &header, &rows))
                }
            }
        }
    }
}
