//! The report of `diagnose`: the answer and what to do, the addresses, all causes with their evidence, and what every source
//! reported.

use maud::{Markup, html};

use super::page::{Content, Page};
use super::parts::{command, labeled, prose, sign, table};
use crate::connectivity::{AddressTrace, Connectivity};
use crate::diagnosis::{Cause, Diagnoses, Diagnosis, Effect, SourceDiagnosis};
use crate::lint::Severity;
use crate::render::pretty::diagnosis::{self as words, cells, steps};
use crate::render::pretty::inspection::verdict_sentence;
use crate::render::pretty::{Mark, NO_PEERINGS, Screen, finding};

const COMMAND: &str = "peering diagnose";

/// Returns the report on one diagnosis.
pub fn diagnosis(diagnosis: &Diagnosis, screen: &Screen) -> String {
    Page { command: COMMAND, screen, content: content(diagnosis, screen), rules: String::new() }.render()
}

/// Returns what the report on one diagnosis says.
pub(super) fn content(diagnosis: &Diagnosis, screen: &Screen) -> Content {
    let (mark, answer) = answer_of(diagnosis, screen);
    Content { mark, answer, summary: what_to_do(diagnosis, screen), body: everything(diagnosis, screen) }
}

/// Returns the report on several tokens, in order.
pub fn diagnoses(all: &Diagnoses<'_>, screen: &Screen) -> String {
    let answer = |it: &SourceDiagnosis<'_>| {
        let (mark, answer) = answer_of(it.diagnosis, screen);
        (mark, format!("{}: {answer}", screen.name(it.source)))
    };
    several(&all.diagnoses.iter().collect::<Vec<_>>(), answer, screen)
}

/// Returns the report on all peerings of a cluster: those that do not work first.
pub fn peerings(all: &Diagnoses<'_>, screen: &Screen) -> String {
    let (mut ordered, healthy): (Vec<_>, Vec<_>) =
        all.diagnoses.iter().partition(|it| words::is_blocked(it.diagnosis));
    ordered.extend(healthy);
    // The answer names the peering.
    several(&ordered, |it| answer_of(it.diagnosis, screen), screen)
}

fn several(
    all: &[&SourceDiagnosis<'_>],
    answer_in_list: impl Fn(&SourceDiagnosis<'_>) -> (Mark, String),
    screen: &Screen,
) -> String {
    let (mark, answer) = match all.first() {
        Some(first) => answer_in_list(first),
        None => (Mark::Ok, NO_PEERINGS.to_owned()),
    };
    let summary = html! {
        @if all.len() > 1 {
            ul class="answers" {
                @for (number, it) in (1..).zip(all) {
                    @let (mark, answer) = answer_in_list(it);
                    li { (sign(mark)) " " a href={ "#diagnosis-" (number) } { (answer) } }
                }
            }
        }
    };
    let body = html! {
        @for (number, it) in (1..).zip(all) {
            @let (mark, answer) = answer_of(it.diagnosis, screen);
            section id={ "diagnosis-" (number) } {
                h2 { (screen.name(it.source)) }
                p { (sign(mark)) " " b { (answer) } }
                (what_to_do(it.diagnosis, screen))
                details { summary { "All details" } div class="nested" { (everything(it.diagnosis, screen)) } }
            }
        }
    };
    let content = Content { mark, answer, summary, body };
    Page { command: COMMAND, screen, content, rules: String::new() }.render()
}

fn answer_of(diagnosis: &Diagnosis, screen: &Screen) -> (Mark, String) {
    (words::mark(diagnosis.status), screen.shown(&words::headline(diagnosis, screen)))
}

/// Returns why the main cause is likely, and what to do about it.
fn what_to_do(diagnosis: &Diagnosis, screen: &Screen) -> Markup {
    html! {
        @if let Some(note) = words::token_only(diagnosis) { p { (note) } }
        @for reason in words::reasons(diagnosis) { p { (screen.text(reason)) } }
        @if let Some(cause) = diagnosis.main_cause() {
            (labeled(&[("Fix", prose(&screen.text(&cause.remedy)))]))
            @if let Some(next) = &cause.next { (command("Next", &screen.text(next))) }
        }
    }
}

fn everything(diagnosis: &Diagnosis, screen: &Screen) -> Markup {
    let not_checked: Vec<(String, String)> = words::not_checked(diagnosis)
        .into_iter()
        .map(|(sources, reason)| (sources, screen.shown(&reason)))
        .collect();
    html! {
        @if let Some(connectivity) = &diagnosis.connectivity { (addresses(connectivity, screen)) }
        (causes(diagnosis, screen))
        @if let Some(acceptance) = &diagnosis.consul {
            section {
                h2 { "Token" }
                @let mark = if acceptance.message.is_none() { Mark::Ok } else { Mark::Failure };
                p { (sign(mark)) " " (verdict_sentence(acceptance)) " (" (acceptance.reference) ")" }
                @if let Some(message) = &acceptance.message { p { code { (screen.text(message)) } } }
            }
        }
        @if let Some(staleness) = &diagnosis.staleness {
            section { h2 { "Staleness" } p { (screen.text(&staleness.summary)) } }
        }
        @if let Some(view) = &diagnosis.dialer {
            @let rows = words::dialer_rows(view).into_iter().map(|(label, row)| (label, screen.shown(&row)));
            section {
                h2 { "Consul at " (screen.text(&view.address)) }
                (labeled(&rows.collect::<Vec<_>>()))
            }
        }
        @if !not_checked.is_empty() {
            section {
                h2 { "Not checked" }
                dl { @for (sources, reason) in &not_checked { dt { (sources) } dd { (reason) } } }
            }
        }
    }
}

/// Returns one row per address, and all steps to each.
fn addresses(connectivity: &Connectivity, screen: &Screen) -> Markup {
    let rows: Vec<Vec<Markup>> = connectivity.addresses.iter().map(|it| row(it, screen)).collect();
    html! {
        section {
            h2 { "Addresses" }
            (table("Addresses", &words::COLUMNS, &rows))
            @if let Some(more) = words::truncated(connectivity) { p { (more) } }
            p class="dim" { (screen.shown(&words::seen_from(connectivity))) }
            @if !connectivity.addresses.is_empty() {
                details {
                    summary { "All steps" }
                    @for trace in &connectivity.addresses { (all_steps(trace, screen)) }
                }
            }
        }
    }
}

fn row(trace: &AddressTrace, screen: &Screen) -> Vec<Markup> {
    let address = html! { code { (screen.shown(&words::address(trace))) } };
    let cells = cells::results(trace).into_iter().map(|cell| match cell {
        None => sign(Mark::Open),
        Some((mark, text)) => html! { span class="name" { (sign(mark)) " " (screen.shown(&text)) } },
    });
    std::iter::once(address).chain(cells).collect()
}

fn all_steps(trace: &AddressTrace, screen: &Screen) -> Markup {
    html! {
        h3 { code { (screen.shown(&words::address(trace))) } " " span class="dim" { (trace.path) } }
        dl {
            @for step in steps::lines(trace) {
                dt { @if let Some(mark) = step.mark { (sign(mark)) " " } (step.name) }
                dd { (screen.shown(&step.text)) }
            }
            @if trace.connections > 1 { dt { "connections" } dd { (steps::connections(trace)) } }
        }
    }
}

/// Returns all causes with their evidence: those that block the peering first.
fn causes(diagnosis: &Diagnosis, screen: &Screen) -> Markup {
    let (blocking, notes): (Vec<&Cause>, Vec<&Cause>) =
        diagnosis.causes.iter().partition(|cause| cause.severity == Severity::Error);
    let main = diagnosis.main_cause().map(|cause| cause.name);
    html! {
        @for (heading, causes) in [(words::CAUSES, blocking), (words::NOTES, notes)] {
            @if !causes.is_empty() {
                section {
                    h2 { (heading) }
                    ol class="causes" {
                        @for cause in causes { li { (one_cause(cause, main == Some(cause.name), screen)) } }
                    }
                }
            }
        }
    }
}

/// Returns a cause with its evidence. The summary and the fix of the main cause are in the answer.
fn one_cause(cause: &Cause, is_main: bool, screen: &Screen) -> Markup {
    let effect = |effect| match effect {
        Effect::Raises => "+",
        Effect::Lowers => "-",
    };
    html! {
        p { (sign(finding::mark(cause.severity))) " " code { (cause.name) } " (" (words::certainty(cause)) ")" }
        @if !is_main { p { (screen.text(&cause.summary)) } }
        @if !cause.evidence.is_empty() {
            ul class="evidence" {
                @for evidence in &cause.evidence {
                    li {
                        (effect(evidence.effect)) " " (evidence.source.label()) ": "
                        (screen.text(&evidence.message))
                    }
                }
            }
        }
        @if !is_main {
            (labeled(&[("Fix", prose(&screen.text(&cause.remedy)))]))
            @if let Some(next) = &cause.next { (command("Next", &screen.text(next))) }
        }
    }
}
