//! The report of `validate`: each token with its findings, then each remedy once.

use maud::{Markup, html};

use super::page::{Content, Page};
use super::parts::{command, labeled, prose, severity, sign};
use crate::lint::{UnreadableInput, ValidatedToken};
use crate::render::pretty::{Mark, Screen, finding, report as words};

/// Returns the report on tokens, the worst first.
pub fn reports(tokens: &[Result<ValidatedToken, UnreadableInput>], screen: &Screen) -> String {
    let unread: Vec<&UnreadableInput> = tokens.iter().filter_map(|token| token.as_ref().err()).collect();
    let tokens = words::worst_first(tokens.iter().flatten());
    let (mark, answer) = match (tokens.first(), unread.first()) {
        (Some(token), _) => words::answer(token),
        (None, Some(input)) => (Mark::Failure, unreadable(input)),
        (None, None) => (Mark::Ok, words::summary(&tokens)),
    };
    let body = html! {
        @for (number, token) in (1..).zip(&tokens) {
            section id={ "token-" (number) } { (one(token, tokens.len() == 1, screen)) }
        }
        (not_read(&unread, screen))
        (fixes(&tokens))
    };
    Page {
        command: "peering validate",
        screen,
        content: Content { mark, answer: screen.shown(&answer), summary: summary(&tokens, screen), body },
        rules: String::new(),
    }
    .render()
}

/// Returns the worst finding, and an overview of several tokens.
fn summary(tokens: &[&ValidatedToken], screen: &Screen) -> Markup {
    let groups = tokens.first().map(|token| finding::groups(&token.report.findings)).unwrap_or_default();
    html! {
        @if let Some(worst) = groups.first() {
            p { (severity(worst.severity)) " " code { (worst.check) } " " (screen.shown(&worst.message())) }
        }
        @if tokens.len() > 1 {
            p { (words::summary(tokens)) }
            ul class="answers" {
                @for (number, token) in (1..).zip(tokens) {
                    @let (mark, answer) = words::answer(token);
                    li { (sign(mark)) " " a href={ "#token-" (number) } { (screen.shown(&answer)) } }
                }
            }
        }
    }
}

fn one(token: &ValidatedToken, is_only: bool, screen: &Screen) -> Markup {
    let report = &token.report;
    let groups = finding::groups(&report.findings);
    let (mark, answer) = words::answer(token);
    html! {
        @if is_only { h2 { "Findings" } } @else { h2 { (sign(mark)) " " (screen.shown(&answer)) } }
        @if !groups.is_empty() {
            ul class="findings" {
                @for group in &groups {
                    li {
                        p {
                            (severity(group.severity)) " "
                            a href={ "#fix-" (group.check) } { code { (group.check) } }
                        }
                        @for finding in &group.findings {
                            p { code { (screen.text(&finding.path)) } " " (screen.text(&finding.message)) }
                        }
                    }
                }
            }
        }
        p class="dim" {
            (words::verdict_of(report)) ". " (words::passed(report)) "."
            @if !report.consul.exact { " " (words::INEXACT) }
        }
    }
}

/// Returns what to do about each check that found something.
fn fixes(tokens: &[&ValidatedToken]) -> Markup {
    let groups = words::checks_found(tokens);
    html! {
        @if !groups.is_empty() {
            section {
                h2 { "Fix" }
                @for group in &groups {
                    div class="fix" id={ "fix-" (group.check) } {
                        h3 { (severity(group.severity)) " " code { (group.check) } }
                        @if let Some(remedy) = group.remedy() { p { (prose(remedy)) } }
                        (command("Explain", &format!("peering explain {}", group.check)))
                    }
                }
            }
        }
    }
}

fn unreadable(input: &UnreadableInput) -> String {
    format!("{}: {}", input.source, input.reason)
}

/// Returns the tokens that could not be read.
fn not_read(unread: &[&UnreadableInput], screen: &Screen) -> Markup {
    let rows: Vec<(&str, String)> = unread.iter().map(|it| ("error", screen.text(&unreadable(it)))).collect();
    html! { @if !rows.is_empty() { section { h2 { "Not checked" } (labeled(&rows)) } } }
}
