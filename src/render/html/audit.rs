//! The report of `audit`: numbers, the clusters with the most problems, the findings with their remedies, pictures of who
//! peers with whom, a table of all peerings, and how long certificates live.

mod circle;
mod counts;
mod findings;
mod grid;
mod groups;
mod lifetimes;
mod matrix;
mod table;
mod view;
mod worst;

use maud::{Markup, html};

use super::page::{Content, Page};
use super::parts::{command, prose, severity};
use crate::audit::Report;
use crate::checks;
use crate::render::pretty::Screen;
use crate::render::pretty::audit::answer as words;

pub(super) use table::rules;
pub(super) use view::View;

/// Returns the report.
pub fn audit(report: &Report, screen: &Screen) -> String {
    let view = View::new(report, screen, None);
    let rules = rules(table::checks(&view).into_iter().map(|(check, _)| check));
    Page { command: "peering audit", screen, content: content(&view), rules }.render()
}

/// Returns what the report says.
pub(super) fn content(view: &View<'_>) -> Content {
    let (mark, answer) = words::answer(view.report);
    let body = html! {
        (counts::counts(view))
        (worst::worst(view))
        (pictures(view))
        (findings::findings(view))
        (table::peerings(view))
        (table::clusters(view))
        (lifetimes::lifetimes(view))
    };
    Content { mark, answer: view.screen.shown(&answer), summary: summary(view), body }
}

/// Returns who dials whom: few clusters also on a circle.
fn pictures(view: &View<'_>) -> Markup {
    html! {
        @if !view.peerings.is_empty() {
            section {
                h2 { "Who dials whom" }
                div class="pictures" {
                    (circle::circle(view))
                    div { (matrix::matrix(view)) }
                }
                (matrix::legend(view))
            }
        }
    }
}

/// Returns the worst findings with their remedies and the next commands, and what limits the answer.
fn summary(view: &View<'_>) -> Markup {
    html! {
        @for finding in words::worst(view.report) {
            p {
                (severity(finding.severity)) " " b { (view.place(finding)) } " "
                (view.screen.text(&finding.message))
            }
            @if let Some(check) = checks::find(finding.check) {
                dl { dt { "Fix" } dd { (prose(check.remedy)) } }
            }
        }
        @for (label, next) in words::next_commands(view.report) { (command(label, &view.screen.text(&next))) }
        @for note in words::notes(view.report, view.screen) { p { (view.screen.shown(&note)) } }
    }
}
