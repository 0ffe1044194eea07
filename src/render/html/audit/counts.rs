//! The numbers of clusters, peerings and findings.

use maud::{Markup, html};

use super::view::{View, shown};
use crate::render::html::parts::sign;
use crate::render::pretty::audit::answer::{COULD_NOT_BE_READ, Counts};
use crate::render::pretty::{Mark, count, counted, finding};

/// Returns a box for each kind.
pub(super) fn counts(view: &View<'_>) -> Markup {
    let counts = Counts::of(view.report);
    let findings = &view.report.findings;
    let severities = finding::counts(findings.iter().map(|finding| finding.severity));
    html! {
        section class="counts" aria-label="Counts" {
            div {
                p class="number" { (counts.clusters()) }
                @if counts.unread > 0 {
                    p { (sign(Mark::Failure)) " " (shown(counts.unread)) " " (COULD_NOT_BE_READ) }
                }
            }
            div {
                p class="number" { (counts.peerings()) }
                @for (state, number) in view.tally().parts() {
                    p { (sign(state.mark())) " " (shown(number)) " " (state.verb(number)) }
                }
            }
            div {
                p class="number" { (counted(count(findings.len()), "finding")) }
                @if !findings.is_empty() { p { (severities) } }
            }
        }
    }
}
