//! The findings by check: what to do about all of them, then each place.

use maud::{Markup, html};

use super::view::{View, shown};
use crate::audit::{Finding, OtherEnd};
use crate::checks;
use crate::lint::Severity;
use crate::render::html::parts::{command, prose, severity};
use crate::render::pretty::audit::cluster_name;
use crate::render::pretty::{count, counted};

/// How many findings of a check are shown at once. The others are folded.
const OPEN: usize = 8;

/// How many findings of a check are listed.
const MAX: usize = 500;

/// Returns each check that found something, the most severe first.
pub(super) fn findings(view: &View<'_>) -> Markup {
    let mut groups: Vec<(Severity, &'static str, Vec<&Finding>)> = Vec::new();
    for finding in &view.report.findings {
        let key = (finding.severity, finding.check);
        match groups.iter_mut().find(|(severity, check, _)| (*severity, *check) == key) {
            Some((_, _, findings)) => findings.push(finding),
            None => groups.push((finding.severity, finding.check, vec![finding])),
        }
    }
    html! {
        @if !groups.is_empty() {
            section {
                h2 id="findings" { "Findings" }
                @for (severity, check, findings) in &groups { (one_check(view, *severity, check, findings)) }
            }
        }
    }
}

fn one_check(view: &View<'_>, of: Severity, name: &'static str, findings: &[&Finding]) -> Markup {
    let (open, folded) = findings.split_at(findings.len().min(OPEN));
    let listed = &folded[..folded.len().min(MAX - OPEN)];
    let more = folded.len() - listed.len();
    html! {
        div class="fix" id={ "check-" (name) } {
            h3 {
                (severity(of)) " " code { (name) } " "
                span class="dim" { (counted(count(findings.len()), "finding")) }
            }
            @if let Some(check) = checks::find(name) {
                p { (prose(check.summary)) }
                dl { dt { "Fix" } dd { (prose(check.remedy)) } }
            }
            (command("Explain", &format!("peering explain {name}")))
            (list(view, open))
            @if !listed.is_empty() {
                details class="more" {
                    summary { "and " (shown(folded.len())) " more" }
                    (list(view, listed))
                    @if more > 0 { p { "and " (shown(more)) " more (-format json)" } }
                }
            }
        }
    }
}

fn list(view: &View<'_>, findings: &[&Finding]) -> Markup {
    html! {
        ul class="places" {
            @for finding in findings {
                li {
                    b { (view.place(finding)) }
                    @if let Some(end) = &finding.other_end { " and " b { (place(view, end)) } }
                    ": " (view.screen.text(&finding.message))
                }
            }
        }
    }
}

fn place(view: &View<'_>, end: &OtherEnd) -> String {
    let cluster = cluster_name(&end.cluster, &end.partition, view.screen);
    format!("{cluster}/{}", view.screen.name(&end.peering))
}
