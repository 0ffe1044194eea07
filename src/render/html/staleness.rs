//! The report of `stale`: the verdict and what to do, then what each source reported. Several tokens start with a table.

use maud::{Markup, html};

use super::page::{Content, Page};
use super::parts::{command, labeled, prose, sign, table};
use crate::render::pretty::{Mark, Screen, count, counted, printable, staleness as words};
use crate::staleness::{Assessment, Staleness};
use crate::utc;

/// Returns the report on all tokens.
pub fn staleness(staleness: &Staleness, screen: &Screen) -> String {
    let (mark, answer, summary, body) = match &staleness.tokens[..] {
        [one] => {
            let (mark, sentence) = words::answer(one);
            (mark, text(sentence, screen), advice(one, screen), evidence(one, screen))
        }
        several => (
            words::mark(staleness.verdict),
            counts(several),
            overview(staleness, screen),
            html! {
                @for index in words::newest_first(staleness) {
                    section id={ "token-" (index) } { (one_of_several(&several[index], screen)) }
                }
            },
        ),
    };
    let content = Content { mark, answer, summary, body };
    Page { command: "peering stale", screen, content, rules: String::new() }.render()
}

fn text(text: &str, screen: &Screen) -> String {
    screen.shown(&screen.with_ages(&printable(text)))
}

/// Returns what to do, and the next command.
fn advice(token: &Assessment, screen: &Screen) -> Markup {
    let rows: Vec<(&str, Markup)> =
        words::advice(token).into_iter().map(|(label, line)| (label, prose(&text(line, screen)))).collect();
    html! {
        (labeled(&rows))
        @if let Some((label, next)) = words::next_command(token) { (command(label, &screen.text(&next))) }
    }
}

/// Returns what each source reported, and which ones were not checked.
fn evidence(token: &Assessment, screen: &Screen) -> Markup {
    let rows: Vec<Vec<Markup>> = token
        .evidence
        .iter()
        .map(|claim| {
            let source = html! { (claim.source.label()) @if claim.decisive { " " b { "(decisive)" } } };
            vec![source, html! { (text(&claim.message, screen)) }]
        })
        .collect();
    let not_checked: Vec<(&str, String)> = token
        .not_checked
        .iter()
        .map(|source| (source.source.label(), screen.text(&words::why_not_checked(source))))
        .collect();
    let decided: Vec<(&str, String)> =
        words::decided_by(token).into_iter().map(|(label, source)| (label, source.to_owned())).collect();
    html! {
        section {
            h2 { "Evidence" }
            (labeled(&decided))
            @if rows.is_empty() { p { "none" } } @else { (table("Evidence", &["Source", "Report"], &rows)) }
        }
        @if !not_checked.is_empty() { section { h2 { "Not checked" } (labeled(&not_checked)) } }
        section { h2 { "Token" } (labeled(&identity(token, screen))) }
    }
}

fn identity(token: &Assessment, screen: &Screen) -> Vec<(&'static str, String)> {
    let mut rows = vec![("Peer ID", screen.text(&token.peer_id))];
    rows.extend(token.name.as_deref().map(|name| ("Name", screen.name(name))));
    rows.extend(token.generated_at.map(|at| ("Generated", screen.time(at))));
    rows
}

/// Returns how many tokens have each verdict.
fn counts(tokens: &[Assessment]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for token in tokens {
        let verdict = words::verdict_and_reason(token).0.to_lowercase();
        match counts.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, number)) => *number += 1,
            None => counts.push((verdict, 1)),
        }
    }
    let parts: Vec<String> = counts.iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
    format!("{}: {}", counted(count(tokens.len()), "token"), parts.join(", "))
}

/// Returns a line per token, the newest of each name first, then what holds for all of them.
fn overview(staleness: &Staleness, screen: &Screen) -> Markup {
    let row = |index: usize| {
        let token = &staleness.tokens[index];
        let (verdict, reason) = words::verdict_and_reason(token);
        let generated = token.generated_at.map_or_else(|| "unknown".to_owned(), utc::date_time);
        html! {
            (sign(words::mark(token.verdict))) " "
            a href={ "#token-" (index) } { (screen.text(&token.source)) } " "
            b { (verdict.to_lowercase()) } ": " (text(reason, screen)) " "
            span class="label" { "(generated: " (generated) ")" }
        }
    };
    html! {
        ul class="answers" {
            @for index in words::newest_first(staleness) { li { (row(index)) } }
        }
        @for remark in words::remarks(staleness) { p { (screen.shown(&remark)) } }
    }
}

fn one_of_several(token: &Assessment, screen: &Screen) -> Markup {
    let (mark, sentence): (Mark, &str) = words::answer(token);
    html! {
        h2 { (screen.text(&token.source)) }
        p { (sign(mark)) " " b { (text(sentence, screen)) } }
        (advice(token, screen))
        details { summary { "Evidence" } div class="nested" { (evidence(token, screen)) } }
    }
}
