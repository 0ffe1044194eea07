//! Small parts of all reports: signs, severities, labels with values, commands, and tables that scroll on their own.

use maud::{Markup, Render, html};

use crate::lint::Severity;
use crate::render::pretty::Mark;
use crate::render::pretty::finding;

/// Returns the CSS class of a sign.
pub(super) fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Ok => "ok",
        Mark::Warning => "warning",
        Mark::Failure => "failure",
        Mark::Info => "info",
        Mark::Open => "open",
    }
}

/// Returns a sign. Those who do not see it hear its word.
pub(super) fn sign(mark: Mark) -> Markup {
    html! { span class={ "sign " (class(mark)) } role="img" aria-label=(mark.word()) { (mark.symbol()) } }
}

/// Returns the name of a severity with its sign.
pub(super) fn severity(severity: Severity) -> Markup {
    let mark = finding::mark(severity);
    html! {
        span class={ "tag " (class(mark)) } {
            span aria-hidden="true" { (mark.symbol()) } " " (severity.name())
        }
    }
}

/// Returns text of this program in which words between backticks are code.
pub(super) fn prose(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! {
        @for (index, part) in parts.into_iter().enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Returns labels with their values; nothing without any.
pub(super) fn labeled(rows: &[(&str, impl Render)]) -> Markup {
    html! {
        @if !rows.is_empty() {
            dl { @for (label, value) in rows { dt { (label) } dd { (value) } } }
        }
    }
}

/// Returns a command to run next, with its label.
pub(super) fn command(label: &str, command: &str) -> Markup {
    html! { p class="next" { span class="label" { (label) } " " code { (command) } } }
}

/// Returns a table that scrolls by itself if it is too wide. `name` is what a screen reader announces.
pub(super) fn table(name: &str, header: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        (scrolling(name, &html! {
            table {
                thead { tr { @for column in header { th scope="col" { (column) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }))
    }
}

/// Returns content that scrolls by itself, also by keyboard.
pub(super) fn scrolling(name: &str, content: &Markup) -> Markup {
    html! { div class="wide" role="region" aria-label=(name) tabindex="0" { (content) } }
}
